"""Finds the rule that decides a permission, and builds the frame of a stored request. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec

from boocoder.db.tasks.permissions import StoredAnswer, StoredRequest
from boocoder.events import frames
from boocoder.events.agent_event import PermissionOption, Question
from boocoder.events.clean_text import clean
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS
from boocoder.model.permission import NETWORK_TOOL, PermissionKind, RuleAction
from boocoder.wire.permissions import PermissionRule

RequestFrame = frames.PermissionFrame | frames.QuestionFrame

# At one level the most careful action wins.
_CAREFUL = (RuleAction.DENY, RuleAction.ASK, RuleAction.ALLOW)


def choose_rule(rules: Iterable[PermissionRule], tool: str, argument: str, *, shown: str = "") -> PermissionRule | None:
    """The rule that decides: the session's rules before the project's before the global ones.

    Args:
        rules: those that hold for the session.
        tool, argument: of the request, whole.
        shown: the argument as it is stored, where that is shorter.

    Returns:
        at the first level with a matching rule the deny rule if there is one, else the ask rule, else the allow rule.
    """
    matching = [rule for rule in rules if matches(rule, tool, argument) or (shown and matches(rule, tool, shown))]
    return min(matching, key=lambda rule: (_level(rule), _CAREFUL.index(rule.action)), default=None)


def matches(rule: PermissionRule, tool: str, argument: str) -> bool:
    """Whether a rule is about this tool with this argument; case matters, and `*` passes over `/` and line ends.

    What allows all tools of an agent does not open the network: a rule that allows hosts names that tool.
    """
    if tool == NETWORK_TOOL and rule.action is RuleAction.ALLOW and rule.tool != NETWORK_TOOL:
        return False
    if rule.exact:
        return (rule.tool, rule.argument) == (tool, argument)
    return fnmatchcase(tool, rule.tool) and fnmatchcase(argument, rule.argument)


def _level(rule: PermissionRule) -> int:
    if rule.session_id is not None:
        return 0
    return 1 if rule.project_id is not None else 2


def storable(argument: str) -> str:
    """The argument as it is stored and shown: a long one is cut, and its hash keeps it apart from all others."""
    argument = clean(argument)
    if len(argument) <= INLINE_TEXT_MAX_CHARS:
        return argument
    digest = hashlib.sha256(argument.encode()).hexdigest()
    tail = f" [cut; {len(argument)} characters, SHA-256 {digest}]"
    return argument[: INLINE_TEXT_MAX_CHARS - len(tail)] + tail


def frame_of(request: StoredRequest) -> RequestFrame:
    """The frame with the state of a request."""
    answer = msgspec.json.decode(request.answer, type=StoredAnswer) if request.answer else StoredAnswer()
    place = {
        "session_id": request.session_id,
        "message_id": request.message_id,
        "part": request.part,
        "task_id": request.task_id,
        "request_id": request.id,
        "state": request.state.value,
        "tool_part": request.tool_part,
        "decided_by": request.decided_by.value if request.decided_by else "",
    }
    if request.kind is PermissionKind.QUESTION:
        questions = msgspec.json.decode(request.options, type=tuple[Question, ...])
        return frames.QuestionFrame(questions=questions, answers=answer.answers, **place)  # type: ignore[arg-type]
    return frames.PermissionFrame(
        tool=request.tool,
        title=request.title,
        argument=request.argument,
        options=msgspec.json.decode(request.options, type=tuple[PermissionOption, ...]),
        rule_id=request.rule_id,
        message=answer.message,
        **place,  # type: ignore[arg-type]
    )
