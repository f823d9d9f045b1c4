"""Search over all transcripts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import Text
from boocoder.api.shapes.search import HitOut, hit_out
from boocoder.db import search

QUERY_MAX_CHARS = 200
HITS_DEFAULT = 20
HITS_MAX = 50

router = APIRouter(prefix="/api/search", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def search_messages(
    services: Services,
    q: Annotated[Text, Query(min_length=1, max_length=QUERY_MAX_CHARS)],
    limit: Annotated[int, Query(ge=1, le=HITS_MAX)] = HITS_DEFAULT,
) -> list[HitOut]:
    """Prompts and answers that hold all words of `q`, the best first; the last word may be the beginning of one."""
    async with services.database.connection() as conn:
        hits = await search.search_messages(conn, q, limit=limit)
    return [hit_out(hit, q) for hit in hits]
