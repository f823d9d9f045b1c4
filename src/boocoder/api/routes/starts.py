"""Where a new session may start from: names are offered, and one is looked up before the session is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import ApiServices, Services
from boocoder.api.shapes.inputs import ProjectPath
from boocoder.api.shapes.places import StartNameOut
from boocoder.db import projects
from boocoder.git.shadow import ShadowRepository
from boocoder.git.start_names import start_names
from boocoder.git.start_points import NAME_MAX_CHARS
from boocoder.model.ids import ProjectId

OFFERED_DEFAULT = 10
OFFERED_MAX = 50

router = APIRouter(prefix="/api/projects", route_class=StrictRoute)


@router.get("/{project_id}/starts")
@access(Access.READ)
async def list_starts(
    project_id: ProjectPath,
    services: Services,
    query: Annotated[str, Query(max_length=NAME_MAX_CHARS)] = "",
    limit: Annotated[int, Query(ge=1, le=OFFERED_MAX)] = OFFERED_DEFAULT,
) -> list[StartNameOut]:
    """Branches, tags, branches of remotes and newest commits that fit, of each kind at most `limit`, newest first."""
    shadow = await _shadow(services, project_id)
    return [StartNameOut.model_validate(one) for one in await start_names(shadow.checkout, query, limit)]


async def require_start(services: ApiServices, project_id: ProjectId, start_from: str) -> None:
    """Refuse a name that the project's repository does not know now.

    Raises:
        NotFound: project_not_found.
        InvalidInput: start_unknown, with names that are near; or the project is gone.
        GitError: git refused.
    """
    await (await _shadow(services, project_id)).named_commit(start_from)


async def _shadow(services: ApiServices, project_id: ProjectId) -> ShadowRepository:
    async with services.database.connection() as conn:
        project = await projects.get_project(conn, project_id)
    return await services.shadows.of(project.id, Path(project.path))
