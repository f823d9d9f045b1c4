"""Refuses what needs the files of a session on a host that does not have them, with the name of the one that has."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import Depends

from boocoder.api.requests.fields import ChangePath, SessionPath
from boocoder.api.services import ApiServices, Services
from boocoder.db.conversation import sessions
from boocoder.db.files import changes
from boocoder.db.registry import host_projects, projects
from boocoder.db.registry.host_projects import ProjectState
from boocoder.db.tasks.hosts import session_elsewhere
from boocoder.errors import BoocoderError, Unavailable
from boocoder.model.ids import SessionId
from boocoder.wire.sessions import Session

log = logging.getLogger(__name__)


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


async def require_trees_here(services: ApiServices, session_id: SessionId, trees: Sequence[str]) -> None:
    """Check that what a session's change or snapshots are made of is here: the session's host stores it for others.

    Args:
        trees: ids of those that are to be read.

    Raises:
        NotFound: the session does not exist.
        Conflict: session_elsewhere: the project is not on this host, or they are not stored.
    """
    async with services.database.connection() as conn:
        session = await sessions.get_session(conn, session_id)
        project = await projects.get_project(conn, session.project_id)
    if session.host_id in (None, services.info.host_id):
        return
    try:
        shadow = await services.shadows.of(project.id, Path(project.path))
        if await services.stored.has_whole(session_id, shadow, trees):
            return
    except Unavailable:
        raise
    except BoocoderError as error:
        log.info("stored files not readable here", extra={"session_id": session_id, "why": error.text})
    async with services.database.connection() as conn:
        raise await session_elsewhere(conn, session_id)


async def _trees_of_change(change_id: ChangePath, services: Services) -> None:
    async with services.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
    await require_trees_here(services, change.session_id, [change.base_tree, change.tree])


async def _apply_of_change(change_id: ChangePath, services: Services) -> None:
    """Check that this host has all that an apply of a change, or its undo, is measured against."""
    async with services.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
        session = await sessions.get_session(conn, change.session_id)
        if session.host_id in (None, services.info.host_id):
            return
        found = await host_projects.list_host_projects(conn, services.info.host_id, session.project_id)
        if not found or found[0].state is not ProjectState.READY:
            raise await session_elsewhere(conn, change.session_id)
        decided = await changes.decided_tree(conn, change.session_id)
        newest = await changes.latest_change(conn, change.session_id)
    trees = {change.base_tree, change.tree, decided, newest.tree if newest else None}
    await require_trees_here(services, change.session_id, sorted(tree for tree in trees if tree))


async def _of_change(change_id: ChangePath, services: Services) -> None:
    async with services.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
    await require_files_here(services, change.session_id)


async def _of_session(session_id: SessionPath, services: Services) -> None:
    await require_files_here(services, session_id)


CHANGE_FILES_HERE: Any = Depends(_of_change)
"""For routes with a `change_id`."""
CHANGE_TREES_HERE: Any = Depends(_trees_of_change)
"""For routes with a `change_id` that only read the change: also on hosts that have its stored snapshots."""
CHANGE_APPLIES_HERE: Any = Depends(_apply_of_change)
"""For routes with a `change_id` that write this host's checkout: also on hosts with the project and what is stored."""
SESSION_FILES_HERE: Any = Depends(_of_session)
"""For routes with a `session_id`."""
