"""How a session's worktree starts, and whether it has been set up, as rows. git itself is not touched here."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, ProjectId, SessionId
from boocoder.model.session import SetupState


class Start(msgspec.Struct, frozen=True):
    """What a session's worktree starts from.

    Args:
        start_from: branch, tag or commit; None for what the user has checked out.
        start_dirty: with the uncommitted and untracked files of the checkout.
    """

    start_from: str | None
    start_dirty: bool
    project_id: ProjectId
    project_path: str
    title: str


class _Setup(msgspec.Struct, frozen=True):
    setup_state: SetupState


class _Base(msgspec.Struct, frozen=True):
    base_tree: str


_GET = statement("starts", "get_start", row=Start, params=(UUID,))
_SET = statement("starts", "set_start", row=Done, params=(UUID, str | None, bool, UUID | None))
_BEGIN = statement("starts", "begin_setup", row=_Setup, params=(UUID,))
_STATE = statement("starts", "set_setup_state", row=Done, params=(UUID, SetupState))
_END = statement("starts", "end_setup", row=_Base, params=(UUID, str))


async def get_start(conn: Connection, session_id: SessionId) -> Start:
    """What a session starts from.

    Raises:
        NotFound: session_not_found.
    """
    found = await _GET.first(conn, session_id)
    if found is None:
        raise session_not_found(session_id)
    return found


async def set_start(
    conn: Connection,
    session_id: SessionId,
    *,
    start_from: str | None,
    start_dirty: bool,
    host_id: HostId | None = None,
) -> None:
    """Store what a new session starts from; at most one of `start_from` and `start_dirty` is given.

    Args:
        host_id: the host on which that was looked up: it runs the session while it can.
    """
    await _SET.one(conn, session_id, start_from, start_dirty, host_id)


async def begin_setup(conn: Connection, session_id: SessionId) -> SetupState:
    """A worktree was made, or made again: RUNNING if its project wants something done in it, else NONE."""
    return (await _BEGIN.one(conn, session_id)).setup_state


async def set_setup_state(conn: Connection, session_id: SessionId, state: SetupState) -> None:
    """Move the setup of the session's worktree."""
    await _STATE.changed(conn, session_id, state)


async def end_setup(conn: Connection, session_id: SessionId, tree: str) -> str:
    """Mark the setup as done.

    Args:
        tree: what the worktree holds now; from here on the change is measured against it, unless the session has a
            snapshot, which means that an agent has worked in it.

    Returns:
        The tree that the change is measured against.
    """
    return (await _END.one(conn, session_id, tree)).base_tree
