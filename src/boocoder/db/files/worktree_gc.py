"""Worktrees as the garbage collector sees them: size, time unused, pins."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, ProjectId, SessionId
from boocoder.wire.worktrees import WorktreeUsage

_LIST = statement("worktrees", "list_usage", row=WorktreeUsage, params=(UUID, bool, UUID | None, UUID | None))
_BEGIN = statement("worktrees", "begin_removal", row=Done, params=(UUID, str))
_END = statement("worktrees", "end_removal", row=Done, params=(UUID,))
_BACK = statement("worktrees", "put_back", row=Done, params=(UUID,))
_SIZE = statement("worktrees", "put_size", row=Done, params=(UUID, int))
_PIN = statement("worktrees", "pin_session", row=Done, params=(UUID, bool))


async def list_usage(
    conn: Connection,
    host_id: HostId,
    *,
    gone: bool = False,
    session_id: SessionId | None = None,
    project_id: ProjectId | None = None,
) -> list[WorktreeUsage]:
    """The worktrees of a host, the longest unused first.

    Args:
        gone: also those without files.
        session_id: only the one of this session.
        project_id: only those of this project.
    """
    return await _LIST.all(conn, host_id, gone, session_id, project_id)


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
    """Store the disk usage of a worktree. Does nothing if it has been removed since."""
    await _SIZE.changed(conn, session_id, size_bytes)


async def pin_session(conn: Connection, session_id: SessionId, *, pinned: bool) -> None:
    """Exclude the session's worktree from garbage collection, or include it again.

    Raises:
        NotFound: session_not_found.
    """
    if not await _PIN.changed(conn, session_id, pinned):
        raise session_not_found(session_id)
