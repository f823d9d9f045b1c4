"""Streams of frames: one session as server-sent events, many on a WebSocket."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response, WebSocket

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.requests.fields import After, SessionPath
from boocoder.api.services import Connections, Services
from boocoder.api.streaming.sse import EventStreamResponse
from boocoder.api.streaming.websocket import Socket
from boocoder.api.tokens.grant import grant_of
from boocoder.db.conversation import sessions
from boocoder.model.limits import SEQ_MAX

router = APIRouter(prefix="/api", route_class=StrictRoute)

LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=SEQ_MAX)]


@router.get("/sessions/{session_id}/stream", response_class=Response)
@access(Access.READ)
async def stream_session(
    session_id: SessionPath,
    services: Services,
    connections: Connections,
    after: After = 0,
    last_event_id: LastEventId = None,
) -> Response:
    """The frames of a session as server-sent events, from `Last-Event-ID` or `after` on."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
    start = after if last_event_id is None else last_event_id
    return EventStreamResponse(services.broker.subscribe(session_id, start), stopping=connections.stopping)


@router.websocket("/stream")
@access(Access.READ, ProjectTokens.OPEN)
async def stream_many(websocket: WebSocket, services: Services) -> None:
    """The frames of the sessions that the client subscribes to."""
    grant = grant_of(websocket.scope)
    await Socket(websocket=websocket, services=services, project_id=None if grant is None else grant.project_id).run()
