"""Changes: list, show, apply, resolve, publish, reject."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.changes import (
    apply_result,
    change_commit,
    change_info,
    change_summary,
    publish_result,
    unapply_result,
)
from boocoder.api.files_host import CHANGE_APPLIES_HERE, CHANGE_FILES_HERE, require_files_here, require_trees_here
from boocoder.api.requests.changes import ApplyInput, PublishInput, ResolveInput, UnapplyInput
from boocoder.api.requests.fields import PAGE_DEFAULT, ChangePath, EmptyBody, Filter, Limit
from boocoder.api.services import ApiServices, Services
from boocoder.changes.commits.agent_commits import agent_commits
from boocoder.db.conversation import sessions
from boocoder.db.files import changes
from boocoder.db.files.changes import Change
from boocoder.db.registry import projects
from boocoder.git.user.push import Remote
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId, ProjectId, SessionId
from boocoder.model.task import ChangeState
from boocoder.wire.changes import (
    ApplyResult,
    ChangeCommit,
    ChangeInfo,
    ChangeSummary,
    PublishedBranch,
    PullRequestText,
    ResolveResult,
    UnapplyResult,
)

router = APIRouter(prefix="/api/changes", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_changes(
    services: Services,
    only: Filter,
    session_id: Annotated[UUID | None, Query()] = None,
    project_id: Annotated[ProjectId | None, Query()] = None,
    state: Annotated[ChangeState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[ChangeSummary]:
    """A page of changes, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await changes.list_changes(
            conn,
            session_id=None if session_id is None else SessionId(session_id),
            project_id=project_id,
            state=state,
            only=only,
            limit=limit,
            before=None if before is None else ChangeId(before),
        )
    return [change_summary(row) for row in rows]


@router.get("/{change_id}")
@access(Access.READ)
async def get_change(change_id: ChangePath, services: Services) -> ChangeInfo:
    """One change with its files."""
    return change_info(await _change(services, change_id))


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


@router.get("/{change_id}/commits", dependencies=[CHANGE_FILES_HERE])
@access(Access.READ)
async def list_commits(change_id: ChangePath, services: Services) -> list[ChangeCommit]:
    """The commits that the agent made of the change, oldest first; what it did not commit is in none of them."""
    change = await _change(services, change_id)
    shadow = await services.changes.reviews.shadow_of(change)
    made = await agent_commits(services.database, shadow, change)
    return [change_commit(commit) for commit in made.commits]


@router.post("/{change_id}/apply", dependencies=[CHANGE_APPLIES_HERE])
@access(Access.WRITE)
async def apply_change(change_id: ChangePath, services: Services, body: ApplyInput | None = None) -> ApplyResult:
    """Put the change, or what is accepted of it, where it is asked for; conflicts touch nothing and are answered
    file by file with both sides (409). They are the result of a `dry_run` (200)."""
    asked = body or ApplyInput()
    request = asked.request(ApplyTarget(asked.target), extend=False)
    if request.keep_commits:  # they are in the session's own repository
        await require_files_here(services, (await _change(services, change_id)).session_id)
    if asked.dry_run:
        report = await services.changes.applier.preview(change_id, request)
    else:
        report = await services.changes.applier.apply(change_id, request)
    return apply_result(report, await _change(services, change_id))


@router.post("/{change_id}/unapply", dependencies=[CHANGE_APPLIES_HERE])
@access(Access.WRITE)
async def unapply_change(change_id: ChangePath, services: Services, body: UnapplyInput | None = None) -> UnapplyResult:
    """Take a change that was applied to the checkout out of it again and make it pending; edits made since stay.

    Conflicts touch nothing and are answered as by `apply`: 409, or 200 to a `dry_run`.
    """
    dry_run = (body or UnapplyInput()).dry_run
    undo = await services.changes.applier.undo(change_id, preview=dry_run)
    return unapply_result(undo, await _change(services, change_id), dry_run=dry_run)


@router.post("/{change_id}/resolve", dependencies=[CHANGE_FILES_HERE])
@access(Access.WRITE)
async def resolve_change(change_id: ChangePath, services: Services, body: ResolveInput | None = None) -> ResolveResult:
    """Merge the user's files into the worktree; conflicts become what `files` choose, else the agent resolves them."""
    wanted = body or ResolveInput()
    choices = [one.choice() for one in wanted.files]
    return await services.changes.resolver.resolve(change_id, wanted.place, choices)


@router.get("/{change_id}/publish", dependencies=[CHANGE_FILES_HERE])
@access(Access.READ)
async def get_pull_request_text(change_id: ChangePath, services: Services) -> PullRequestText:
    """Default title and text of a pull request, written from the session."""
    title, text = await services.changes.publisher.words(change_id)
    return PullRequestText(title=title, text=text)


@router.post("/{change_id}/publish", dependencies=[CHANGE_FILES_HERE])
@access(Access.WRITE)
async def publish_change(
    change_id: ChangePath, services: Services, body: PublishInput | None = None
) -> PublishedBranch:
    """Make the change's branch, push it as the user, and ask for a pull request where a tool for that is ready."""
    asked = body or PublishInput()
    session_id = (await _change(services, change_id)).session_id
    bounds = None if asked.follow is None else asked.follow.bounds()

    async def record(remote: Remote, ref: str, commit: str) -> None:
        await services.follows.record(session_id, remote, ref, commit, base=asked.base or "", bounds=bounds)

    published = await services.changes.publisher.publish(change_id, asked.publishing(), before_push=record)
    await services.follows.record_request(session_id, published.url)
    return publish_result(published)


@router.post("/{change_id}/reject")
@access(Access.WRITE)
async def reject_change(change_id: ChangePath, services: Services, body: EmptyBody | None = None) -> ChangeInfo:
    """Decide against the change; the session's files stay."""
    await services.changes.applier.reject(change_id)
    return change_info(await _change(services, change_id))


async def _change(services: ApiServices, change_id: ChangeId) -> Change:
    async with services.database.connection() as conn:
        return await changes.get_change(conn, change_id)


async def _read_diff(services: ApiServices, change_id: ChangeId) -> bytes:
    """A diff that is too long for the database, out of the project's shadow repository."""
    async with services.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
    await require_trees_here(services, change.session_id, [change.base_tree, change.tree])
    async with services.database.connection() as conn:
        session = await sessions.get_session(conn, change.session_id)
        project = await projects.get_project(conn, session.project_id)
    shadow = await services.shadows.of(project.id, Path(project.path))
    return await shadow.diff(change.base_tree, change.tree)
