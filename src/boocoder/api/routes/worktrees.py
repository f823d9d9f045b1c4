"""Worktrees of this host: which there are, what they take, and removing, restoring and pinning them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import ApiServices, Services
from boocoder.api.shapes.files import PruneInput, ReapedOut, RemoveInput, WorktreeOut
from boocoder.api.shapes.inputs import Nothing, SessionPath
from boocoder.db.kept import KeptWorktree, list_kept
from boocoder.errors import Conflict
from boocoder.model.ids import SessionId

router = APIRouter(prefix="/api/worktrees", route_class=StrictRoute)
of_session = APIRouter(prefix="/api/sessions/{session_id}/worktree", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_worktrees(
    services: Services,
    gone: Annotated[bool, Query()] = False,
    session_id: Annotated[SessionId | None, Query()] = None,
) -> list[WorktreeOut]:
    """The worktrees of this host, the longest unused first; `gone`: also those without files."""
    return [_out(services, row) for row in await _rows(services, gone=gone, session_id=session_id)]


@router.post("/prune")
@access(Access.WRITE)
async def prune(services: Services, body: PruneInput | None = None) -> list[ReapedOut]:
    """Remove now what the settings say has to go, and say what came of each."""
    reaped = await services.reaper.reap(dry_run=body.dry_run if body else False)
    return [ReapedOut.model_validate(one) for one in reaped]


@of_session.post("/remove")
@access(Access.WRITE)
async def remove(session_id: SessionPath, services: Services, body: RemoveInput | None = None) -> WorktreeOut:
    """Remove the session's worktree once a snapshot holds all of it; its next turn makes it again."""
    await services.care.remover.remove(session_id, "a person asked for it", force=body.force if body else False)
    return await _one(services, session_id)


@of_session.post("/restore")
@access(Access.WRITE)
async def restore(session_id: SessionPath, services: Services, body: Nothing | None = None) -> WorktreeOut:
    """Bring the session's worktree back out of its newest snapshot."""
    await services.care.restorer.restore(session_id)
    return await _one(services, session_id)


@of_session.post("/pin")
@access(Access.WRITE)
async def pin(session_id: SessionPath, services: Services, body: Nothing | None = None) -> WorktreeOut:
    """Keep the session's worktree whatever the limits say."""
    await services.care.remover.pin(session_id, pinned=True)
    return await _one(services, session_id)


@of_session.post("/unpin")
@access(Access.WRITE)
async def unpin(session_id: SessionPath, services: Services, body: Nothing | None = None) -> WorktreeOut:
    """Let the limits decide about the session's worktree again."""
    await services.care.remover.pin(session_id, pinned=False)
    return await _one(services, session_id)


async def _rows(services: ApiServices, *, gone: bool, session_id: SessionId | None) -> list[KeptWorktree]:
    async with services.database.connection() as conn:
        return await list_kept(conn, services.info.host_id, gone=gone, session_id=session_id)


async def _one(services: ApiServices, session_id: SessionId) -> WorktreeOut:
    found = await _rows(services, gone=True, session_id=session_id)
    if not found:
        text = f"Session {session_id} has no worktree on this host."
        raise Conflict("session_without_worktree", text, "It gets one with its first task.")
    return _out(services, found[0])


def _out(services: ApiServices, row: KeptWorktree) -> WorktreeOut:
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    return WorktreeOut(**fields, kept=services.reaper.why_kept(row.session_id))
