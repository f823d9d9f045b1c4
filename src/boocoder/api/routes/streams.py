"""Streams of frames: one session as server-sent events, many on a WebSocket."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response, WebSocket

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.event_stream import EventStreamResponse
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import SEQ_MAX, After, SessionPath
from boocoder.api.socket import Socket
from boocoder.db import sessions

router = APIRouter(prefix="/api", route_class=StrictRoute)

LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=SEQ_MAX)]


@router.get("/sessions/{session_id}/stream", response_class=Response)
@access(Access.READ)
async def stream_session(
    session_id: SessionPath, services: Services, after: After = 0, last_event_id: LastEventId = None
) -> Response:
    """The frames of a session as server-sent events, from `Last-Event-ID` or `after` on."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
    start = after if last_event_id is None else last_event_id
    return EventStreamResponse(services.broker.subscribe(session_id, start), closing=services.closing)


@router.websocket("/stream")
@access(Access.READ)
async def stream_many(websocket: WebSocket, services: Services) -> None:
    """The frames of the sessions that the client subscribes to."""
    await Socket(websocket=websocket, services=services).run()
