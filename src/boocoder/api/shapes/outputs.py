"""What the routes answer, made from rows; the front end's types are generated from these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue

from boocoder.db.messages import Message
from boocoder.db.permissions import StoredAnswer, StoredRequest
from boocoder.db.sessions import SessionState
from boocoder.model.permission import Decider, PermissionKind, PermissionState, RuleAction
from boocoder.model.task import ChangeState, MessageRole, MessageStatus, PartKind, TaskState


def _decoded(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value


class Output(BaseModel):
    """Base of every answer; made from a row's fields of the same names."""

    model_config = ConfigDict(from_attributes=True)


class ProjectOut(Output):
    """A repository that a person has added."""

    id: UUID
    name: str
    path: str
    created_at: datetime
    archived_at: datetime | None


class SessionOut(Output):
    """A workspace of a project and what waits in it."""

    id: UUID
    project_id: UUID
    host_id: UUID | None
    title: str
    state: SessionState
    created_at: datetime
    updated_at: datetime
    start_from: str | None
    start_dirty: bool
    pending_tasks: int
    running_task_id: UUID | None
    heard_at: datetime | None
    last_task_state: TaskState | None
    last_task_id: UUID | None
    pending_change_id: UUID | None
    additions: int | None
    deletions: int | None
    open_requests: int
    pinned: bool


class ChatOut(Output):
    """A thread of conversation, with the choice of its newest task."""

    id: UUID
    session_id: UUID
    title: str
    agent: str | None
    model: str | None
    mode: str | None
    thinking: str | None
    created_at: datetime


class EnqueuedOut(Output):
    """Where a task went; `created` is false when the idempotency key had made it before."""

    task_id: UUID
    session_id: UUID
    chat_id: UUID
    created: bool


class UsageOut(Output):
    """Tokens and cost of a turn."""

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    context_tokens: int = 0


class AttachmentOut(Output):
    """A file that goes with a task; an image is shown by its address, anything else saved."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int


class TaskOut(Output):
    """A task; in a list its prompt is cut, `prompt_chars` counts the whole. `place` orders its session's queue."""

    id: UUID
    place: int
    project_id: UUID
    session_id: UUID
    chat_id: UUID
    prompt: str
    prompt_chars: int
    agent: str
    model: str | None
    mode: str | None
    thinking: str | None
    priority: int
    state: TaskState
    epoch: int
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error_code: str | None
    error_text: str | None
    error_cure: str | None
    summary: str | None
    usage: Annotated[UsageOut | None, BeforeValidator(_decoded)]
    open_requests: int
    attachments: Annotated[list[AttachmentOut], BeforeValidator(_decoded)]


class PartOut(Output):
    """A part of a message: `text` for text and reasoning, `data` (the frame's fields) for the others."""

    part: int
    kind: PartKind
    data: Annotated[dict[str, JsonValue] | None, BeforeValidator(_decoded)]
    text: str
    text_chars: int


class MessageOut(Output):
    """A message with its parts; `text` is a user's prompt. `ord` is the cursor of the list."""

    id: UUID
    ord: int
    session_id: UUID
    chat_id: UUID
    task_id: UUID
    role: MessageRole
    status: MessageStatus
    agent: str | None
    model: str | None
    created_at: datetime
    finished_at: datetime | None
    text: str
    attachments: Annotated[list[AttachmentOut], BeforeValidator(_decoded)]
    parts: list[PartOut]


class TextPageOut(Output):
    """A page of a part's text and how many characters the whole has."""

    offset: int
    text: str
    total_chars: int


class FileOut(Output):
    """A changed file; the counts are null for a binary one, `..._coded` says that bytes are percent-coded."""

    path: str
    status: str
    additions: int | None = None
    deletions: int | None = None
    old_mode: str = ""
    new_mode: str = ""
    path_coded: bool = False
    old_path: str = ""
    old_path_coded: bool = False


class ChangeRowOut(Output):
    """A change as lists show it."""

    id: UUID
    session_id: UUID
    task_id: UUID
    agent: str
    state: ChangeState
    additions: int
    deletions: int
    created_at: datetime
    decided_at: datetime | None


class ChangeOut(ChangeRowOut):
    """A change with its files."""

    files: Annotated[list[FileOut], BeforeValidator(_decoded)]


class PermissionOptionOut(Output):
    """One answer that the agent offers."""

    id: str
    label: str
    kind: str


class QuestionOut(Output):
    """One question; without choices the answer is free text."""

    text: str
    header: str = ""
    choices: tuple[str, ...] = ()
    multiple: bool = False


class PermissionOut(Output):
    """A permission (with `options`) or a question (with `questions`) of an agent, and what came of it."""

    id: UUID
    session_id: UUID
    task_id: UUID
    message_id: UUID
    part: int
    tool_part: int | None
    kind: PermissionKind
    state: PermissionState
    tool: str
    title: str
    argument: str
    options: list[PermissionOptionOut]
    questions: list[QuestionOut]
    message: str
    answers: tuple[tuple[str, ...], ...] | None
    decided_by: Decider | None
    rule_id: UUID | None
    asked_at: datetime
    decided_at: datetime | None


class PermissionRuleOut(Output):
    """A rule of a session, of a project, or of all."""

    id: UUID
    project_id: UUID | None
    session_id: UUID | None
    tool: str
    argument: str
    exact: bool
    action: RuleAction
    uses: int
    created_at: datetime


class LoginCodeOut(Output):
    """The path of a link that signs in one browser, once."""

    path: str


class HealthOut(Output):
    """That the service works, and what flows through it."""

    status: str
    version: str
    host_id: UUID
    instance_id: UUID
    pending_tasks: int
    running_tasks: int
    subscriptions: int


def message_out(message: Message) -> MessageOut:
    """One message with its parts."""
    row = {name: getattr(message.row, name) for name in message.row.__struct_fields__}
    return MessageOut(**row, parts=parts_out(message.parts))


def parts_out(parts: Sequence[object]) -> list[PartOut]:
    """The parts of a message."""
    return [PartOut.model_validate(part) for part in parts]


def permission_out(request: StoredRequest) -> PermissionOut:
    """One permission or question with its options or questions, and its answer."""
    row = {name: getattr(request, name) for name in request.__struct_fields__}
    offered = msgspec.json.decode(request.options)
    is_question = request.kind is PermissionKind.QUESTION
    answer = msgspec.json.decode(request.answer, type=StoredAnswer) if request.answer else StoredAnswer()
    answered = request.state is PermissionState.ANSWERED
    said = {"message": answer.message, "answers": answer.answers if answered else None}
    lists = {"options": [] if is_question else offered, "questions": offered if is_question else []}
    return PermissionOut.model_validate({**row, **lists, **said})
