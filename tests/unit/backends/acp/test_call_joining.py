"""A permission request and its tool call are one card, also where the agent gives them two ids."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from boocoder.backends.acp.updates.parser import ToolReport
from boocoder.backends.acp.updates.tool_state import ToolCallState
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import SessionTotals, UsageLedger
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.events.agent_event import AgentEvent, ToolCall, ToolStatus

EDIT: dict[str, Any] = {
    "kind": "edit",
    "title": "Edit a.txt",
    "content": [{"type": "diff", "path": "/w/a.txt", "oldText": "one", "newText": "two"}],
}
COMMAND: dict[str, Any] = {"kind": "execute", "title": "ls", "rawInput": {"command": "ls -la"}}
FILES: dict[str, Any] = {"kind": "edit", "locations": [{"path": "/w/b.txt"}]}


class Turn:
    """A turn to which reports and requests come; its cards by id, in their newest state."""

    def __init__(self) -> None:
        self.translator = AcpTranslator(ledger=UsageLedger(meaning=UsageMeaning.TURN, totals=SessionTotals()))
        self.cards: dict[str, ToolCall] = {}

    def show(self, events: list[AgentEvent]) -> None:
        self.cards |= {event.part: event for event in events if isinstance(event, ToolCall)}

    def report(self, id: str, *, announced: bool = True, **fields: object) -> None:
        self.show(self.translator.on_update(ToolReport(id, fields, announced)))

    def ask(self, id: str, **fields: object) -> str:
        shown, _, events = self.translator.on_permission(ToolReport(id, fields, False))
        self.show(events)
        return shown

    def end(self) -> dict[str, ToolStatus]:
        self.show(self.translator.close_tools(completed=True))
        return {id: card.status for id, card in self.cards.items()}


@pytest.mark.parametrize("what", [EDIT, COMMAND, FILES])
def test_a_request_for_a_call_that_was_announced_under_another_id(what: dict[str, Any]) -> None:
    turn = Turn()
    turn.report("call-1", **what, status="pending")
    assert turn.ask("edit-approval-1", **what) == "call-1"
    turn.report("edit-approval-1", announced=False, status="completed")
    assert turn.end() == {"call-1": ToolStatus.COMPLETED}


@pytest.mark.parametrize("what", [EDIT, COMMAND, FILES])
def test_a_call_that_is_announced_after_its_request(what: dict[str, Any]) -> None:
    turn = Turn()
    assert turn.ask("approval", **what) == "approval"
    turn.report("call-1", **what, status="in_progress")
    turn.report("call-1", announced=False, status="failed")
    assert turn.end() == {"approval": ToolStatus.FAILED}


def test_a_call_that_was_announced_only_for_its_request_ends_as_what_it_asked_for() -> None:
    turn = Turn()
    turn.report("phantom", **COMMAND, status="pending")
    turn.ask("phantom", **COMMAND)
    turn.report("call-1", **COMMAND, status="completed")
    assert turn.end() == {"phantom": ToolStatus.COMPLETED, "call-1": ToolStatus.COMPLETED}


def test_calls_that_do_the_same_one_after_the_other_stay_two() -> None:
    turn = Turn()
    for id in ("call-1", "call-2"):
        turn.report(id, **COMMAND, status="pending")
        assert turn.ask(id, **COMMAND) == id
        turn.report(id, announced=False, status="completed")
    assert len(turn.end()) == 2


def test_a_request_that_fits_two_open_calls_is_joined_with_neither() -> None:
    turn = Turn()
    turn.report("call-1", **COMMAND, status="pending")
    turn.report("call-2", **COMMAND, status="pending")
    assert turn.ask("approval", **COMMAND) == "approval"


def test_other_calls_are_not_joined() -> None:
    turn = Turn()
    turn.report("call-1", **COMMAND, status="pending")
    assert turn.ask("approval", **{**COMMAND, "title": "rm", "rawInput": {"command": "rm a"}}) == "approval"


def test_calls_that_have_ended_leave_no_objects() -> None:
    turn = Turn()
    for number in range(500):
        turn.report(f"call-{number}", kind="execute", title="ls", status="in_progress")
        turn.report(f"call-{number}", announced=False, status="completed", rawOutput="x" * 100)
    assert not [one for one in gc.get_objects() if isinstance(one, ToolCallState)]
    assert turn.translator.open_tools == 0
    assert turn.translator.used_tools


def test_news_of_a_call_that_has_ended_changes_nothing() -> None:
    turn = Turn()
    turn.report("call-1", **COMMAND, status="completed")
    turn.report("call-1", announced=False, status="failed", rawOutput="late")
    turn.report("call-1", **EDIT, status="in_progress")
    assert turn.ask("call-1", **COMMAND) == "call-1"
    card = turn.cards["call-1"]
    assert (turn.end(), card.title, card.output) == ({"call-1": ToolStatus.COMPLETED}, "ls", "")
