"""Projects: the git repositories that a person has added. Whether a path is a repository is not known here."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import statement
from boocoder.errors import NotFound
from boocoder.model.ids import ProjectId


class Project(msgspec.Struct, frozen=True):
    """One project; `path` is absolute."""

    id: ProjectId
    name: str
    path: str
    created_at: datetime
    archived_at: datetime | None


_INSERT = statement("projects", "insert_project", row=Project, params=(UUID, str, str))
_GET = statement("projects", "get_project", row=Project, params=(UUID,))
_LIST = statement("projects", "list_projects", row=Project)


async def insert_project(conn: Connection, project_id: ProjectId, name: str, path: Path) -> Project:
    """Add a project, or return the one that has this path already (its own id and name, no longer archived).

    Args:
        project_id: for a new row.
        name: non-empty.
        path: absolute.
    """
    return await _INSERT.one(conn, project_id, name, str(path))


async def get_project(conn: Connection, project_id: ProjectId) -> Project:
    """One project.

    Raises:
        NotFound: project_not_found.
    """
    project = await _GET.first(conn, project_id)
    if project is None:
        raise project_not_found(project_id)
    return project


async def list_projects(conn: Connection) -> list[Project]:
    """All projects by name, archived ones included."""
    return await _LIST.all(conn)


def project_not_found(project_id: ProjectId) -> NotFound:
    """The error for an unknown project."""
    return NotFound("project_not_found", f"There is no project {project_id}.", "List the projects to see their ids.")
