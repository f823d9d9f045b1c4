"""Processes that the tools of a session's agent left running."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.files_host import SESSION_FILES_HERE
from boocoder.api.requests.fields import SessionPath
from boocoder.api.services import Services
from boocoder.wire.worktrees import SessionProcess

router = APIRouter(
    prefix="/api/sessions/{session_id}/processes", route_class=StrictRoute, dependencies=[SESSION_FILES_HERE]
)


@router.get("")
@access(Access.READ)
async def list_session_processes(session_id: SessionPath, services: Services) -> list[SessionProcess]:
    """What tools of the session's agent started and still runs, oldest first; the agent itself is not among it."""
    return [from_row(SessionProcess, one) for one in await services.processes.running(session_id)]


@router.delete("/{pid}")
@access(Access.WRITE)
async def end_session_process(
    session_id: SessionPath, pid: Annotated[int, Path(ge=1, le=2**31 - 1)], services: Services
) -> SessionProcess:
    """End one of them with all its descendants: SIGTERM, and SIGKILL after three seconds."""
    return from_row(SessionProcess, await services.processes.end(session_id, pid))
