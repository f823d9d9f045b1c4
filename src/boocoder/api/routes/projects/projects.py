"""Projects: the repositories that a person has added."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.requests.fields import EmptyBody, ProjectPath
from boocoder.api.requests.projects import NewProject, RelinkedProject
from boocoder.api.services import Services
from boocoder.db.registry import projects
from boocoder.git.project import inspect_project
from boocoder.intake.project_relink import with_presence
from boocoder.model.ids import ProjectId, new_id
from boocoder.wire.projects import Project, SpareWorktree

FIRST_LOOK_S = 3.0  # at the history of a new project; what takes longer is done in the background

router = APIRouter(prefix="/api/projects", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.WRITE)
async def add_project(body: NewProject, services: Services, response: Response) -> Project:
    """Add a repository, or answer the project that it is already.

    What looks like the repository of a project whose folder has moved is refused unless `separate`.
    """
    found = await inspect_project(Path(body.path))
    if not body.separate:
        await services.relinker.require_new(found.root)
    await services.project_check.require_same(found.root)
    project_id = ProjectId(new_id())
    async with services.database.transaction() as conn:
        project = await projects.insert_project(conn, project_id, body.name or found.root.name or "/", found.root)
    if project.id != project_id:
        response.status_code = 200
    else:
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_S):
                await services.project_check.check_one(project_id)
    return project


@router.get("")
@access(Access.READ)
async def list_projects(
    services: Services,
    removed: Annotated[bool, Query()] = False,
    project_id: Annotated[ProjectId | None, Query()] = None,
) -> list[Project]:
    """All projects by name, or one; with `removed` also those that were removed from the list."""
    async with services.database.connection() as conn:
        found = await projects.list_projects(conn, removed=removed, only=project_id)
    return await with_presence(found)


@router.get("/{project_id}")
@access(Access.READ)
async def get_project(project_id: ProjectPath, services: Services) -> Project:
    """One project."""
    async with services.database.connection() as conn:
        found = await projects.get_project(conn, project_id)
    return (await with_presence([found]))[0]


@router.post("/{project_id}/relink")
@access(Access.WRITE, ProjectTokens.NEVER)
async def relink_project(project_id: ProjectPath, body: RelinkedProject, services: Services) -> Project:
    """Use the repository at another path, after its folder has moved; sessions and changes go on."""
    return await services.relinker.relink(project_id, Path(body.path))


@router.post("/{project_id}/prepare")
@access(Access.START)
async def prepare_session(project_id: ProjectPath, services: Services, body: EmptyBody | None = None) -> SpareWorktree:
    """Have a worktree made ahead, as a session of the project is about to be opened; answers at once."""
    async with services.database.connection() as conn:
        await projects.get_project(conn, project_id)
    spares = services.care.spares
    if spares is None:
        return SpareWorktree(ready=False)
    spares.want(project_id, at_once=True)
    return SpareWorktree(ready=spares.waiting(project_id))


@router.delete("/{project_id}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def remove_project(project_id: ProjectPath, services: Services) -> Project:
    """Remove a project from the list and archive its sessions; repository and conversations stay."""
    async with services.database.transaction() as conn:
        return await projects.remove_project(conn, project_id)
