"""Small pure parts of the ACP backend: lines, choices, forms, counts, verdicts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.acp import outcome as acp_outcome
from boocoder.backends.acp.options import OptionKind, OptionMethod, SessionOption, read_options
from boocoder.backends.acp.protocol.message import RpcError, RpcNotification, RpcRequest, RpcResponse, encode, read_line
from boocoder.backends.acp.questions import answer_content, read_questions
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.acp.updates.parser import Counts, MessageChunk, UsageReport, read_update
from boocoder.backends.acp.updates.text_parts import TextParts
from boocoder.backends.acp.updates.tool_state import ToolCallState
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import SessionTotals, UsageLedger
from boocoder.backends.shared.usage_meaning import UsageMeaning
from boocoder.events.agent_event import ReasoningDelta, TextDelta, ToolCall, ToolStatus
from boocoder.model.turn import Completed, Failed

AGENT = AcpAgent("agent", ("agent",), login="agent login")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
UPDATE_KEYS = st.sampled_from(
    (
        *("sessionUpdate", "content", "toolCallId", "status", "title", "kind", "rawInput", "rawOutput", "locations"),
        *("_meta", "entries", "used", "cost", "availableCommands", "currentModeId", "configOptions", "messageId"),
    )
)
UPDATE_KINDS = st.sampled_from(
    (
        *("agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan", "usage_update"),
        *("available_commands_update", "current_mode_update", "config_option_update", "user_message_chunk", "other"),
    )
)


def translator(meaning: UsageMeaning = UsageMeaning.TURN) -> AcpTranslator:
    """A fresh one."""
    return AcpTranslator(ledger=UsageLedger(meaning=meaning, totals=SessionTotals()))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_line(data: bytes) -> None:
    line = read_line(data)
    assert not (line.messages and line.broken)


@given(JSON)
def test_any_json_is_a_line(value: object) -> None:
    line = read_line(json.dumps(value).encode())
    assert all(isinstance(message, RpcResponse | RpcRequest | RpcNotification) for message in line.messages)


@given(st.lists(st.tuples(UPDATE_KINDS, st.dictionaries(UPDATE_KEYS, JSON, max_size=6)), max_size=8))
def test_any_updates_make_events(updates: list[tuple[str, dict[str, object]]]) -> None:
    turn = translator()
    events = []
    for kind, fields in updates:
        events += turn.on_update(read_update({**fields, "sessionUpdate": kind}))
    events += turn.close_tools(completed=True)
    assert turn.open_tools == 0
    assert all(event.text for event in events if isinstance(event, TextDelta | ReasoningDelta))


@pytest.mark.parametrize(
    ("line", "id"), [(b'{"id":7,"result":1}', 7), (b'{"id":"7","result":1}', 7), (b'{"id":7.0,"result":1}', 7)]
)
def test_ids_come_back_in_any_form(line: bytes, id: int) -> None:
    (answer,) = read_line(line).messages
    assert isinstance(answer, RpcResponse)
    assert answer.id == id


@pytest.mark.parametrize("id", ["x", "", True, None, [1], {"a": 1}, "1e3", "\N{ARABIC-INDIC DIGIT SEVEN}"])
def test_ids_that_cannot_be_ours(id: object) -> None:
    (answer,) = read_line(json.dumps({"id": id, "result": 1}).encode()).messages
    assert isinstance(answer, RpcResponse)
    assert answer.id is None


def test_lone_surrogates_can_be_sent_and_received() -> None:
    assert json.loads(encode({"text": "a\ud800b"}))["text"] == "a\ud800b"
    (message,) = read_line(b'{"method":"m","params":{"text":"a\\ud800b"}}').messages
    assert isinstance(message, RpcNotification)
    assert message.params["text"] == "a\ud800b"


def test_a_choice_is_found_by_id_name_or_last_piece() -> None:
    offered = (("p/small", "Small"), ("p/large", "Large"), ("q/large", "Large"))
    choice = SessionOption("p/small", offered, OptionMethod.SET_MODEL)
    assert choice.find("q/large") == "q/large"
    assert choice.find("Small") == choice.find("small") == "p/small"
    assert choice.find("large") is choice.find("Large") is choice.find("none") is None


def test_config_options_win_over_older_lists_and_groups_are_opened() -> None:
    grouped = [{"group": "g", "name": "G", "options": [{"value": "b", "name": "B"}]}]
    found = read_options(
        {
            "modes": {"currentModeId": "x", "availableModes": [{"id": "x"}]},
            "models": {"currentModelId": "m", "availableModels": [{"modelId": "m"}]},
            "configOptions": [
                {
                    "id": "how",
                    "category": "mode",
                    "currentValue": "a",
                    "options": [{"value": "a", "name": "A"}, *grouped],
                },
                {"id": "thinking_effort", "currentValue": "low", "options": [{"value": "low"}]},
            ],
        }
    )
    assert found[OptionKind.MODE] == SessionOption("a", (("a", "A"), ("b", "B")), OptionMethod.CONFIG_OPTION, "how")
    assert found[OptionKind.MODEL].method is OptionMethod.SET_MODEL
    assert found[OptionKind.THINKING].config_id == "thinking_effort"


def test_a_form_becomes_questions_and_back() -> None:
    params: dict[str, object] = {
        "mode": "form",
        "message": "Choose.",
        "requestedSchema": {
            "properties": {
                "pick": {"type": "string", "enum": ["a", "b"], "enumNames": ["First", "Second"]},
                "many": {"type": "array", "items": {"anyOf": [{"const": 1, "title": "One"}, {"const": 2}]}},
                "sure": {"type": "boolean"},
                "size": {"type": "integer"},
                "left": {"type": "string"},
            }
        },
    }
    names, questions = read_questions(params)
    assert [question.choices for question in questions] == [("First", "Second"), ("One", "2"), ("yes", "no"), (), ()]
    assert questions[1].multiple
    answers = [["Second"], ["One", "2"], ["yes"], ["12"], []]
    assert answer_content(params, names, answers) == {"pick": "b", "many": [1, 2], "sure": True, "size": 12}
    assert read_questions({"mode": "url", "url": "https://example.org"}) == ((), ())


def test_counts_of_a_whole_session_become_those_of_the_turn() -> None:
    totals = SessionTotals()
    used = []
    for counts in (Counts(100, 10), Counts(250, 15), Counts(40, 2)):
        ledger = UsageLedger(meaning=UsageMeaning.CUMULATIVE, totals=totals)
        used.append([(usage.input_tokens, usage.output_tokens) for usage in ledger.on_answer(counts)])
    assert used == [[], [(150, 5)], []]


def test_cost_is_counted_from_the_turn_before() -> None:
    totals = SessionTotals()
    costs = []
    for reported in (0.5, 0.75, 0.25):  # the third comes from a new process
        ledger = UsageLedger(meaning=UsageMeaning.TURN, totals=totals)
        costs += [usage.cost_usd for usage in ledger.on_report(UsageReport(10, reported))]
    assert costs == [0.5, 0.25, 0.25]


def test_repeating_agents_are_cut_and_others_are_not() -> None:
    runs = TextParts()
    pieces = ["a", "ha", "haha", "ha", "haha", "no", "\n\n", "\n\n"]
    said = [event for piece in pieces for event in runs.add(MessageChunk(piece))[0]]
    assert "".join(event.text for event in said if isinstance(event, TextDelta)) == "".join(pieces)


def test_a_new_message_is_a_new_part_unless_every_piece_is_one() -> None:
    runs = TextParts()
    parts = [runs.add(MessageChunk("x", message_id=str(number)))[0][0] for number in range(1000)]
    keys = {part.part for part in parts if isinstance(part, TextDelta)}
    assert 100 < len(keys) <= 201


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RpcError(-32000, "Authentication required"), "agent_login_needed"),
        (RpcError(-32603, "Internal error", "400 scripted failure"), "model_failed"),
        (RpcError(401, "no key"), "model_failed"),
        (RpcError(-32603, "prompt is too long: 9 > 8"), "context_overflow"),
        (RpcError(-32603, "connect ECONNREFUSED 127.0.0.1:1"), "model_unreachable"),
        (RpcError(-32603, "Session not found: x"), "agent_session_gone"),
        (RpcError(-32603, ""), "agent_failed"),
        (RpcError(0, "port 5000 of 14000"), "agent_failed"),
    ],
)
def test_errors_have_names(error: RpcError, code: str) -> None:
    outcome = acp_outcome.refused(error, AGENT)
    assert outcome.error.code == code
    assert outcome.error.text and outcome.error.cure


def test_an_error_told_as_an_answer() -> None:
    agent = AcpAgent("agent", ("agent",), error_text=r"Ran into this error: (.*?)\s*Please retry\.")
    result = {"stopReason": "end_turn"}
    said = "well, Ran into this error: 400 no.\nPlease retry.\n"
    ended, _ = acp_outcome.classify(result, agent, acp_outcome.TurnProduct(True, last_text=said))
    assert isinstance(ended, Failed)
    assert ended.error.code == "model_failed"
    assert "Please retry" not in ended.error.text
    said = "Ran into this error: x. Please retry. I did."
    ended, _ = acp_outcome.classify(result, agent, acp_outcome.TurnProduct(True, last_text=said))
    assert ended == Completed()


@pytest.mark.parametrize(
    ("ids", "wanted", "found"),
    [
        (("https://x.example/modes#agent", "https://x.example/modes#autopilot"), "autopilot", "#autopilot"),
        (("https://x.example/modes#agent", "https://x.example/modes#autopilot"), "yolo", "#autopilot"),
        (("default", "acceptEdits", "plan", "bypassPermissions"), "yolo", "bypassPermissions"),
        (("default", "acceptEdits", "plan", "bypassPermissions"), "read-only", "plan"),
        (("read-only", "agent", "agent-full-access"), "plan", "read-only"),
        (("read-only", "agent", "agent-full-access"), "yolo", "agent-full-access"),
        (("build",), "plan", ""),
        (("build",), "turbo", ""),
    ],
)
def test_a_mode_is_found_by_its_meaning(ids: tuple[str, ...], wanted: str, found: str) -> None:
    option = SessionOption(ids[0], tuple((id, id) for id in ids), OptionMethod.SET_MODE)
    mode = option.find(wanted) or option.nearest_mode(wanted) or ""
    assert mode.endswith(found) and bool(mode) == bool(found)


def test_modes_that_are_urls_are_shown_short() -> None:
    ids = ("https://x.example/modes#agent", "https://x.example/modes#plan", "https://y.example/modes#plan", "own/plan")
    option = SessionOption(ids[0], tuple((id, id) for id in ids), OptionMethod.SET_MODE)
    assert option.short_ids == ("agent", *ids[1:])
    assert option.find("agent") == ids[0]


@pytest.mark.parametrize(
    ("fields", "argument"),
    [
        ({"title": "Shell: ls -la", "kind": "execute"}, "ls -la"),
        ({"title": "Shell: ls -la"}, "ls -la"),
        ({"title": "Shell: ls", "rawInput": {"command": "ls -l"}}, "ls -l"),
        ({"title": "ReadFile: src/a.py", "kind": "read"}, "ReadFile: src/a.py"),
        ({"title": "make test: unit", "kind": "execute"}, "make test: unit"),
    ],
)
def test_a_rule_meets_the_bare_command(fields: dict[str, object], argument: str) -> None:
    tool = ToolCallState("t")
    tool.take(fields)
    assert tool.argument == argument


@pytest.mark.parametrize("output", ["", "half of it"])
def test_a_call_that_the_agent_never_closes_is_neither_done_nor_failed(output: str) -> None:
    turn = translator()
    fields = {"sessionUpdate": "tool_call", "toolCallId": "t", "title": "x", "status": "in_progress"}
    turn.on_update(read_update({**fields, "rawOutput": output or None}))
    turn.on_update(read_update({**fields, "toolCallId": "r"}))
    turn.refused("r", "No.")
    states = {event.part: event.status for event in turn.close_tools(completed=True) if isinstance(event, ToolCall)}
    assert states == {"t": ToolStatus.UNREPORTED, "r": ToolStatus.FAILED}
