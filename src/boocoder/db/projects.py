"""Projects: the git repositories that a person has added. Whether a path is a repository is not known here."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import Done, statement
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ProjectId


class Project(msgspec.Struct, frozen=True):
    """One project; `path` is absolute, `archived_at` is when it was removed from the list."""

    id: ProjectId
    name: str
    path: str
    created_at: datetime
    archived_at: datetime | None


class _Live(msgspec.Struct, frozen=True):
    running: int
    pending: int


_INSERT = statement("projects", "insert_project", row=Project, params=(UUID, str, str))
_GET = statement("projects", "get_project", row=Project, params=(UUID,))
_LIST = statement("projects", "list_projects", row=Project, params=(bool,))
_HOLD = statement("projects", "hold_project", row=Project, params=(UUID,))
_ARCHIVE = statement("projects", "archive_project", row=Project, params=(UUID,))
_LIVE = statement("projects", "count_live_tasks", row=_Live, params=(UUID,))
_ARCHIVE_SESSIONS = statement("sessions", "archive_of_project", row=Done, params=(UUID,))
_REOPEN_SESSIONS = statement("sessions", "reopen_of_project", row=Done, params=(UUID,))


async def insert_project(conn: Connection, project_id: ProjectId, name: str, path: Path) -> Project:
    """Add a project, or return the one that has this path already (its own id and name, no longer archived).

    The sessions that were archived when it was removed are open again.

    Args:
        project_id: for a new row.
        name: non-empty.
        path: absolute.
    """
    project = await _INSERT.one(conn, project_id, name, str(path))
    if project.id != project_id:
        await _REOPEN_SESSIONS.all(conn, project.id)
    return project


async def get_project(conn: Connection, project_id: ProjectId) -> Project:
    """One project.

    Raises:
        NotFound: project_not_found.
    """
    project = await _GET.first(conn, project_id)
    if project is None:
        raise project_not_found(project_id)
    return project


async def list_projects(conn: Connection, *, removed: bool = False) -> list[Project]:
    """All projects by name, with `removed` also those that were removed."""
    return await _LIST.all(conn, removed)


async def hold_project(conn: Connection, project_id: ProjectId) -> Project:
    """One project that is in the list, and stays there until the transaction ends.

    Raises:
        NotFound: project_not_found.
        Conflict: project_archived.
    """
    project = await _HOLD.first(conn, project_id)
    if project is None:
        raise project_not_found(project_id)
    if project.archived_at is not None:
        raise Conflict("project_archived", f"Project {project.name} was removed.", f"Add {project.path} again first.")
    return project


async def remove_project(conn: Connection, project_id: ProjectId) -> Project:
    """Hide a project and archive its open sessions; nothing is deleted. Twice is fine.

    The sessions are archived before the tasks are counted: whoever queues one at this moment holds its session's row.

    Raises:
        NotFound: project_not_found.
        Conflict: project_busy, it has tasks that run or wait; the transaction must be given up.
    """
    project = await _ARCHIVE.first(conn, project_id)
    if project is None:
        raise project_not_found(project_id)
    await _ARCHIVE_SESSIONS.all(conn, project_id)
    live = await _LIVE.one(conn, project_id)
    if live.running or live.pending:
        text = f"Project {project.name} has work to do (running: {live.running}, waiting: {live.pending})."
        raise Conflict("project_busy", text, "Cancel its tasks or let them end, then remove it.")
    return project


def project_not_found(project_id: ProjectId) -> NotFound:
    """The error for an unknown project."""
    return NotFound("project_not_found", f"There is no project {project_id}.", "List the projects to see their ids.")
