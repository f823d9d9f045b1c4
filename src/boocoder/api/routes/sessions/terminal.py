"""The terminal of a session's worktree, and the document that draws it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, WebSocket
from starlette.responses import Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.requests.fields import SessionPath
from boocoder.api.routes.page.frames import frame_document
from boocoder.api.services import Services
from boocoder.api.streaming.terminal import SCREEN_MAX, TerminalSocket, allowed
from boocoder.errors import Conflict
from boocoder.wire.worktrees import TerminalInfo
from boocoder.worktrees.terminals import Size

router = APIRouter(prefix="/api/sessions/{session_id}/terminal", route_class=StrictRoute)
frame = APIRouter(route_class=StrictRoute, include_in_schema=False)

TerminalName = Annotated[str, Query(pattern=r"^[a-z0-9-]{1,64}$")]
Edge = Annotated[int, Query(ge=1, le=SCREEN_MAX)]


@router.get("")
@access(Access.READ)
async def get_terminal(session_id: SessionPath, services: Services) -> TerminalInfo:
    """Where a terminal of the session would start, or why there is none."""
    try:
        path = await allowed(services.terminals).directory(session_id)
    except Conflict as error:
        return TerminalInfo(offered=services.terminals is not None, path=None, why=str(error))
    return TerminalInfo(offered=True, path=str(path), why="")


@router.websocket("")
@access(Access.WRITE, ProjectTokens.NEVER)
async def open_terminal(
    websocket: WebSocket,
    session_id: SessionPath,
    services: Services,
    name: TerminalName = "main",
    rows: Edge = 24,
    columns: Edge = 80,
) -> None:
    """A shell in the session's worktree, as the person that runs the service."""
    await TerminalSocket(websocket=websocket, terminals=services.terminals).run(session_id, name, Size(rows, columns))


@frame.get("/terminal-frame", response_class=Response)
@access(Access.READ, ProjectTokens.OPEN)
async def terminal_frame(request: Request) -> Response:
    """What draws a terminal, all in one document: it runs in a sandbox without origin and reaches nothing."""
    return frame_document(request, "terminal.js", "Terminal")
