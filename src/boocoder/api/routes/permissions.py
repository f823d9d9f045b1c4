"""Permissions and questions of agents: looking at them, answering them, and the rules that answer for a person."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import (
    PAGE_DEFAULT,
    Limit,
    NewPermissionRule,
    PermissionAnswerInput,
    PermissionPath,
    RulePath,
)
from boocoder.api.shapes.outputs import PermissionOut, PermissionRuleOut, permission_out
from boocoder.db import permissions, projects, sessions
from boocoder.errors import InvalidInput
from boocoder.model.ids import PermissionId, ProjectId, RuleId, SessionId
from boocoder.model.permission import PermissionState
from boocoder.queue.answer import PersonAnswer, answer_request

router = APIRouter(prefix="/api/permissions", route_class=StrictRoute)
rules = APIRouter(prefix="/api/permission-rules", route_class=StrictRoute)


@router.get("")
@access(Access.READ)
async def list_permissions(
    services: Services,
    session_id: Annotated[UUID | None, Query()] = None,
    state: Annotated[PermissionState | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[PermissionOut]:
    """A page of permissions and questions, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await permissions.list_requests(
            conn,
            session_id=None if session_id is None else SessionId(session_id),
            state=state,
            limit=limit,
            before=None if before is None else PermissionId(before),
        )
    return [permission_out(row) for row in rows]


@router.get("/{permission_id}")
@access(Access.READ)
async def get_permission(permission_id: PermissionPath, services: Services) -> PermissionOut:
    """One permission or question."""
    async with services.database.connection() as conn:
        return permission_out(await permissions.get_request(conn, permission_id))


@router.post("/{permission_id}/answer")
@access(Access.WRITE)
async def answer_permission(
    permission_id: PermissionPath, body: PermissionAnswerInput, services: Services
) -> PermissionOut:
    """Answer it, once; a second answer is refused with what was decided (409)."""
    answers = None if body.answers is None else tuple(tuple(answer) for answer in body.answers)
    given = PersonAnswer(decision=body.decision, message=body.message, answers=answers)
    return permission_out(await answer_request(services.database, permission_id, given))


@rules.get("")
@access(Access.READ)
async def list_rules(
    services: Services,
    project_id: Annotated[UUID | None, Query()] = None,
    session_id: Annotated[UUID | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[PermissionRuleOut]:
    """A page of rules, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await permissions.list_rules(
            conn,
            project_id=None if project_id is None else ProjectId(project_id),
            session_id=None if session_id is None else SessionId(session_id),
            limit=limit,
            before=None if before is None else RuleId(before),
        )
    return [PermissionRuleOut.model_validate(row) for row in rows]


@rules.post("", status_code=201)
@access(Access.WRITE)
async def add_rule(body: NewPermissionRule, services: Services) -> PermissionRuleOut:
    """Add a rule; it also decides what is open and matches."""
    if body.project_id is not None and body.session_id is not None:
        text = "A rule is for a project or for a session, not for both."
        raise InvalidInput("rule_place_mismatch", text, "Leave one of project_id and session_id out.")
    async with services.database.transaction() as conn:
        if body.project_id is not None:
            await projects.get_project(conn, ProjectId(body.project_id))
        if body.session_id is not None:
            await sessions.get_session(conn, SessionId(body.session_id))
        rule = await permissions.insert_rule(
            conn,
            project_id=None if body.project_id is None else ProjectId(body.project_id),
            session_id=None if body.session_id is None else SessionId(body.session_id),
            tool=body.tool,
            argument=body.argument,
            exact=body.exact,
            action=body.action,
        )
    return PermissionRuleOut.model_validate(rule)


@rules.delete("/{rule_id}")
@access(Access.WRITE)
async def delete_rule(rule_id: RulePath, services: Services) -> PermissionRuleOut:
    """Delete a rule; what it decided stays decided."""
    async with services.database.transaction() as conn:
        return PermissionRuleOut.model_validate(await permissions.delete_rule(conn, rule_id))
