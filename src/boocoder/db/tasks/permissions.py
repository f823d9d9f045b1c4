"""Requests of agents and the rules for them, as rows. Which rule decides is dispatch's business."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.list_filter import EVERYTHING, ListFilter
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import NotFound
from boocoder.model.ids import MessageId, PermissionId, ProjectId, RuleId, SessionId, TaskId, new_id
from boocoder.model.permission import Decider, PermissionKind, PermissionState, RuleAction
from boocoder.wire.permissions import PermissionRule


class StoredRequest(msgspec.Struct, frozen=True):
    """One permission or question.

    Args:
        part: its place in the message.
        tool_part: the part of the tool call that asks, if any.
        key: the backend's own name of it.
        argument: what rules are matched against; "" for a question.
        options: JSON list: of a permission the agent's answers, of a question its questions, as in the frames.
        answer: JSON object with `message` or `answers`, None where there is nothing to say.
    """

    id: PermissionId
    session_id: SessionId
    task_id: TaskId
    epoch: int
    message_id: MessageId
    part: int
    tool_part: int | None
    key: str
    kind: PermissionKind
    tool: str
    title: str
    argument: str
    options: msgspec.Raw
    state: PermissionState
    answer: msgspec.Raw | None
    decided_by: Decider | None
    rule_id: RuleId | None
    asked_at: datetime
    decided_at: datetime | None


class StoredAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The JSON of a request's `answer`.

    Args:
        message: for the agent, with a refusal.
        answers: one list for each question.
    """

    message: str = ""
    answers: tuple[tuple[str, ...], ...] = ()


_INSERT = statement(
    "permissions",
    "insert_request",
    row=Done,
    params=(
        *(UUID, UUID, UUID, int, UUID, int, int | None, str, PermissionKind, str, str, str, msgspec.Raw),
        *(PermissionState, Decider | None, UUID | None),
    ),
)
_GET = statement("permissions", "get_request", row=StoredRequest, params=(UUID,))
_LIST = statement(
    "permissions",
    "list_requests",
    row=StoredRequest,
    params=(
        *(UUID | None, PermissionState | None, int, UUID | None, UUID | None),
        *(str | None, datetime | None, datetime | None),
    ),
)
_DECIDE = statement(
    "permissions",
    "decide_request",
    row=Done,
    params=(UUID, PermissionState, msgspec.Raw | None, Decider, UUID | None),
)
_PUBLISHED = statement("permissions", "mark_published", row=Done, params=(UUID,))
_CLOSE = statement("permissions", "close_requests", row=StoredRequest, params=(UUID, int))
_RULES = statement("permissions", "rules_of_session", row=PermissionRule, params=(UUID,))
_LIST_RULES = statement(
    "permissions", "list_rules", row=PermissionRule, params=(UUID | None, UUID | None, int, UUID | None)
)
_INSERT_RULE = statement(
    "permissions",
    "insert_rule",
    row=PermissionRule,
    params=(UUID, UUID | None, UUID | None, str, str, bool, RuleAction),
)
_DELETE_RULE = statement("permissions", "delete_rule", row=PermissionRule, params=(UUID,))
_USE = statement("permissions", "count_use", row=Done, params=(UUID,))


async def insert_request(conn: Connection, request: StoredRequest) -> None:
    """Store a new request; its times are the database's. One that a rule decided counts as published."""
    values = msgspec.structs.astuple(request)
    answerless = values[:14]
    await _INSERT.changed(conn, *answerless, request.decided_by, request.rule_id)


async def get_request(conn: Connection, request_id: PermissionId) -> StoredRequest:
    """One request.

    Raises:
        NotFound: permission_not_found.
    """
    request = await _GET.first(conn, request_id)
    if request is None:
        text = f"There is no permission or question {request_id}."
        raise NotFound("permission_not_found", text, "List the permissions to see their ids.")
    return request


async def list_requests(
    conn: Connection,
    *,
    session_id: SessionId | None = None,
    project_id: ProjectId | None = None,
    state: PermissionState | None = None,
    only: ListFilter = EVERYTHING,
    limit: int = 100,
    before: PermissionId | None = None,
) -> list[StoredRequest]:
    """A page of requests, newest first.

    Args:
        session_id, project_id, state: only these.
        only: by the agent that asked, and when.
        limit: rows at most.
        before: id of the last request of the page before.
    """
    return await _LIST.all(conn, session_id, state, limit, before, project_id, *only.values)


async def decide_request(
    conn: Connection,
    request_id: PermissionId,
    state: PermissionState,
    *,
    by: Decider,
    answer: StoredAnswer | None = None,
    rule_id: RuleId | None = None,
) -> bool:
    """Decide an open request; False if it was decided already. A rule that decides is counted."""
    stored = msgspec.Raw(msgspec.json.encode(answer)) if answer is not None else None
    decided = await _DECIDE.changed(conn, request_id, state, stored, by, rule_id)
    if decided and rule_id is not None:
        await count_use(conn, rule_id)
    return decided


async def mark_published(conn: Connection, request_id: PermissionId) -> None:
    """The stream has the decision now."""
    await _PUBLISHED.changed(conn, request_id)


async def close_requests(conn: Connection, task_id: TaskId, epoch: int) -> list[StoredRequest]:
    """End the open requests of an attempt as cancelled.

    Returns:
        these, and those whose decision the stream has not got; the caller puts them there.
    """
    return await _CLOSE.all(conn, task_id, epoch)


async def rules_of_session(conn: Connection, session_id: SessionId) -> list[PermissionRule]:
    """Every rule that may decide a request of the session, oldest first."""
    return await _RULES.all(conn, session_id)


async def list_rules(
    conn: Connection,
    *,
    project_id: ProjectId | None = None,
    session_id: SessionId | None = None,
    limit: int = 100,
    before: RuleId | None = None,
) -> list[PermissionRule]:
    """A page of rules, newest first.

    Args:
        project_id, session_id: only those that were made for it.
        limit: rows at most.
        before: id of the last rule of the page before.
    """
    return await _LIST_RULES.all(conn, project_id, session_id, limit, before)


async def insert_rule(
    conn: Connection,
    *,
    tool: str,
    argument: str,
    action: RuleAction,
    exact: bool,
    project_id: ProjectId | None = None,
    session_id: SessionId | None = None,
) -> PermissionRule:
    """Add a rule for a session, for a project, or, with neither, for all."""
    rule_id = RuleId(new_id())
    return await _INSERT_RULE.one(conn, rule_id, project_id, session_id, tool, argument, exact, action)


async def delete_rule(conn: Connection, rule_id: RuleId) -> PermissionRule:
    """Delete a rule and return what it was.

    Raises:
        NotFound: rule_not_found.
    """
    rule = await _DELETE_RULE.first(conn, rule_id)
    if rule is None:
        text = f"There is no permission rule {rule_id}."
        raise NotFound("rule_not_found", text, "List the rules to see their ids.")
    return rule


async def count_use(conn: Connection, rule_id: RuleId) -> None:
    """Count a decision of the rule; does nothing if the rule has been deleted."""
    await _USE.changed(conn, rule_id)
