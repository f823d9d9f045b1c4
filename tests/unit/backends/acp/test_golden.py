"""Every recorded ACP conversation through the pure part of the backend: lines, updates, events, verdicts."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from boocoder.backends.acp import outcome as acp_outcome
from boocoder.backends.acp.options import OptionKind, read_options
from boocoder.backends.acp.protocol.message import Message, RpcNotification, RpcRequest, RpcResponse, read_line
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.acp.updates.parser import ToolReport, read_counts, read_update
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import SessionTotals, UsageLedger
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.events.agent_event import (
    AgentCommands,
    AgentEvent,
    Notice,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolKind,
    ToolStatus,
    Usage,
)
from boocoder.model.turn import Failed, Interrupted, Outcome
from tests.paths import GOLDEN

RECORDED = GOLDEN / "acp"
AGENT = AcpAgent("recorded", ("recorded",))
_RANK = {ToolStatus.PENDING: 0, ToolStatus.RUNNING: 1}


@dataclass
class RecordedTurn:
    """One prompt of a recording.

    Args:
        session_id: its session.
        prompt: its text.
        messages: what the agent sent for this session until it answered.
        answer: how it answered.
    """

    session_id: str
    prompt: str
    messages: list[Message] = field(default_factory=list)
    answer: RpcResponse | None = None


def turns(name: str) -> list[RecordedTurn]:
    """All prompts of a recording; turns of several sessions may overlap."""
    found: list[RecordedTurn] = []
    running: dict[tuple[int, int], RecordedTurn] = {}
    for text in (RECORDED / name).read_text("utf-8").splitlines():
        entry = json.loads(text)
        message = entry["msg"]
        if entry["dir"] == "client->agent":
            if message.get("method") == "session/prompt":
                params = message["params"]
                turn = RecordedTurn(params["sessionId"], params["prompt"][0]["text"])
                running[(entry["process"], message["id"])] = turn
                found.append(turn)
            continue
        (parsed,) = read_line(json.dumps(message).encode()).messages
        if isinstance(parsed, RpcResponse):
            if (entry["process"], parsed.id) in running:
                running.pop((entry["process"], parsed.id)).answer = parsed
            continue
        for (process, _), turn in running.items():
            if process == entry["process"] and parsed.params.get("sessionId") == turn.session_id:
                turn.messages.append(parsed)
    return found


@dataclass
class Shown:
    """What a client would have on its screen after some messages of a turn."""

    events: list[AgentEvent]
    translator: AcpTranslator

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def tools(self) -> dict[str, list[ToolCall]]:
        calls: dict[str, list[ToolCall]] = defaultdict(list)
        for event in self.events:
            if isinstance(event, ToolCall):
                calls[event.part].append(event)
        return calls


def play(turn: RecordedTurn, count: int | None = None) -> Shown:
    """Translate the first `count` messages of a turn, or all of it with its end."""
    translator = AcpTranslator(ledger=UsageLedger(meaning=UsageMeaning.TURN, totals=SessionTotals()))
    events: list[AgentEvent] = []
    for message in turn.messages[:count]:
        if isinstance(message, RpcNotification) and message.method == "session/update":
            events += translator.on_update(read_update(message.params.get("update")))
        elif isinstance(message, RpcRequest) and message.method == "session/request_permission":
            call: Any = message.params["toolCall"]
            events += translator.on_permission(ToolReport(call["toolCallId"], call, False))[2]
    if count is None and turn.answer is not None and isinstance(turn.answer.result, dict):
        events += translator.on_answer(read_counts(turn.answer.result.get("usage")))
    events += translator.close_tools(completed=count is None)
    return Shown(events, translator)


def outcome_of(turn: RecordedTurn, shown: Shown) -> Outcome | None:
    """How the turn ended; None if it was never answered."""
    if turn.answer is None:
        return None
    if turn.answer.error is not None:
        return acp_outcome.refused(turn.answer.error, AGENT)
    return acp_outcome.classify(turn.answer.result, AGENT, shown.translator.product("Do it."))[0]


def raw_text(turn: RecordedTurn, kind: str) -> str:
    """The text of one kind as in the recording."""
    updates: list[Any] = [
        message.params.get("update") for message in turn.messages if isinstance(message, RpcNotification)
    ]
    return "".join(update["content"]["text"] for update in updates if update and update.get("sessionUpdate") == kind)


RECORDINGS = sorted(path.name for path in RECORDED.glob("*.jsonl"))


def test_the_recordings_are_there() -> None:
    assert len(RECORDINGS) == 24
    assert sum(len(turns(name)) for name in RECORDINGS) == 51


@pytest.mark.parametrize("name", RECORDINGS)
def test_text_and_reasoning_are_exact(name: str) -> None:
    for turn in turns(name):
        shown = play(turn)
        assert shown.text == raw_text(turn, "agent_message_chunk")
        assert shown.reasoning == raw_text(turn, "agent_thought_chunk")
        assert all(event.text for event in shown.events if isinstance(event, TextDelta | ReasoningDelta))
        assert not [event for event in shown.events if isinstance(event, Notice)]


@pytest.mark.parametrize("name", RECORDINGS)
def test_tools_go_forward_and_end_once(name: str) -> None:
    for turn in turns(name):
        for states in play(turn).tools.values():
            ranks = [_RANK.get(state.status, 2) for state in states]
            assert ranks == sorted(ranks)
            assert states[-1].status.final
            assert sum(state.status.final for state in states) == 1
            assert len({state.name for state in states}) == 1
            assert states[-1].kind is not ToolKind.OTHER
            assert states[-1].title


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_turn_cut_anywhere_shows_a_beginning(name: str) -> None:
    for turn in turns(name):
        whole = play(turn)
        for count in range(len(turn.messages)):
            part = play(turn, count)
            assert whole.text.startswith(part.text)
            assert set(part.tools) <= set(whole.tools)
            assert all(states[-1].status.final for states in part.tools.values())


@pytest.mark.parametrize("agent", ["claude", "opencode", "qwen"])
def test_how_turns_end(agent: str) -> None:
    ends: dict[str, list[str]] = {}
    for scene in ("basic", "permission", "cancel", "resume", "two", "error", "plan"):
        outcomes = [outcome_of(turn, play(turn)) for turn in turns(f"{agent}-{scene}.jsonl")]
        ends[scene] = [
            outcome.error.code if isinstance(outcome, Failed | Interrupted) else type(outcome).__name__
            for outcome in outcomes
        ]
    assert set(ends["basic"]) == set(ends["two"]) == set(ends["plan"]) == {"Completed"}
    assert ends["cancel"] == ["agent_aborted", "agent_aborted", "Completed"]
    assert ends["resume"] == ["Completed", "NoneType", "Completed", "Completed"]
    assert ends["error"] == ["model_failed", "Completed", "agent_session_gone"]
    assert ends["permission"][0] == "Completed"


@pytest.mark.parametrize("agent", ["claude", "opencode", "qwen"])
def test_the_basic_turn_in_detail(agent: str) -> None:
    first, second = turns(f"{agent}-basic.jsonl")
    shown = play(first)
    write, bash, read = (states[-1] for states in shown.tools.values())
    assert (write.kind, bash.kind, read.kind) == (ToolKind.EDIT, ToolKind.EXECUTE, ToolKind.READ)
    assert {write.status, bash.status, read.status} == {ToolStatus.COMPLETED}
    assert "notes.txt" in write.input
    assert "ls -1" in bash.input and "README.md\nnotes.txt" in bash.output
    assert "line one" in read.output
    assert shown.text == "hello there, all done"
    assert len({event.part for event in shown.events if isinstance(event, TextDelta)}) == 2
    assert play(second).text.startswith("users=2: ")


def test_usage_of_each_agent() -> None:
    def last(name: str, turn: int) -> Usage:
        return [event for event in play(turns(name)[turn]).events if isinstance(event, Usage)][-1]

    claude = last("claude-basic.jsonl", 0)
    assert (claude.input_tokens, claude.output_tokens, claude.context_tokens) == (400, 7, 102)
    assert claude.cost_usd == pytest.approx(0.0022)
    assert last("opencode-basic.jsonl", 0).input_tokens == 100
    qwen = last("qwen-basic.jsonl", 0)
    assert qwen.input_tokens >= 300  # summed over its model calls, which it reports with its text


def test_commands_of_half_a_megabyte() -> None:
    line = max((RECORDED / "qwen-basic.jsonl").read_bytes().splitlines(), key=len)
    assert len(line) > 550_000
    (message,) = read_line(json.dumps(json.loads(line)["msg"]).encode()).messages
    assert isinstance(message, RpcNotification)
    translator = AcpTranslator(ledger=UsageLedger(meaning=UsageMeaning.TURN, totals=SessionTotals()))
    (event,) = translator.on_update(read_update(message.params["update"]))
    assert isinstance(event, AgentCommands)
    assert len(event.commands) > 5


@pytest.mark.parametrize("agent", ["claude", "opencode", "qwen"])
def test_modes_and_models_are_found(agent: str) -> None:
    results = [
        json.loads(line)["msg"].get("result", {})
        for line in (RECORDED / f"{agent}-config.jsonl").read_text().splitlines()
    ]
    options = [read_options(result) for result in results if isinstance(result, dict) and "configOptions" in result]
    assert all(choice.current in choice.ids for found in options for choice in found.values())
    assert {OptionKind.MODE, OptionKind.MODEL} <= set(options[0])
    assert "plan" in options[0][OptionKind.MODE].ids
    assert (OptionKind.THINKING in options[-1]) == (agent != "qwen")
