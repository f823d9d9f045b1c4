"""Worktrees of sessions and the snapshots taken of them, as rows. git itself is not touched here."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, SessionId, SnapshotId, TaskId
from boocoder.model.session import SetupState, SnapshotKind, WorktreeState
from boocoder.wire.snapshots import SnapshotInfo


class WorktreeRow(msgspec.Struct, frozen=True):
    """A session's worktree; `base_commit` and `base_tree` are what its change is measured against."""

    session_id: SessionId
    path: str
    base_commit: str
    base_tree: str
    state: WorktreeState
    created_at: datetime
    setup_state: SetupState


class Snapshot(SnapshotInfo, frozen=True):
    """A git tree of a worktree.

    Args:
        ref: that keeps it; None for the one of its task.
        seq: the last number of the session's stream when it was taken.
        note: a sentence for people, often empty.
    """

    ref: str | None

    @property
    def kept_by(self) -> str:
        """The ref in the shadow repository that keeps the tree."""
        return self.ref or f"refs/boocoder/{self.session_id}/{self.task_id}"


_PUT = statement("worktrees", "put_worktree", row=Done, params=(UUID, str, str, str, WorktreeState))
_SET = statement("worktrees", "set_worktree_state", row=Done, params=(UUID, WorktreeState))
_GET = statement("worktrees", "get_worktree", row=WorktreeRow, params=(UUID,))
_LIST = statement("worktrees", "list_worktrees", row=WorktreeRow, params=(UUID,))
_IS_PATH = statement("worktrees", "is_session_path", row=Done, params=(str,))
_SNAP = statement(
    "worktrees",
    "insert_snapshot",
    row=Done,
    params=(UUID, UUID, UUID | None, SnapshotKind, str, str | None, str, str | None),
)
_LATEST = statement("worktrees", "latest_snapshot", row=Snapshot, params=(UUID,))


async def put_worktree(
    conn: Connection, session_id: SessionId, *, path: Path, base_commit: str, base_tree: str, state: WorktreeState
) -> None:
    """Store the session's worktree, in place of the one that it had.

    Args:
        path: absolute, of no other session.
        base_commit, base_tree: full hexadecimal object ids.
    """
    await _PUT.one(conn, session_id, str(path), base_commit, base_tree, state)


async def set_worktree_state(conn: Connection, session_id: SessionId, state: WorktreeState) -> bool:
    """Move the worktree's state; False if the session has none."""
    return await _SET.changed(conn, session_id, state)


async def get_worktree(conn: Connection, session_id: SessionId) -> WorktreeRow | None:
    """The session's worktree, None if it never had one."""
    return await _GET.first(conn, session_id)


async def list_worktrees(conn: Connection, host_id: HostId) -> list[WorktreeRow]:
    """The worktrees of a host's sessions that are not gone, oldest first."""
    return await _LIST.all(conn, host_id)


async def is_session_path(conn: Connection, path: Path) -> bool:
    """Whether the directory is, or was, the worktree of a session."""
    return (await _IS_PATH.one(conn, str(path))).done


async def insert_snapshot(
    conn: Connection,
    snapshot_id: SnapshotId,
    session_id: SessionId,
    *,
    task_id: TaskId | None,
    kind: SnapshotKind,
    tree: str,
    ref: str | None = None,
    note: str = "",
    head_commit: str | None = None,
) -> None:
    """Store that `tree` was taken of the session's worktree, by a turn or not.

    Args:
        ref: that keeps it; None for refs/boocoder/<session>/<task>.
        note: a sentence for people.
        head_commit: what the session's branch was on.
    """
    await _SNAP.one(conn, snapshot_id, session_id, task_id, kind, tree, ref, note, head_commit)


async def latest_snapshot(conn: Connection, session_id: SessionId) -> Snapshot | None:
    """The session's newest snapshot, None if there is none."""
    return await _LATEST.first(conn, session_id)
