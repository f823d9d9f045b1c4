"""Worktrees as whoever cleans up sees them: how large, how long unused, whether kept. It removes no file."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sessions import SessionState, session_not_found
from boocoder.db.sql import Done, statement
from boocoder.db.worktrees import WorktreeState
from boocoder.model.ids import HostId, ProjectId, SessionId


class KeptWorktree(msgspec.Struct, frozen=True):
    """A worktree and what decides about it.

    Args:
        used_at: the newest sign of use: a turn, a rewind, a change of the session's row.
        size_bytes: as measured at `measured_at`; None before the first time.
        removed_why: of one that is gone or being removed.
        busy_why: what holds it, or held it in an earlier run; "" for nothing.
        has_work: whether tasks wait or run.
    """

    session_id: SessionId
    project_id: ProjectId
    title: str
    path: str
    state: WorktreeState
    session_state: SessionState
    pinned: bool
    created_at: datetime
    used_at: datetime
    size_bytes: int | None
    measured_at: datetime | None
    removed_at: datetime | None
    removed_why: str
    busy_why: str
    has_work: bool
    running: bool


_LIST = statement("worktrees", "list_kept", row=KeptWorktree, params=(UUID, bool, UUID | None))
_BEGIN = statement("worktrees", "begin_removal", row=Done, params=(UUID, str))
_END = statement("worktrees", "end_removal", row=Done, params=(UUID,))
_BACK = statement("worktrees", "put_back", row=Done, params=(UUID,))
_SIZE = statement("worktrees", "put_size", row=Done, params=(UUID, int))
_PIN = statement("worktrees", "pin_session", row=Done, params=(UUID, bool))


async def list_kept(
    conn: Connection, host_id: HostId, *, gone: bool = False, session_id: SessionId | None = None
) -> list[KeptWorktree]:
    """The worktrees of a host, the longest unused first.

    Args:
        gone: also those without files.
        session_id: only the one of this session.
    """
    return await _LIST.all(conn, host_id, gone, session_id)


async def begin_removal(conn: Connection, session_id: SessionId, why: str) -> bool:
    """Write the tombstone; False if the session has work to do, or the worktree is not there."""
    return await _BEGIN.changed(conn, session_id, why)


async def end_removal(conn: Connection, session_id: SessionId) -> bool:
    """Record that no file is left; False without a tombstone."""
    return await _END.changed(conn, session_id)


async def put_back(conn: Connection, session_id: SessionId) -> bool:
    """Record that all files are there; False if they were known to be."""
    return await _BACK.changed(conn, session_id)


async def put_size(conn: Connection, session_id: SessionId, size_bytes: int) -> None:
    """Store how much disk a worktree takes. Harmless where it is gone meanwhile."""
    await _SIZE.changed(conn, session_id, size_bytes)


async def pin_session(conn: Connection, session_id: SessionId, *, pinned: bool) -> None:
    """Have the reaper leave the session's worktree alone, or not.

    Raises:
        NotFound: session_not_found.
    """
    if not await _PIN.changed(conn, session_id, pinned):
        raise session_not_found(session_id)
