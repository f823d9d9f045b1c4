"""Deletes the rows of sessions, and remembers which of them have files left."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.tasks.session_host import HeldSession
from boocoder.model.ids import AttachmentId, HostId, MessageId, ProjectId, SessionId
from boocoder.wire.sessions import SessionBegun, SessionContents


class DeletedSession(msgspec.Struct, frozen=True):
    """A session without rows, whose files are yet to be deleted.

    Args:
        worktree: the name of its worktree's directory, which a worktree that was made ahead brings.
        messages: those that it had.
        attachments: files that were sent to it.
    """

    session_id: SessionId
    project_id: ProjectId
    worktree: str
    messages: list[MessageId]
    attachments: list[AttachmentId]


_CONTENTS = statement("deletion", "get_contents", row=SessionContents, params=(UUID,))
_BEGUN = statement("deletion", "list_begun_from", row=SessionBegun, params=(UUID,))
_DELETE = statement("deletion", "delete_session", row=DeletedSession, params=(UUID, UUID))
_LIST = statement("deletion", "list_deleted", row=DeletedSession, params=(UUID,))
_FORGET = statement("deletion", "forget_deleted", row=Done, params=(UUID,))


async def get_contents(conn: Connection, session_id: SessionId) -> SessionContents:
    """What a session has.

    Raises:
        NotFound: session_not_found.
    """
    found = await _CONTENTS.first(conn, session_id)
    if found is None:
        raise session_not_found(session_id)
    return found


async def list_begun_from(conn: Connection, session_id: SessionId) -> list[SessionBegun]:
    """The sessions that were forked from it or started by its agents, at any depth; the deepest first."""
    return await _BEGUN.all(conn, session_id)


async def delete_session(held: HeldSession, host_id: HostId) -> DeletedSession | None:
    """Delete a session with all its rows; None where something of it runs, waits or is used by another session.

    Args:
        host_id: of this process, which deletes the files.
    """
    return await _DELETE.first(held.conn, held.session_id, host_id)


async def list_deleted(conn: Connection, host_id: HostId) -> list[DeletedSession]:
    """Deleted sessions of a host whose files may be there."""
    return await _LIST.all(conn, host_id)


async def forget_deleted(conn: Connection, session_id: SessionId) -> None:
    """Record that no file of a deleted session is left."""
    await _FORGET.changed(conn, session_id)
