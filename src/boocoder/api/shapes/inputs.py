"""What requests may hold: strict schemas, so that a wrong or unknown value is refused by name."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from boocoder.db.sessions import SessionState
from boocoder.model.ids import ChangeId, ChatId, MessageId, PermissionId, ProjectId, RuleId, SessionId, TaskId
from boocoder.model.limits import (
    ATTACHMENTS_MAX,
    INLINE_TEXT_MAX_CHARS,
    PROMPT_MAX_CHARS,
    TEXT_PAGE_MAX_CHARS,
    TITLE_MAX_CHARS,
)
from boocoder.model.permission import RuleAction
from boocoder.queue.answer import Decision
from boocoder.queue.enqueue import PRIORITY_MAX

PAGE_DEFAULT = 50
PAGE_MAX = 200
SEQ_MAX = 2**63 - 1  # a bigint
PATH_MAX_CHARS = 4096  # PATH_MAX of Linux


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def _visible(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, Field(max_length=200), AfterValidator(_visible)]
Title = Annotated[Text, Field(max_length=TITLE_MAX_CHARS), AfterValidator(_visible)]
Id = Annotated[UUID, Field(strict=False)]

ProjectPath = Annotated[ProjectId, Path()]
SessionPath = Annotated[SessionId, Path()]
ChatPath = Annotated[ChatId, Path()]
MessagePath = Annotated[MessageId, Path()]
TaskPath = Annotated[TaskId, Path()]
ChangePath = Annotated[ChangeId, Path()]
PermissionPath = Annotated[PermissionId, Path()]
RulePath = Annotated[RuleId, Path()]
PartPath = Annotated[int, Path(ge=0, le=2**31 - 1)]

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
After = Annotated[int, Query(ge=0, le=SEQ_MAX)]
TextOffset = Annotated[int, Query(ge=0, le=2**31 - 1)]
TextLimit = Annotated[int, Query(ge=1, le=TEXT_PAGE_MAX_CHARS)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]


class Input(BaseModel):
    """Base of every request body."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Input):
    """The body of a request that needs none: absent, or an empty object."""


class NewProject(Input):
    """Add a repository."""

    path: Annotated[Text, Field(max_length=PATH_MAX_CHARS), AfterValidator(_visible)]
    name: Name | None = None


class StartInput(Input):
    """Where a new session's worktree starts: from what is checked out, from a name, or from the checkout as it is."""

    from_: Annotated[Name | None, Field(alias="from")] = None
    dirty: bool = False


class NewSession(Input):
    """Open a session in a project."""

    project_id: Id
    title: Title | None = None
    start: StartInput = StartInput()


class SessionPatch(Input):
    """Change a session; what is left out stays."""

    title: Title | None = None
    state: Annotated[SessionState, Field(strict=False)] | None = None


class NewChat(Input):
    """Begin a chat in a session."""

    title: Title | None = None


class NewTaskInput(Input):
    """Queue a task: in a chat, or in a new chat of a session, or in a new session of a project."""

    prompt: Annotated[Text, Field(max_length=PROMPT_MAX_CHARS), AfterValidator(_visible)]
    project_id: Id | None = None
    session_id: Id | None = None
    chat_id: Id | None = None
    agent: Name | None = None
    model: Name | None = None
    mode: Name | None = None
    thinking: Name | None = None
    priority: Annotated[int, Field(ge=-PRIORITY_MAX, le=PRIORITY_MAX)] = 0
    title: Title | None = None
    start: StartInput = StartInput()
    attachments: Annotated[list[Id], Field(max_length=ATTACHMENTS_MAX)] = []


class TaskPatch(Input):
    """Change a task that waits."""

    prompt: Annotated[Text, Field(max_length=PROMPT_MAX_CHARS), AfterValidator(_visible)]


class MoveInput(Input):
    """Put a task that waits before another one, or last."""

    before: Id | None = None


class ProbeInput(Input):
    """Which agents to ask; all when left out."""

    agents: Annotated[list[Name], Field(max_length=50)] | None = None


LongText = Annotated[Text, Field(max_length=INLINE_TEXT_MAX_CHARS)]


class PermissionAnswerInput(Input):
    """What a person decides about a permission or question."""

    decision: Annotated[Decision, Field(strict=False)]
    message: LongText = ""
    answers: Annotated[list[Annotated[list[Text], Field(max_length=100)]], Field(max_length=100)] | None = None


class NewPermissionRule(Input):
    """Add a rule for a session, for a project, or, with neither, for all."""

    project_id: Id | None = None
    session_id: Id | None = None
    tool: Name
    argument: LongText
    exact: bool = False
    action: Annotated[RuleAction, Field(strict=False)]
