"""Worktrees of this host: list, prune, remove, restore, pin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.requests.fields import EmptyBody, SessionPath
from boocoder.api.requests.sessions import PruneInput, RemoveInput, UpdateInput
from boocoder.api.services import ApiServices, Services
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.conversation.overflow_usage import overflow_by_session
from boocoder.db.files.worktree_gc import list_usage
from boocoder.errors import Conflict
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.changes import ResolveResult
from boocoder.wire.worktrees import PrunedWorktree, WorktreeInfo, WorktreeUsage

router = APIRouter(prefix="/api/worktrees", route_class=StrictRoute)
of_session = APIRouter(prefix="/api/sessions/{session_id}/worktree", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_worktrees(
    services: Services,
    gone: Annotated[bool, Query()] = False,
    session_id: Annotated[SessionId | None, Query()] = None,
    project_id: Annotated[ProjectId | None, Query()] = None,
) -> list[WorktreeInfo]:
    """The worktrees of this host, the longest unused first; `gone`: also those without files."""
    return await _infos(services, await _rows(services, gone=gone, session_id=session_id, project_id=project_id))


@router.post("/prune")
@access(Access.WRITE)
async def prune_worktrees(services: Services, body: PruneInput | None = None) -> list[PrunedWorktree]:
    """Remove now what the settings say has to go, and say what came of each."""
    pruned = await services.collector.prune(dry_run=body.dry_run if body else False)
    return list(pruned)


@of_session.post("/remove")
@access(Access.WRITE)
async def remove_worktree(session_id: SessionPath, services: Services, body: RemoveInput | None = None) -> WorktreeInfo:
    """Remove the session's worktree once a snapshot holds all of it; its next turn makes it again."""
    await services.care.remover.remove(session_id, "a person asked for it", force=body.force if body else False)
    return await _one(services, session_id)


@of_session.post("/update")
@access(Access.WRITE)
async def update_worktree(
    session_id: SessionPath, services: Services, body: UpdateInput | None = None
) -> ResolveResult:
    """Bring the session's files onto the newest commit of its branch, or of `ref`; the agent resolves conflicts.

    The branch is the one that the session was started from, else the one that is checked out. Uncommitted files of
    the checkout do not come in.
    """
    return await services.changes.resolver.update(session_id, body.ref if body else None)


@of_session.post("/restore")
@access(Access.WRITE)
async def restore_worktree(session_id: SessionPath, services: Services, body: EmptyBody | None = None) -> WorktreeInfo:
    """Bring the session's worktree back out of its newest snapshot."""
    await services.care.restorer.restore(session_id)
    return await _one(services, session_id)


@of_session.post("/pin")
@access(Access.WRITE)
async def pin_worktree(session_id: SessionPath, services: Services, body: EmptyBody | None = None) -> WorktreeInfo:
    """Keep the session's worktree whatever the limits say."""
    await services.care.remover.pin(session_id, pinned=True)
    return await _one(services, session_id)


@of_session.post("/unpin")
@access(Access.WRITE)
async def unpin_worktree(session_id: SessionPath, services: Services, body: EmptyBody | None = None) -> WorktreeInfo:
    """Let the limits decide about the session's worktree again."""
    await services.care.remover.pin(session_id, pinned=False)
    return await _one(services, session_id)


async def _rows(
    services: ApiServices, *, gone: bool, session_id: SessionId | None, project_id: ProjectId | None = None
) -> list[WorktreeUsage]:
    async with services.database.connection() as conn:
        return await list_usage(conn, services.info.host_id, gone=gone, session_id=session_id, project_id=project_id)


async def _one(services: ApiServices, session_id: SessionId) -> WorktreeInfo:
    found = await _rows(services, gone=True, session_id=session_id)
    if not found:
        text = f"Session {session_id} has no worktree on this host."
        raise Conflict("session_without_worktree", text, "It gets one with its first task.")
    return (await _infos(services, found))[0]


async def _infos(services: ApiServices, rows: list[WorktreeUsage]) -> list[WorktreeInfo]:
    async with services.database.connection() as conn:
        texts = await overflow_by_session(conn, OverflowFiles(services.info.data_dir / "overflow"))
    return [
        from_row(
            WorktreeInfo,
            row,
            kept=services.collector.why_kept(row.session_id),
            overflow_bytes=texts[row.session_id],
        )
        for row in rows
    ]
