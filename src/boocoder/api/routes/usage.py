"""Tokens and cost by agent, model and project."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.usage import UsageSumOut
from boocoder.db import usage

DAYS_DEFAULT = 30
DAYS_MAX = 3_660

router = APIRouter(prefix="/api/usage", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def sum_usage(
    services: Services, days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = DAYS_DEFAULT
) -> list[UsageSumOut]:
    """Sums over the turns that ended in the last `days` days."""
    async with services.database.connection() as conn:
        return [UsageSumOut.model_validate(row) for row in await usage.sum_usage(conn, days)]
