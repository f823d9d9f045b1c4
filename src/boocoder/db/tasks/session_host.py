"""Keeps a session on its host while work begins that only that host can end."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import msgspec

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.db.tasks.hosts import session_elsewhere
from boocoder.model.ids import HostId, SessionId


@dataclass(frozen=True, slots=True)
class HeldSession:
    """A session that stays on its host until the transaction of `conn` ends.

    What `is_worked_on` counts begins with one: an apply, its undo, a rewind, an update and a worktree's lock. A move to
    another host locks the same row (`lock_binding`), so that one of both waits and then sees the other.

    Args:
        host_id: the session's host; None before its first task was claimed.
    """

    conn: Connection
    session_id: SessionId
    host_id: HostId | None


class _Host(msgspec.Struct, frozen=True):
    host_id: HostId | None


_HOLD = statement("takeovers", "hold_session", row=_Host, params=(UUID,))


async def hold_session(conn: Connection, session_id: SessionId) -> HeldSession:
    """Keep a session where it is until the transaction ends; a move that is under way is waited for.

    Args:
        conn: in a transaction.

    Raises:
        NotFound: session_not_found.
    """
    found = await _HOLD.first(conn, session_id)
    if found is None:
        raise session_not_found(session_id)
    return HeldSession(conn, session_id, found.host_id)


async def hold_session_here(conn: Connection, session_id: SessionId, host_id: HostId) -> HeldSession:
    """As `hold_session`, for a session of host `host_id`.

    Raises:
        NotFound: session_not_found.
        Conflict: session_elsewhere, with the name of its host.
    """
    held = await hold_session(conn, session_id)
    if held.host_id != host_id:
        raise await session_elsewhere(conn, session_id)
    return held
