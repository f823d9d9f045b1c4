"""Snapshots of a session's files: list, compare, go back to one, fork from one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import ApiServices, Services
from boocoder.api.shapes.files import (
    ComparedOut,
    ForkInput,
    ForkOut,
    NewSnapshot,
    RewindInput,
    RewoundOut,
    Side,
    SnapshotOut,
)
from boocoder.api.shapes.inputs import PAGE_DEFAULT, Limit, SessionPath
from boocoder.api.shapes.outputs import FileOut
from boocoder.changes.measure import measure
from boocoder.db.snapshots import snapshot_before_turns
from boocoder.db.worktrees import SnapshotKind
from boocoder.git.shadow import ShadowRepository
from boocoder.model.ids import SessionId, SnapshotId, TaskId

router = APIRouter(prefix="/api/sessions/{session_id}", route_class=StrictRoute)

Old = Annotated[Side, Query(alias="from")]
New = Annotated[Side, Query(alias="to")]


@router.get("/snapshots")
@access(Access.READ)
async def list_snapshots(
    session_id: SessionPath,
    services: Services,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[SnapshotOut]:
    """A page of the session's snapshots, newest first; `before` is the last id of the page before."""
    rows = await services.care.snapshots.list(
        session_id, limit=limit, before=None if before is None else SnapshotId(before)
    )
    return [SnapshotOut.model_validate(row) for row in rows]


@router.post("/snapshots", status_code=201)
@access(Access.WRITE)
async def take_snapshot(session_id: SessionPath, services: Services, body: NewSnapshot | None = None) -> SnapshotOut:
    """Take a snapshot of the files as they are."""
    note = body.note if body else ""
    taken = await services.care.snapshots.take(session_id, kind=SnapshotKind.MANUAL, note=note)
    return SnapshotOut.model_validate(taken)


@router.get("/snapshots/compare")
@access(Access.READ)
async def compare(session_id: SessionPath, services: Services, old: Old, new: New) -> ComparedOut:
    """How two states of the files differ: snapshots, `base` (where the worktree began) or `now`."""
    shadow, old_tree, new_tree = await _sides(services, session_id, old, new)
    found = await measure(shadow, base_tree=old_tree, tree=new_tree)
    return ComparedOut(
        from_tree=old_tree,
        to_tree=new_tree,
        additions=found.additions,
        deletions=found.deletions,
        files=[FileOut.model_validate(row) for row in msgspec.json.decode(found.files)],
    )


@router.get("/snapshots/compare/diff", response_class=Response)
@access(Access.READ)
async def compare_diff(session_id: SessionPath, services: Services, old: Old, new: New) -> Response:
    """The difference as `git apply` takes it: the exact bytes, binary files included."""
    shadow, old_tree, new_tree = await _sides(services, session_id, old, new)
    disposition = f'attachment; filename="session-{session_id}.diff"'
    return Response(
        await shadow.diff(old_tree, new_tree),
        media_type="text/x-diff",
        headers={"Content-Disposition": disposition},
    )


@router.post("/rewind")
@access(Access.WRITE)
async def rewind(session_id: SessionPath, body: RewindInput, services: Services) -> RewoundOut:
    """Set the session's files back; what they were is a snapshot, so that this can be undone."""
    if body.snapshot_id is not None:
        snapshot_id = SnapshotId(body.snapshot_id)
    else:
        async with services.database.connection() as conn:
            snapshot_id = (await snapshot_before_turns(conn, session_id, body.turns or 1)).id
    return RewoundOut.model_validate(await services.care.rewinder.rewind(session_id, snapshot_id))


@router.post("/fork", status_code=201)
@access(Access.WRITE)
async def fork(session_id: SessionPath, services: Services, body: ForkInput | None = None) -> ForkOut:
    """Make a new session with the files of a snapshot and the conversation up to it."""
    asked = body or ForkInput()
    made = await services.care.forker.fork(
        session_id,
        snapshot_id=None if asked.snapshot_id is None else SnapshotId(asked.snapshot_id),
        task_id=None if asked.task_id is None else TaskId(asked.task_id),
        title=asked.title or "",
    )
    return ForkOut(
        session_id=made.session_id,
        chat_id=made.chat_id,
        snapshot=SnapshotOut.model_validate(made.snapshot),
        worktree=None if made.worktree is None else str(made.worktree),
    )


async def _sides(
    services: ApiServices, session_id: SessionId, old: UUID | str, new: UUID | str
) -> tuple[ShadowRepository, str, str]:
    snapshots = services.care.snapshots
    place = await snapshots.place(session_id)
    trees = [await snapshots.tree_at(place, str(side)) for side in (old, new)]
    return place.shadow, trees[0], trees[1]
