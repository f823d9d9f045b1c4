"""Permissions and questions of agents, and the rules that answer permissions."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import MessageId, PermissionId, ProjectId, RuleId, SessionId, TaskId
from boocoder.model.permission import Decider, PermissionKind, PermissionState, RuleAction


class OfferedAnswer(msgspec.Struct, frozen=True):
    """One answer that the agent offers to its permission request."""

    id: str
    label: str
    kind: str


class AskedQuestion(msgspec.Struct, frozen=True):
    """One question; without choices, and with `free` beside them, the answer may be the person's own text."""

    text: str
    header: str = ""
    choices: tuple[str, ...] = ()
    multiple: bool = False
    free: bool = False


class PermissionInfo(msgspec.Struct, frozen=True):
    """A permission (with `options`) or a question (with `questions`) of an agent, and its answer."""

    id: PermissionId
    session_id: SessionId
    task_id: TaskId
    message_id: MessageId
    part: int
    tool_part: int | None
    kind: PermissionKind
    state: PermissionState
    tool: str
    title: str
    argument: str
    options: tuple[OfferedAnswer, ...]
    questions: tuple[AskedQuestion, ...]
    message: str
    answers: tuple[tuple[str, ...], ...] | None
    decided_by: Decider | None
    rule_id: RuleId | None
    asked_at: datetime
    decided_at: datetime | None


class PermissionRule(msgspec.Struct, frozen=True):
    """A rule of a session, of a project, or of all.

    Args:
        tool, argument: patterns as in a shell (`*`, `?`, `[...]`), or exact texts where `exact` is true.
        uses: how often it decided.
    """

    id: RuleId
    project_id: ProjectId | None
    session_id: SessionId | None
    tool: str
    argument: str
    exact: bool
    action: RuleAction
    uses: int
    created_at: datetime
