"""Refuses what needs the files of a session on a host that does not have them, with the name of the one that has."""

from __future__ import annotations

from typing import Any

from fastapi import Depends

from boocoder.api.requests.fields import ChangePath, SessionPath
from boocoder.api.services import ApiServices, Services
from boocoder.db.conversation import sessions
from boocoder.db.files import changes
from boocoder.db.tasks.hosts import session_elsewhere
from boocoder.model.ids import SessionId
from boocoder.wire.sessions import Session


async def require_files_here(services: ApiServices, session_id: SessionId) -> Session:
    """Check that this host has the session's files; returns the session.

    Raises:
        NotFound: the session does not exist.
        Conflict: session_elsewhere.
    """
    async with services.database.connection() as conn:
        session = await sessions.get_session(conn, session_id)
        if session.host_id not in (None, services.info.host_id):
            raise await session_elsewhere(conn, session_id)
    return session


async def _of_change(change_id: ChangePath, services: Services) -> None:
    async with services.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
    await require_files_here(services, change.session_id)


async def _of_session(session_id: SessionPath, services: Services) -> None:
    await require_files_here(services, session_id)


CHANGE_FILES_HERE: Any = Depends(_of_change)
"""For routes with a `change_id`."""
SESSION_FILES_HERE: Any = Depends(_of_session)
"""For routes with a `session_id`."""
