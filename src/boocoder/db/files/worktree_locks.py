"""Exclusive locks on worktrees, as rows. Waiting for one is the job of worktrees.locks."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.tasks.session_host import HeldSession
from boocoder.model.ids import HostId, InstanceId, SessionId, SnapshotId


class WorktreeLockState(msgspec.Struct, frozen=True):
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


_LOCK = statement("worktree_locks", "lock_worktree", row=Done, params=(UUID, UUID, UUID, str))
_UNLOCK = statement("worktree_locks", "unlock_worktree", row=Done, params=(UUID, UUID))
_STATE = statement("worktree_locks", "get_lock_state", row=WorktreeLockState, params=(UUID,))
_BEGIN = statement("worktree_locks", "begin_rewind", row=Done, params=(UUID, UUID))
_END = statement("worktree_locks", "end_rewind", row=Done, params=(UUID,))
_REWINDS = statement("worktree_locks", "list_rewinds", row=OpenRewind, params=(UUID,))


async def lock_worktree(held: HeldSession, instance_id: InstanceId, host_id: HostId, why: str) -> bool:
    """Lock a worktree; no task of its session is claimed until it is unlocked. False if that is not possible now.

    Args:
        instance_id, host_id: of this process, which must be the session's host.
        why: one word for people, not empty.
    """
    return await _LOCK.changed(held.conn, held.session_id, instance_id, host_id, why)


async def unlock_worktree(conn: Connection, session_id: SessionId, instance_id: InstanceId) -> None:
    """Unlock a worktree. Harmless where it is not locked."""
    await _UNLOCK.changed(conn, session_id, instance_id)


async def get_lock_state(conn: Connection, session_id: SessionId) -> WorktreeLockState | None:
    """What prevents locking a worktree; None if there is no such session."""
    return await _STATE.first(conn, session_id)


async def begin_rewind(held: HeldSession, snapshot_id: SnapshotId) -> bool:
    """Open the journal before the first file is written; False if the worktree is not ready."""
    return await _BEGIN.changed(held.conn, held.session_id, snapshot_id)


async def end_rewind(conn: Connection, session_id: SessionId) -> bool:
    """Close the journal; False if it is closed."""
    return await _END.changed(conn, session_id)


async def list_rewinds(conn: Connection, host_id: HostId) -> list[OpenRewind]:
    """Rewinds that have not ended; at a start these were cut short."""
    return await _REWINDS.all(conn, host_id)
