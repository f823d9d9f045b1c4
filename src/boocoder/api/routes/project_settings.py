"""Settings of a project: files to copy into new worktrees, and commands that set them up and take them down."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import ProjectPath
from boocoder.api.shapes.project_settings import ProjectSettingsInput, ProjectSettingsOut
from boocoder.db import projects
from boocoder.db.project_settings import ProjectSettings, get_project_settings, put_project_settings

router = APIRouter(prefix="/api/projects/{project_id}/settings", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def get_settings(project_id: ProjectPath, services: Services) -> ProjectSettingsOut:
    """The project's settings; the defaults where it has none of its own."""
    async with services.database.connection() as conn:
        return ProjectSettingsOut.model_validate(await get_project_settings(conn, project_id))


@router.put("")
@access(Access.WRITE)
async def put_settings(project_id: ProjectPath, body: ProjectSettingsInput, services: Services) -> ProjectSettingsOut:
    """Replace the project's settings; they hold for worktrees that are made or set up from now on."""
    settings = ProjectSettings(
        project_id,
        copy_patterns=body.copy_patterns,
        setup=body.setup.strip(),
        setup_timeout_s=body.setup_timeout_s,
        teardown=body.teardown.strip(),
        teardown_timeout_s=body.teardown_timeout_s,
    )
    async with services.database.transaction() as conn:
        await projects.get_project(conn, project_id)
        await put_project_settings(conn, settings)
        return ProjectSettingsOut.model_validate(await get_project_settings(conn, project_id))
