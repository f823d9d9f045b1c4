"""Messages for a turn that runs: send, list, withdraw. The turn takes them out of their rows."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import PAGE_DEFAULT, IdempotencyKey, Limit, SessionPath, SteerPath
from boocoder.api.requests.tasks import SteerInput
from boocoder.api.services import Services
from boocoder.db.conversation import sessions
from boocoder.db.tasks import steers
from boocoder.intake import steering
from boocoder.intake.steering import NewSteer
from boocoder.model.ids import SteerId
from boocoder.model.steer import SteerState
from boocoder.wire.steers import SteerInfo

router = APIRouter(prefix="/api/sessions/{session_id}/steers", route_class=StrictRoute)
single = APIRouter(prefix="/api/steers", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.START)
async def steer_session(
    session_id: SessionPath,
    body: SteerInput,
    services: Services,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> SteerInfo:
    """Give a message to the running turn; `returned` says that no turn takes it and that it is queued to run next.

    The same `Idempotency-Key` with the same body gives the same message again, with 200.
    """
    new = NewSteer(session_id, body.prompt, body.sent_by, idempotency_key)
    sent = await steering.steer(services.outbox, new, agents=services.agents)
    if not sent.created:
        response.status_code = 200
    return sent.steer


@router.get("")
@access(Access.READ)
async def list_steers(
    session_id: SessionPath,
    services: Services,
    state: Annotated[SteerState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[SteerInfo]:
    """A page of the session's messages for running turns, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        await sessions.get_session(conn, session_id)
        return await steers.list_steers(
            conn, session_id, state=state, limit=limit, before=None if before is None else SteerId(before)
        )


@single.get("/{steer_id}")
@access(Access.READ)
async def get_steer(steer_id: SteerPath, services: Services) -> SteerInfo:
    """One message for a running turn."""
    async with services.database.connection() as conn:
        return await steers.get_steer(conn, steer_id)


@single.delete("/{steer_id}")
@access(Access.START)
async def withdraw_steer(steer_id: SteerPath, services: Services) -> SteerInfo:
    """Take back a message that the agent has not got."""
    return await steering.withdraw(services.outbox, steer_id)
