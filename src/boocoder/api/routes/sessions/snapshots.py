"""Snapshots of a session's files: list, compare, go back to one, fork from one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.changes import file_changes
from boocoder.api.answers.rows import from_row
from boocoder.api.files_host import SESSION_FILES_HERE, require_files_here, require_trees_here
from boocoder.api.requests.fields import PAGE_DEFAULT, Limit, SessionPath
from boocoder.api.requests.sessions import ForkInput, NewSnapshot, RewindInput, Side
from boocoder.api.services import ApiServices, Services
from boocoder.changes.diff.statistics import measure
from boocoder.db.files.snapshots import snapshot_before_turns
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.ids import SessionId, SnapshotId, TaskId
from boocoder.model.session import SnapshotKind
from boocoder.wire.snapshots import ForkResult, RewindResult, SnapshotDiff, SnapshotInfo
from boocoder.worktrees.history.rewind import RewindReport
from boocoder.worktrees.history.snapshots import require_trees

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
) -> list[SnapshotInfo]:
    """A page of the session's snapshots, newest first; `before` is the last id of the page before."""
    rows = await services.care.snapshots.list(
        session_id, limit=limit, before=None if before is None else SnapshotId(before)
    )
    return [from_row(SnapshotInfo, row) for row in rows]


@router.post("/snapshots", status_code=201, dependencies=[SESSION_FILES_HERE])
@access(Access.WRITE)
async def take_snapshot(session_id: SessionPath, services: Services, body: NewSnapshot | None = None) -> SnapshotInfo:
    """Take a snapshot of the files as they are."""
    note = body.note if body else ""
    taken = await services.care.snapshots.take(session_id, kind=SnapshotKind.MANUAL, note=note)
    return from_row(SnapshotInfo, taken)


@router.get("/snapshots/compare")
@access(Access.READ)
async def compare_snapshots(session_id: SessionPath, services: Services, old: Old, new: New) -> SnapshotDiff:
    """How two states of the files differ: snapshots, `base` (where the worktree began) or `now`."""
    shadow, old_tree, new_tree = await _sides(services, session_id, old, new)
    found = await measure(shadow, base_tree=old_tree, tree=new_tree)
    return SnapshotDiff(
        from_tree=old_tree,
        to_tree=new_tree,
        additions=found.additions,
        deletions=found.deletions,
        files=file_changes(found.files),
    )


@router.get("/snapshots/compare/diff", response_class=Response)
@access(Access.READ)
async def get_snapshots_diff(session_id: SessionPath, services: Services, old: Old, new: New) -> Response:
    """The difference as `git apply` takes it: the exact bytes, binary files included."""
    shadow, old_tree, new_tree = await _sides(services, session_id, old, new)
    disposition = f'attachment; filename="session-{session_id}.diff"'
    return Response(
        await shadow.diff(old_tree, new_tree),
        media_type="text/x-diff",
        headers={"Content-Disposition": disposition},
    )


@router.post("/rewind", dependencies=[SESSION_FILES_HERE])
@access(Access.WRITE)
async def rewind_session(session_id: SessionPath, body: RewindInput, services: Services) -> RewindResult:
    """Set the session's files back; what they were is a snapshot, so that this can be undone."""
    if body.snapshot_id is not None:
        snapshot_id = SnapshotId(body.snapshot_id)
    else:
        async with services.database.connection() as conn:
            snapshot_id = (await snapshot_before_turns(conn, session_id, body.turns or 1)).id
    return _rewind_result(await services.care.rewinder.rewind(session_id, snapshot_id))


@router.post("/fork", status_code=201)
@access(Access.WRITE)
async def fork_session(session_id: SessionPath, services: Services, body: ForkInput | None = None) -> ForkResult:
    """Make a new session with the files of a snapshot and the conversation up to it."""
    asked = body or ForkInput()
    made = await services.care.forker.fork(
        session_id,
        snapshot_id=None if asked.snapshot_id is None else SnapshotId(asked.snapshot_id),
        task_id=None if asked.task_id is None else TaskId(asked.task_id),
        title=asked.title or "",
    )
    return ForkResult(
        session_id=made.session_id,
        chat_id=made.chat_id,
        snapshot=from_row(SnapshotInfo, made.snapshot),
        worktree=None if made.worktree is None else str(made.worktree),
    )


async def _sides(
    services: ApiServices, session_id: SessionId, old: UUID | str, new: UUID | str
) -> tuple[ShadowRepository, str, str]:
    snapshots = services.care.snapshots
    sides = [str(side) for side in (old, new)]
    if "now" in sides:
        await require_files_here(services, session_id)
    named = [await snapshots.stored_tree(session_id, side) for side in sides if side != "now"]
    await require_trees_here(services, session_id, named)
    place = await snapshots.place(session_id)
    trees = [await snapshots.tree_at(place, side) for side in sides]
    await require_trees(place, *trees)
    return place.shadow, trees[0], trees[1]


def _rewind_result(report: RewindReport) -> RewindResult:
    target, before = (from_row(SnapshotInfo, one) for one in (report.target, report.before))
    return RewindResult(target, before, report.files)
