"""Published branches: what their forges say, and the rounds that answer it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import PAGE_DEFAULT, Limit, SessionPath
from boocoder.api.requests.follows import FollowPatch
from boocoder.api.services import Services
from boocoder.model.ids import ProjectId, SessionId
from boocoder.wire.webhooks import FollowInfo, ForgeEventInfo

router = APIRouter(prefix="/api/follows", route_class=StrictRoute)
of_session = APIRouter(prefix="/api/sessions/{session_id}/follow", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_follows(
    services: Services,
    project_id: Annotated[ProjectId | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[FollowInfo]:
    """A page of published branches, newest first; `before` is the last session of the page before."""
    last = None if before is None else SessionId(before)
    return await services.follows.all(project_id=project_id, before=last, limit=limit)


@of_session.get("")
@access(Access.READ)
async def get_follow(session_id: SessionPath, services: Services) -> FollowInfo:
    """The session's published branch: CI, reviews, rounds."""
    return await services.follows.get(session_id)


@of_session.patch("")
@access(Access.WRITE)
async def change_follow(session_id: SessionPath, body: FollowPatch, services: Services) -> FollowInfo:
    """Stop or resume its rounds, and change their bounds; a round's task that runs goes on."""
    return await services.follows.change(
        session_id,
        enabled=body.enabled,
        rounds=body.rounds_max,
        cost_usd=body.cost_max_usd,
        gate=None if body.gate is None else body.gate.strip(),
        reviewers=None if body.reviewers is None else tuple(body.reviewers),
    )


@of_session.get("/events")
@access(Access.READ)
async def list_forge_events(
    session_id: SessionPath,
    services: Services,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[ForgeEventInfo]:
    """A page of what was said of the branch and is or was to be answered, newest first."""
    return await services.follows.events(session_id, before=before, limit=limit)
