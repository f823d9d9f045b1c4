"""Projects: the git repositories that a person has added. Whether a path is a repository is not known here."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ProjectId
from boocoder.wire.projects import Project


class _ProjectLive(msgspec.Struct, frozen=True):
    running: int
    pending: int


class _BaseCommit(msgspec.Struct, frozen=True):
    base_commit: str


_INSERT = statement("projects", "insert_project", row=Project, params=(UUID, str, str))
_FOLLOW = statement("projects", "follow_data_dir", row=Done, params=(str, str))
_BASES = statement("projects", "list_base_commits", row=_BaseCommit, params=(UUID,))
_DROP_EMPTY = statement("projects", "drop_empty_at", row=Done, params=(str, UUID))
_AT = statement("projects", "project_at", row=Project, params=(str,))
_MOVE = statement("projects", "move_project", row=Project, params=(UUID, str))
_GET = statement("projects", "get_project", row=Project, params=(UUID,))
_LIST = statement("projects", "list_projects", row=Project, params=(bool, UUID | None))
_HOLD = statement("projects", "hold_project", row=Project, params=(UUID,))
_ARCHIVE = statement("projects", "archive_project", row=Project, params=(UUID,))
_LIVE = statement("projects", "count_live_tasks", row=_ProjectLive, params=(UUID,))
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


async def follow_data_dir(conn: Connection, before: Path, now: Path) -> None:
    """Correct the paths of projects in the data directory, such as the demo, after it was moved."""
    await _FOLLOW.all(conn, str(before), str(now))


async def list_base_commits(conn: Connection, project_id: ProjectId) -> list[str]:
    """Full ids of the commits that a project's newest sessions began at."""
    return [row.base_commit for row in await _BASES.all(conn, project_id)]


async def relink_project(conn: Connection, project_id: ProjectId, path: Path) -> Project:
    """Give a project another path; one without sessions that has it is dropped.

    Raises:
        NotFound: project_not_found.
        Conflict: project_path_taken; the transaction must be given up.
    """
    await _DROP_EMPTY.all(conn, str(path), project_id)
    other = await _AT.first(conn, str(path))
    if other is not None and other.id != project_id:
        raise Conflict(
            "project_path_taken",
            f"{path} is project {other.name} already, which has sessions of its own.",
            "Go on in that project; apply or export the changes of the other one first if you need them.",
        )
    project = await _MOVE.first(conn, project_id, str(path))
    if project is None:
        raise project_not_found(project_id)
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


async def list_projects(conn: Connection, *, removed: bool = False, only: ProjectId | None = None) -> list[Project]:
    """All projects by name, with `removed` also those that were removed; `only` this one."""
    return await _LIST.all(conn, removed, only)


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

    The sessions are archived before the tasks are counted: a concurrent enqueue holds its session's row.

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
