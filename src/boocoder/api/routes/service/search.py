"""Search over conversations, and ids by their beginning."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.answers.snippet import snippet
from boocoder.api.requests.fields import PAGE_DEFAULT, Limit, Text
from boocoder.api.services import Services
from boocoder.db.conversation import search
from boocoder.db.registry.ids import find_ids
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.search import IdKind, IdMatch, SearchHit

QUERY_MAX_CHARS = 200
HITS_DEFAULT = 20
HITS_MAX = 50

router = APIRouter(prefix="/api", route_class=StrictRoute)


@router.get("/search")
@access(Access.READ)
async def search_messages(
    services: Services,
    q: Annotated[Text, Query(min_length=1, max_length=QUERY_MAX_CHARS)],
    limit: Annotated[int, Query(ge=1, le=HITS_MAX)] = HITS_DEFAULT,
    project_id: Annotated[ProjectId | None, Query()] = None,
) -> list[SearchHit]:
    """Prompts and answers that hold all words of `q`, the best first; the last word may be the beginning of one."""
    async with services.database.connection() as conn:
        hits = await search.search_messages(conn, q, limit=limit, project_id=project_id)
    return [from_row(SearchHit, hit, snippet=tuple(snippet(hit.text, q))) for hit in hits]


@router.get("/ids")
@access(Access.READ)
async def list_ids(
    services: Services,
    kind: Annotated[IdKind, Query()],
    text: Annotated[Text, Query(max_length=QUERY_MAX_CHARS)] = "",
    session_id: Annotated[SessionId | None, Query()] = None,
    project_id: Annotated[ProjectId | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
) -> list[IdMatch]:
    """Rows of a kind whose id begins with `text`, or that have this name, newest first."""
    async with services.database.connection() as conn:
        return await find_ids(conn, kind, text, session_id=session_id, project_id=project_id, limit=limit)
