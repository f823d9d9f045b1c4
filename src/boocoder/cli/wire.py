"""What the API answers, as far as the commands use it. Unknown fields are ignored, so that a newer service works."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class ConflictRegion(msgspec.Struct, frozen=True):
    """One place where the user and the agent changed the same lines."""

    line: int = 0
    base: str = ""
    ours: str = ""
    theirs: str = ""
    cut: bool = False


class ConflictFile(msgspec.Struct, frozen=True):
    """A file that stands against a change, with both sides."""

    path: str
    reason: str = ""
    text: str = ""
    regions: tuple[ConflictRegion, ...] = ()
    ours_size: int | None = None
    theirs_size: int | None = None
    more: int = 0


class Problem(msgspec.Struct, frozen=True):
    """A problem answer (RFC 9457)."""

    code: str = "http_error"
    title: str = ""
    detail: str = ""
    cure: str = ""
    status: int = 0
    conflicts: tuple[ConflictFile, ...] = ()


class Project(msgspec.Struct, frozen=True):
    """A project."""

    id: UUID
    name: str
    path: str


class Session(msgspec.Struct, frozen=True):
    """A session and what waits in it."""

    id: UUID
    project_id: UUID
    title: str
    state: str
    updated_at: datetime
    pending_tasks: int = 0
    running_task_id: UUID | None = None
    last_task_state: str | None = None
    pending_change_id: UUID | None = None
    open_requests: int = 0


class Chat(msgspec.Struct, frozen=True):
    """A chat of a session."""

    id: UUID
    title: str
    agent: str | None = None
    model: str | None = None


class Enqueued(msgspec.Struct, frozen=True):
    """Where a new task went."""

    task_id: UUID
    session_id: UUID
    chat_id: UUID


class Task(msgspec.Struct, frozen=True):
    """A task and how it stands."""

    id: UUID
    session_id: UUID
    chat_id: UUID
    prompt: str
    agent: str
    state: str
    created_at: datetime
    model: str | None = None
    mode: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error_code: str | None = None
    error_text: str | None = None
    error_cure: str | None = None
    summary: str | None = None
    open_requests: int = 0
    place: int = 0


class ChangedFile(msgspec.Struct, frozen=True):
    """One file of a change; counts are None for a binary file."""

    path: str
    status: str = ""
    additions: int | None = None
    deletions: int | None = None
    old_path: str = ""


class ChangeRow(msgspec.Struct, frozen=True):
    """A change as lists show it."""

    id: UUID
    session_id: UUID
    agent: str
    state: str
    additions: int
    deletions: int
    created_at: datetime


class Change(msgspec.Struct, frozen=True):
    """A change with its files."""

    id: UUID
    session_id: UUID
    agent: str
    state: str
    additions: int
    deletions: int
    created_at: datetime
    files: tuple[ChangedFile, ...] = ()


class PermissionQuestion(msgspec.Struct, frozen=True):
    """One question of an agent; without choices the answer is free text."""

    text: str
    choices: tuple[str, ...] = ()
    multiple: bool = False


class Permission(msgspec.Struct, frozen=True):
    """A permission or question of an agent and how it stands."""

    id: UUID
    session_id: UUID
    task_id: UUID
    kind: str
    state: str
    tool: str
    title: str
    argument: str
    asked_at: datetime
    questions: tuple[PermissionQuestion, ...] = ()
    message: str = ""
    answers: tuple[tuple[str, ...], ...] | None = None
    decided_by: str | None = None
    rule_id: UUID | None = None


class PermissionRule(msgspec.Struct, frozen=True):
    """A rule that answers permissions."""

    id: UUID
    tool: str
    argument: str
    exact: bool
    action: str
    created_at: datetime
    uses: int = 0
    project_id: UUID | None = None
    session_id: UUID | None = None
