"""Permission requests and questions of agents, their answers, and rules."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.tasks import permission_info
from boocoder.api.requests.fields import PAGE_DEFAULT, Filter, Limit, PermissionPath, RulePath
from boocoder.api.requests.tasks import NewPermissionRule, PermissionAnswerInput
from boocoder.api.services import Services
from boocoder.db.conversation import sessions
from boocoder.db.registry import projects
from boocoder.db.tasks import permissions
from boocoder.errors import InvalidInput
from boocoder.intake.answers import PersonAnswer, answer_request
from boocoder.model.ids import PermissionId, ProjectId, RuleId, SessionId
from boocoder.model.permission import PermissionState
from boocoder.wire.permissions import PermissionInfo, PermissionRule

router = APIRouter(prefix="/api/permissions", route_class=StrictRoute)
rules = APIRouter(prefix="/api/permission-rules", route_class=StrictRoute)


@router.get("")
@access(Access.REQUESTS)
async def list_permissions(
    services: Services,
    only: Filter,
    session_id: Annotated[UUID | None, Query()] = None,
    project_id: Annotated[ProjectId | None, Query()] = None,
    state: Annotated[PermissionState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[PermissionInfo]:
    """A page of permissions and questions, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await permissions.list_requests(
            conn,
            session_id=None if session_id is None else SessionId(session_id),
            project_id=project_id,
            state=state,
            only=only,
            limit=limit,
            before=None if before is None else PermissionId(before),
        )
    return [permission_info(row) for row in rows]


@router.get("/{permission_id}")
@access(Access.REQUESTS)
async def get_permission(permission_id: PermissionPath, services: Services) -> PermissionInfo:
    """One permission or question."""
    async with services.database.connection() as conn:
        return permission_info(await permissions.get_request(conn, permission_id))


@router.post("/{permission_id}/answer")
@access(Access.ANSWER)
async def answer_permission(
    permission_id: PermissionPath, body: PermissionAnswerInput, services: Services
) -> PermissionInfo:
    """Answer it, once; a second answer is refused with what was decided (409)."""
    answers = None if body.answers is None else tuple(tuple(answer) for answer in body.answers)
    given = PersonAnswer(decision=body.decision, message=body.message, answers=answers)
    return permission_info(await answer_request(services.database, permission_id, given))


@rules.get("")
@access(Access.READ)
async def list_rules(
    services: Services,
    project_id: Annotated[UUID | None, Query()] = None,
    session_id: Annotated[UUID | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[PermissionRule]:
    """A page of rules, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        return await permissions.list_rules(
            conn,
            project_id=None if project_id is None else ProjectId(project_id),
            session_id=None if session_id is None else SessionId(session_id),
            limit=limit,
            before=None if before is None else RuleId(before),
        )


@rules.post("", status_code=201)
@access(Access.WRITE)
async def add_rule(body: NewPermissionRule, services: Services) -> PermissionRule:
    """Add a rule; it also decides what is open and matches."""
    if body.project_id is not None and body.session_id is not None:
        text = "A rule is for a project or for a session, not for both."
        raise InvalidInput("rule_place_mismatch", text, "Leave one of project_id and session_id out.")
    async with services.database.transaction() as conn:
        if body.project_id is not None:
            await projects.get_project(conn, ProjectId(body.project_id))
        if body.session_id is not None:
            await sessions.get_session(conn, SessionId(body.session_id))
        return await permissions.insert_rule(
            conn,
            project_id=None if body.project_id is None else ProjectId(body.project_id),
            session_id=None if body.session_id is None else SessionId(body.session_id),
            tool=body.tool,
            argument=body.argument,
            exact=body.exact,
            action=body.action,
        )


@rules.delete("/{rule_id}")
@access(Access.WRITE)
async def delete_rule(rule_id: RulePath, services: Services) -> PermissionRule:
    """Delete a rule; what it decided stays decided."""
    async with services.database.transaction() as conn:
        return await permissions.delete_rule(conn, rule_id)
