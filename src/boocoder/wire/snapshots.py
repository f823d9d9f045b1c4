"""Snapshots of a session's files, and the results of comparing, rewinding and forking."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import ChatId, SessionId, SnapshotId, TaskId
from boocoder.model.session import SnapshotKind
from boocoder.wire.changes import FileSummary


class SnapshotInfo(msgspec.Struct, frozen=True):
    """A stored state of a session's files."""

    id: SnapshotId
    session_id: SessionId
    task_id: TaskId | None
    kind: SnapshotKind
    tree: str
    taken_at: datetime
    seq: int | None
    note: str


class SnapshotDiff(msgspec.Struct, frozen=True):
    """How two states of a session's files differ; lines are counted over text files."""

    from_tree: str
    to_tree: str
    additions: int
    deletions: int
    files: tuple[FileSummary, ...]


class RewindResult(msgspec.Struct, frozen=True):
    """A rewind to `target`; rewinding to `before` undoes it."""

    target: SnapshotInfo
    before: SnapshotInfo
    files: int


class StoredFiles(msgspec.Struct, frozen=True):
    """What of a session's files is stored for other hosts.

    Args:
        complete: whether the newest snapshot is.
        taken_at: when the files were as in the newest stored snapshot; None: nothing is stored.
        snapshots: how many are stored.
        size_bytes: of all their packs, in the database.
    """

    complete: bool
    taken_at: datetime | None
    snapshots: int
    size_bytes: int


class ForkResult(msgspec.Struct, frozen=True):
    """A new session; `worktree` is null where its first turn will write the files."""

    session_id: SessionId
    chat_id: ChatId
    snapshot: SnapshotInfo
    worktree: str | None
