"""Changes: looking at them and deciding on them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import ApiServices, Services
from boocoder.api.shapes.apply import (
    AppliedOut,
    ApplyInput,
    PublishedOut,
    PublishInput,
    PublishWordsOut,
    ResolvedOut,
    ResolveInput,
)
from boocoder.api.shapes.inputs import PAGE_DEFAULT, ChangePath, Limit, Nothing
from boocoder.api.shapes.outputs import ChangeOut, ChangeRowOut
from boocoder.db import changes, projects, sessions
from boocoder.db.changes import ApplyTarget, Change
from boocoder.model.ids import ChangeId, SessionId
from boocoder.model.task import ChangeState

router = APIRouter(prefix="/api/changes", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_changes(
    services: Services,
    session_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[ChangeState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[ChangeRowOut]:
    """A page of changes, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await changes.list_changes(
            conn,
            session_id=None if session_id is None else SessionId(session_id),
            state=state,
            limit=limit,
            before=None if before is None else ChangeId(before),
        )
    return [ChangeRowOut.model_validate(row) for row in rows]


@router.get("/{change_id}")
@access(Access.READ)
async def get_change(change_id: ChangePath, services: Services) -> ChangeOut:
    """One change with its files."""
    return ChangeOut.model_validate(await _change(services, change_id))


@router.get("/{change_id}/diff", response_class=Response)
@access(Access.READ)
async def get_diff(change_id: ChangePath, services: Services) -> Response:
    """The change as `git apply` takes it: the exact bytes, binary files included."""
    async with services.database.connection() as conn:
        diff = await changes.get_diff(conn, change_id)
    if diff is None:
        diff = await _read_diff(services, change_id)
    disposition = f'attachment; filename="change-{change_id}.diff"'
    return Response(diff, media_type="text/x-diff", headers={"Content-Disposition": disposition})


@router.post("/{change_id}/apply")
@access(Access.WRITE)
async def apply_change(change_id: ChangePath, services: Services, body: ApplyInput | None = None) -> AppliedOut:
    """Put the change, or what is accepted of it, where it is asked for; conflicts touch nothing and are answered
    file by file with both sides (409). They are the result of a `dry_run` (200)."""
    asked = body or ApplyInput()
    request = asked.request(ApplyTarget(asked.target), extend=False)
    if asked.dry_run:
        report = await services.changes.applier.preview(change_id, request)
    else:
        report = await services.changes.applier.apply(change_id, request)
    return AppliedOut.of(report, ChangeOut.model_validate(await _change(services, change_id)))


@router.post("/{change_id}/resolve")
@access(Access.WRITE)
async def resolve_change(change_id: ChangePath, services: Services, body: ResolveInput | None = None) -> ResolvedOut:
    """Bring what the user has into the session's worktree, and ask the agent to resolve where both sides meet."""
    return ResolvedOut.of(await services.changes.resolver.resolve(change_id, (body or ResolveInput()).place))


@router.get("/{change_id}/publish")
@access(Access.READ)
async def publish_words(change_id: ChangePath, services: Services) -> PublishWordsOut:
    """Title and text that a pull request gets where nobody gives others, written from the session."""
    title, text = await services.changes.publisher.words(change_id)
    return PublishWordsOut(title=title, text=text)


@router.post("/{change_id}/publish")
@access(Access.WRITE)
async def publish_change(change_id: ChangePath, services: Services, body: PublishInput | None = None) -> PublishedOut:
    """Make the change's branch, push it as the user, and ask for a pull request where a tool for that is ready."""
    return PublishedOut.of(await services.changes.publisher.publish(change_id, (body or PublishInput()).publishing()))


@router.post("/{change_id}/reject")
@access(Access.WRITE)
async def reject_change(change_id: ChangePath, services: Services, body: Nothing | None = None) -> ChangeOut:
    """Decide against the change; the session's files stay."""
    await services.changes.applier.reject(change_id)
    return ChangeOut.model_validate(await _change(services, change_id))


async def _change(services: ApiServices, change_id: ChangeId) -> Change:
    async with services.database.connection() as conn:
        return await changes.get_change(conn, change_id)


async def _read_diff(services: ApiServices, change_id: ChangeId) -> bytes:
    """A diff that is too long for the database, out of the project's shadow repository."""
    async with services.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
        session = await sessions.get_session(conn, change.session_id)
        project = await projects.get_project(conn, session.project_id)
    shadow = await services.shadows.of(project.id, Path(project.path))
    return await shadow.diff(change.base_tree, change.tree)
