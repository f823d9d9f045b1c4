"""Tasks, their attachments and what their turns used."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import AttachmentId, ChatId, ProjectId, SessionId, TaskId
from boocoder.model.task import TaskOrigin, TaskState


class WaitingFor(msgspec.Struct, frozen=True):
    """Why a pending task waits for a host, and what to do about it.

    Args:
        code: host_absent, able_host_absent or no_host_can.
        text: who could run it, or what each host lacks.
    """

    code: str
    text: str
    cure: str


class EnqueuedTask(msgspec.Struct, frozen=True):
    """Where a task went.

    Args:
        created: false when its idempotency key named an existing one.
        waiting_for: why no host can run it now; None where one can.
    """

    task_id: TaskId
    session_id: SessionId
    chat_id: ChatId
    created: bool
    waiting_for: WaitingFor | None = None


class TurnUsage(msgspec.Struct, frozen=True):
    """Tokens and cost of a turn."""

    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float = 0.0
    context_tokens: int = 0


class AttachmentInfo(msgspec.Struct, frozen=True):
    """A file sent with a task."""

    id: AttachmentId
    name: str
    media_type: str
    size_bytes: int


class BoardCounts(msgspec.Struct, frozen=True):
    """How many tasks are pending, run, wait for a person, and have ended."""

    pending: int
    running: int
    waiting: int
    ended: int


class TaskFields(msgspec.Struct, frozen=True):
    """The part of a task that its row and the API's answer have in common.

    Args:
        origin, origin_name: who started it; the name is that of the token, the hook or the agent.
        parent_task_id: the task whose agent started it; None unless an agent did.
        depth: how many tasks are above it; 0 unless an agent started it.
    """

    id: TaskId
    place: int
    project_id: ProjectId
    session_id: SessionId
    chat_id: ChatId
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
    origin: TaskOrigin
    origin_name: str
    parent_task_id: TaskId | None
    depth: int


class TaskInfo(TaskFields, frozen=True):
    """A task. In a list `prompt` is cut; `prompt_chars` counts all of it. `place` orders its session's queue.

    Args:
        waiting_for: why a pending task waits for a host; None while it waits for its turn only.
    """

    usage: TurnUsage | None
    open_requests: int
    attachments: tuple[AttachmentInfo, ...]
    waiting_for: WaitingFor | None = None
