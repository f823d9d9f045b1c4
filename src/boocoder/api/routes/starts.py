"""Where a new session may start from: a name is looked up before the session is stored. It has no route of its own."""

from __future__ import annotations

from pathlib import Path

from boocoder.api.services import ApiServices
from boocoder.db import projects
from boocoder.model.ids import ProjectId


async def require_start(services: ApiServices, project_id: ProjectId, start_from: str) -> None:
    """Refuse a name that the project's repository does not know now.

    Raises:
        NotFound: project_not_found.
        InvalidInput: start_unknown, with names that are near; or the project is gone.
        GitError: git refused.
    """
    async with services.database.connection() as conn:
        project = await projects.get_project(conn, project_id)
    shadow = await services.shadows.of(project.id, Path(project.path))
    await shadow.named_commit(start_from)
