"""Branches, tags and commits that a new session can start from."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import ProjectPath
from boocoder.api.services import Services
from boocoder.git.worktree.start_names import start_names
from boocoder.git.worktree.start_points import NAME_MAX_CHARS
from boocoder.intake.task_resolver import shadow_of
from boocoder.wire.projects import StartName

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
) -> list[StartName]:
    """Branches, tags, branches of remotes and newest commits that fit, of each kind at most `limit`, newest first."""
    shadow = await shadow_of(services.database, services.shadows, project_id)
    return await start_names(shadow.checkout, query, limit)
