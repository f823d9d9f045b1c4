"""Small pure parts of the ACP backend: lines, choices, forms, counts, verdicts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.acp import verdict
from boocoder.backends.acp.message import Answer, Call, Notification, RpcError, encode, read_line
from boocoder.backends.acp.options import Choice, Knob, Way, read_options
from boocoder.backends.acp.questions import answer_content, read_questions
from boocoder.backends.acp.settings import AcpAgent, UsageMeaning
from boocoder.backends.acp.text_runs import TextRuns
from boocoder.backends.acp.translate import TurnTranslator
from boocoder.backends.acp.updates import Counts, Said, UsageReport, read_update
from boocoder.backends.acp.usage import SessionTotals, UsageLedger
from boocoder.events.agent_event import ReasoningDelta, TextDelta
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


def translator(meaning: UsageMeaning = UsageMeaning.TURN) -> TurnTranslator:
    """A fresh one."""
    return TurnTranslator(ledger=UsageLedger(meaning=meaning, totals=SessionTotals()))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_line(data: bytes) -> None:
    line = read_line(data)
    assert not (line.messages and line.broken)


@given(JSON)
def test_any_json_is_a_line(value: object) -> None:
    line = read_line(json.dumps(value).encode())
    assert all(isinstance(message, Answer | Call | Notification) for message in line.messages)


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
    assert isinstance(answer, Answer)
    assert answer.id == id


@pytest.mark.parametrize("id", ["x", "", True, None, [1], {"a": 1}, "1e3", "\N{ARABIC-INDIC DIGIT SEVEN}"])
def test_ids_that_cannot_be_ours(id: object) -> None:
    (answer,) = read_line(json.dumps({"id": id, "result": 1}).encode()).messages
    assert isinstance(answer, Answer)
    assert answer.id is None


def test_lone_surrogates_can_be_sent_and_received() -> None:
    assert json.loads(encode({"text": "a\ud800b"}))["text"] == "a\ud800b"
    (message,) = read_line(b'{"method":"m","params":{"text":"a\\ud800b"}}').messages
    assert isinstance(message, Notification)
    assert message.params["text"] == "a\ud800b"


def test_a_choice_is_found_by_id_name_or_last_piece() -> None:
    offered = (("p/small", "Small"), ("p/large", "Large"), ("q/large", "Large"))
    choice = Choice("p/small", offered, Way.SET_MODEL)
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
    assert found[Knob.MODE] == Choice("a", (("a", "A"), ("b", "B")), Way.CONFIG_OPTION, "how")
    assert found[Knob.MODEL].way is Way.SET_MODEL
    assert found[Knob.THINKING].config_id == "thinking_effort"


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
    runs = TextRuns()
    pieces = ["a", "ha", "haha", "ha", "haha", "no", "\n\n", "\n\n"]
    said = [event for piece in pieces for event in runs.add(Said(piece))[0]]
    assert "".join(event.text for event in said if isinstance(event, TextDelta)) == "".join(pieces)


def test_a_new_message_is_a_new_part_unless_every_piece_is_one() -> None:
    runs = TextRuns()
    parts = [runs.add(Said("x", message_id=str(number)))[0][0] for number in range(1000)]
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
    outcome = verdict.refused(error, AGENT)
    assert outcome.error.code == code
    assert outcome.error.text and outcome.error.cure


def test_an_error_told_as_an_answer() -> None:
    agent = AcpAgent("agent", ("agent",), error_text=r"Ran into this error: (.*?)\s*Please retry\.")
    result = {"stopReason": "end_turn"}
    ended, _ = verdict.judge(
        result, agent, said_something=True, text="well, Ran into this error: 400 no.\nPlease retry.\n"
    )
    assert isinstance(ended, Failed)
    assert ended.error.code == "model_failed"
    assert "Please retry" not in ended.error.text
    ended, _ = verdict.judge(result, agent, said_something=True, text="Ran into this error: x. Please retry. I did.")
    assert ended == Completed()
