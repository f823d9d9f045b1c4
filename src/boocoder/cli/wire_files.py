"""What the routes of snapshots and worktrees answer, as far as the commands use it. Unknown fields are ignored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.cli.wire import ChangedFile


class Snapshot(msgspec.Struct, frozen=True):
    """A state of a session's files that is kept."""

    id: UUID
    session_id: UUID
    kind: str
    taken_at: datetime
    task_id: UUID | None = None
    note: str = ""


class Compared(msgspec.Struct, frozen=True):
    """How two states of a session's files differ."""

    additions: int
    deletions: int
    files: tuple[ChangedFile, ...] = ()


class Rewound(msgspec.Struct, frozen=True):
    """What a rewind did; rewinding to `before` undoes it."""

    target: Snapshot
    before: Snapshot
    files: int


class Fork(msgspec.Struct, frozen=True):
    """A new session."""

    session_id: UUID
    chat_id: UUID
    snapshot: Snapshot
    worktree: str | None = None


class Worktree(msgspec.Struct, frozen=True):
    """A session's worktree."""

    session_id: UUID
    title: str
    path: str
    state: str
    session_state: str
    pinned: bool
    used_at: datetime
    size_bytes: int | None = None
    removed_why: str = ""
    busy_why: str = ""
    has_work: bool = False
    kept: str = ""


class Reaped(msgspec.Struct, frozen=True):
    """A worktree that had to go; `kept` says why it stays all the same."""

    session_id: UUID
    why: str
    size_bytes: int
    kept: str = ""
