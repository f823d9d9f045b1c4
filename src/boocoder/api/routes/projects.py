"""Projects: the repositories that a person has added."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import NewProject, ProjectPath
from boocoder.api.shapes.outputs import ProjectOut
from boocoder.db import projects
from boocoder.git.project import inspect_project
from boocoder.model.ids import ProjectId, new_id

router = APIRouter(prefix="/api/projects", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.WRITE)
async def add_project(body: NewProject, services: Services, response: Response) -> ProjectOut:
    """Add a repository, or answer the project that it is already."""
    found = await inspect_project(Path(body.path))
    project_id = ProjectId(new_id())
    async with services.database.transaction() as conn:
        project = await projects.insert_project(conn, project_id, body.name or found.root.name or "/", found.root)
    if project.id != project_id:
        response.status_code = 200
    return ProjectOut.model_validate(project)


@router.get("")
@access(Access.READ)
async def list_projects(services: Services, removed: Annotated[bool, Query()] = False) -> list[ProjectOut]:
    """All projects by name; with `removed` also those that were removed from the list."""
    async with services.database.connection() as conn:
        return [ProjectOut.model_validate(row) for row in await projects.list_projects(conn, removed=removed)]


@router.get("/{project_id}")
@access(Access.READ)
async def get_project(project_id: ProjectPath, services: Services) -> ProjectOut:
    """One project."""
    async with services.database.connection() as conn:
        return ProjectOut.model_validate(await projects.get_project(conn, project_id))


@router.delete("/{project_id}")
@access(Access.WRITE)
async def remove_project(project_id: ProjectPath, services: Services) -> ProjectOut:
    """Take a project off the list and archive its sessions; its repository and all that was said stay."""
    async with services.database.transaction() as conn:
        return ProjectOut.model_validate(await projects.remove_project(conn, project_id))
