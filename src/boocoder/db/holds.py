"""Who has a session's worktree to itself, as rows. Waiting for it is worktrees.holds' business."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import Done, statement
from boocoder.model.ids import HostId, InstanceId, SessionId, SnapshotId


class HoldState(msgspec.Struct, frozen=True):
    """Why a worktree cannot be held.

    Args:
        exists: whether the session ever had a worktree.
        host_id: the session's host; None before its first task was claimed.
        busy_why: what holds it; "" for nothing.
        running: whether a turn runs in it.
    """

    exists: bool
    host_id: HostId | None
    busy_why: str
    running: bool


class OpenRewind(msgspec.Struct, frozen=True):
    """A rewind that has not ended."""

    session_id: SessionId
    snapshot_id: SnapshotId


_HOLD = statement("holds", "hold_worktree", row=Done, params=(UUID, UUID, UUID, str))
_RELEASE = statement("holds", "release_worktree", row=Done, params=(UUID, UUID))
_WHY = statement("holds", "why_not_held", row=HoldState, params=(UUID,))
_BEGIN = statement("holds", "begin_rewind", row=Done, params=(UUID, UUID))
_END = statement("holds", "end_rewind", row=Done, params=(UUID,))
_REWINDS = statement("holds", "list_rewinds", row=OpenRewind, params=(UUID,))


async def hold_worktree(
    conn: Connection, session_id: SessionId, instance_id: InstanceId, host_id: HostId, why: str
) -> bool:
    """Take a worktree; no task of its session is claimed until it is released. False if that is not possible now.

    Args:
        instance_id, host_id: of this process, which must be the session's host.
        why: one word for people, not empty.
    """
    return await _HOLD.changed(conn, session_id, instance_id, host_id, why)


async def release_worktree(conn: Connection, session_id: SessionId, instance_id: InstanceId) -> None:
    """Let a worktree go. Harmless where it is not held."""
    await _RELEASE.changed(conn, session_id, instance_id)


async def why_not_held(conn: Connection, session_id: SessionId) -> HoldState | None:
    """What stands against holding a worktree; None if there is no such session."""
    return await _WHY.first(conn, session_id)


async def begin_rewind(conn: Connection, session_id: SessionId, snapshot_id: SnapshotId) -> bool:
    """Open the journal before the first file is written; False if the worktree is not ready."""
    return await _BEGIN.changed(conn, session_id, snapshot_id)


async def end_rewind(conn: Connection, session_id: SessionId) -> bool:
    """Close the journal; False if it is closed."""
    return await _END.changed(conn, session_id)


async def list_rewinds(conn: Connection, host_id: HostId) -> list[OpenRewind]:
    """Rewinds that have not ended; at a start these were cut short."""
    return await _REWINDS.all(conn, host_id)
