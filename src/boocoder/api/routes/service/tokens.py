"""Access tokens: list them, make one, revoke one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.requests.tokens import NewToken
from boocoder.api.services import Connections
from boocoder.api.tokens.grant import grant_of
from boocoder.model.ids import ProjectId
from boocoder.wire.service import NewTokenInfo, TokenGrant, TokenInfo

router = APIRouter(prefix="/api/tokens", route_class=StrictRoute)


@router.get("")
@access(Access.MANAGE)
async def list_tokens(connections: Connections) -> list[TokenInfo]:
    """Those that are good, the newest first; the token of the data directory is none of them."""
    return [from_row(TokenInfo, one) for one in connections.tokens.all()]


@router.get("/current")
@access(Access.ANY, ProjectTokens.OPEN)
async def show_current_token(request: Request) -> TokenGrant:
    """What the token or cookie of this request may do."""
    grant = grant_of(request.scope)
    assert grant is not None, "the guard of the route lets no other request in"
    allows = tuple(one.value for one in Access if grant.allows(one))
    agent = grant.starter.agent
    return TokenGrant(
        scope=grant.scope,
        project_id=grant.project_id,
        session_id=None if agent is None else agent.session_id,
        allows=allows,
    )


@router.post("", status_code=201)
@access(Access.WRITE, ProjectTokens.NEVER)
async def add_token(body: NewToken, connections: Connections) -> NewTokenInfo:
    """Make a token; only this answer has it."""
    made, token = await connections.tokens.add(
        name=body.name,
        scope=body.scope,
        project_id=None if body.project_id is None else ProjectId(body.project_id),
        days=body.days,
    )
    return from_row(NewTokenInfo, made, token=token)


@router.delete("/{token_id}")
@access(Access.WRITE)
async def revoke_token(token_id: Annotated[UUID, Path()], connections: Connections) -> TokenInfo:
    """Revoke a token; its open streams are cut off."""
    return from_row(TokenInfo, await connections.tokens.revoke(token_id))
