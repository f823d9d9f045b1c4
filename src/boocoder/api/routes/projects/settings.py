"""Settings of a project: files to copy into new worktrees, setup and teardown commands."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.requests.fields import ProjectPath
from boocoder.api.requests.projects import ProjectSettingsInput
from boocoder.api.services import Services
from boocoder.db.registry import project_settings, projects
from boocoder.wire.projects import ProjectSettings

router = APIRouter(prefix="/api/projects/{project_id}/settings", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def get_project_settings(project_id: ProjectPath, services: Services) -> ProjectSettings:
    """The project's settings; the defaults where it has none of its own."""
    async with services.database.connection() as conn:
        return await project_settings.get_project_settings(conn, project_id)


@router.put("")
@access(Access.WRITE, ProjectTokens.NEVER)
async def put_project_settings(
    project_id: ProjectPath, body: ProjectSettingsInput, services: Services
) -> ProjectSettings:
    """Replace the project's settings; they hold for worktrees that are made or set up from now on."""
    settings = ProjectSettings(
        project_id,
        copy_patterns=body.copy_patterns,
        setup=body.setup.strip(),
        setup_timeout_s=body.setup_timeout_s,
        teardown=body.teardown.strip(),
        teardown_timeout_s=body.teardown_timeout_s,
        redact=body.redact,
        sign_commits=body.sign_commits,
        commit_hooks=body.commit_hooks,
        git_hooks=body.git_hooks,
    )
    async with services.database.transaction() as conn:
        await projects.get_project(conn, project_id)
        await project_settings.put_project_settings(conn, settings)
        return await project_settings.get_project_settings(conn, project_id)
