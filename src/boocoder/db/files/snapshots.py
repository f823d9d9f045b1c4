"""Snapshots of sessions as rows, to look at and to go back to. No git here; taking one is in db.worktrees."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.db.files.worktrees import Snapshot
from boocoder.errors import NotFound
from boocoder.model.ids import ProjectId, SessionId, SnapshotId, TaskId


class NamedTree(msgspec.Struct, frozen=True):
    """A tree that a row names."""

    tree: str


class SnapshotBase(msgspec.Struct, frozen=True):
    """What a session's change is measured against.

    Args:
        commit: that `tree` is of, but for files that were not committed.
        since: when it became that; None for the session's first.
    """

    commit: str
    tree: str
    since: datetime | None


_GET = statement("snapshots", "get_snapshot", row=Snapshot, params=(UUID,))
_LIST = statement("snapshots", "list_snapshots", row=Snapshot, params=(UUID, int, UUID | None))
_OF_TASK = statement("snapshots", "snapshot_of_task", row=Snapshot, params=(UUID,))
_BEFORE = statement("snapshots", "snapshot_before_turns", row=Snapshot, params=(UUID, int))

_BASE_AT = statement("snapshots", "base_at", row=SnapshotBase, params=(UUID, datetime))
_NAMED_TREES = statement("snapshots", "named_trees", row=NamedTree, params=(UUID,))


async def named_trees(conn: Connection, project_id: ProjectId) -> list[str]:
    """Every tree that snapshots, changes and worktrees of a project name."""
    return [row.tree for row in await _NAMED_TREES.all(conn, project_id)]


async def base_at(conn: Connection, session_id: SessionId, at: datetime) -> SnapshotBase | None:
    """What the session's change was measured against at a time; None where that was not recorded.

    An apply does not change it, see `changes.decided_tree`.
    """
    return await _BASE_AT.first(conn, session_id, at)


async def get_snapshot(conn: Connection, session_id: SessionId, snapshot_id: SnapshotId) -> Snapshot:
    """One snapshot of a session.

    Raises:
        NotFound: snapshot_not_found, also where it is another session's.
    """
    snapshot = await _GET.first(conn, snapshot_id)
    if snapshot is None or snapshot.session_id != session_id:
        raise NotFound(
            "snapshot_not_found",
            f"Session {session_id} has no snapshot {snapshot_id}.",
            "List the session's snapshots to see their ids.",
        )
    return snapshot


async def list_snapshots(
    conn: Connection, session_id: SessionId, *, limit: int = 100, before: SnapshotId | None = None
) -> list[Snapshot]:
    """A page of a session's snapshots, newest first.

    Args:
        limit: rows at most.
        before: id of the last snapshot of the page before.
    """
    return await _LIST.all(conn, session_id, limit, before)


async def snapshot_of_task(conn: Connection, session_id: SessionId, task_id: TaskId) -> Snapshot:
    """What a task's turn left behind.

    Raises:
        NotFound: snapshot_not_found, the task has none in this session.
    """
    snapshot = await _OF_TASK.first(conn, task_id)
    if snapshot is None or snapshot.session_id != session_id:
        raise NotFound(
            "snapshot_not_found",
            f"Task {task_id} has left no snapshot in session {session_id}.",
            "List the session's snapshots to see their ids.",
        )
    return snapshot


async def snapshot_before_turns(conn: Connection, session_id: SessionId, turns: int) -> Snapshot:
    """What the files were before the session's newest turns.

    Args:
        turns: how many, >= 1.

    Raises:
        NotFound: snapshot_not_found, there were fewer, or nothing was snapshotted before them.
    """
    snapshot = await _BEFORE.first(conn, session_id, turns)
    if snapshot is None:
        raise NotFound(
            "snapshot_not_found",
            f"Session {session_id} has no snapshot from before its newest {turns} turns.",
            "List the session's snapshots to see how far they go back.",
        )
    return snapshot
