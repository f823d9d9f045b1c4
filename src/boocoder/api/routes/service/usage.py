"""Tokens and cost by agent, model and project."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.db.conversation import usage
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.search import UsageSum

DAYS_DEFAULT = 30
DAYS_MAX = 3_660

router = APIRouter(prefix="/api/usage", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def sum_usage(
    services: Services,
    days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = DAYS_DEFAULT,
    project_id: Annotated[ProjectId | None, Query()] = None,
    session_id: Annotated[SessionId | None, Query()] = None,
) -> list[UsageSum]:
    """Sums over the turns that ended in the last `days` days."""
    async with services.database.connection() as conn:
        return await usage.sum_usage(conn, days, project_id=project_id, session_id=session_id)
