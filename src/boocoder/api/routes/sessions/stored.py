"""Sessions that go on on another host: what is stored of them, and taking one over."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import EmptyBody, SessionPath
from boocoder.api.services import Services
from boocoder.db.conversation import sessions
from boocoder.db.files.snapshot_store import get_stored_files
from boocoder.wire.sessions import Session
from boocoder.wire.snapshots import StoredFiles

router = APIRouter(prefix="/api/sessions/{session_id}", route_class=StrictRoute)


@router.get("/stored")
@access(Access.READ)
async def get_stored(session_id: SessionPath, services: Services) -> StoredFiles:
    """What of the session's files is stored for other hosts."""
    async with services.database.connection() as conn:
        return await get_stored_files(conn, session_id)


@router.post("/adopt")
@access(Access.WRITE)
async def adopt_session(session_id: SessionPath, services: Services, body: EmptyBody | None = None) -> Session:
    """Go on with the session on the host that is asked, from its last stored snapshot. Harmless where it is there."""
    await services.adopter.adopt(session_id, asked=True)
    async with services.database.connection() as conn:
        return await sessions.get_session(conn, session_id)
