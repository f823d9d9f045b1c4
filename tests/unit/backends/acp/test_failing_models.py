"""Turns that real agents ended as complete although their model had failed, as they were recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from boocoder.backends.acp.outcome import TurnProduct, classify
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.acp.updates.parser import read_update
from boocoder.backends.acp.updates.translator import AcpTranslator
from boocoder.backends.acp.updates.usage import SessionTotals, UsageLedger
from boocoder.catalog.known_agents import known_agents
from boocoder.catalog.launch_plan import known_driver
from boocoder.events.agent_event import Notice
from boocoder.model.agent import Transport
from boocoder.model.turn import Completed, Failed
from tests.paths import GOLDEN

TURNS: list[dict[str, Any]] = [
    json.loads(line) for line in (GOLDEN / "acp_failures" / "turns.jsonl").read_text().splitlines()
]
TAKEN_FOR_AN_END = [("goose", "cut")]  # half an answer without any sign that the stream had no end
UNKNOWN = AcpAgent("unknown", ("unknown",))


def known(name: str) -> AcpAgent:
    """The agent as boocoder knows it."""
    driver = known_driver(known_agents()[name], Transport.ACP)
    assert isinstance(driver, AcpAgent)
    return driver


def told(turn: dict[str, Any]) -> tuple[AcpTranslator, list[object]]:
    """The translator after the turn, and its events."""
    translator = AcpTranslator(ledger=UsageLedger(meaning=UNKNOWN.usage, totals=SessionTotals()))
    return translator, [event for update in turn["updates"] for event in translator.on_update(read_update(update))]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: f"{turn['agent']}-{turn['model']}")
def test_a_failed_model_is_no_success(turn: dict[str, Any]) -> None:
    translator, _ = told(turn)
    outcome, _ = classify(turn["result"], known(turn["agent"]), translator.product("Do it."))
    if (turn["agent"], turn["model"]) in TAKEN_FOR_AN_END:
        assert outcome == Completed()
        return
    assert isinstance(outcome, Failed)
    assert outcome.error.code in ("model_failed", "model_unreachable", "agent_gave_nothing")
    assert outcome.error.cure


@pytest.mark.parametrize(
    "turn",
    [turn for turn in TURNS if turn["model"] not in ("cut", "drop") and turn["agent"] != "gemini"],
    ids=lambda turn: f"{turn['agent']}-{turn['model']}",
)
def test_nor_is_it_for_an_agent_that_boocoder_does_not_know(turn: dict[str, Any]) -> None:
    plain = {**turn, "updates": [update for update in turn["updates"] if "content" in update]}
    outcome, _ = classify({"stopReason": "end_turn"}, UNKNOWN, told(plain)[0].product("Do it."))
    if turn["agent"] == "goose" and turn["model"] not in ("drop-at-once", "cut-at-once"):
        return  # "Ran into this error: ..." is goose's own form
    assert isinstance(outcome, Failed)
    assert "looks like the agent's model failed" in outcome.error.text


def test_codex_says_that_it_tries_its_model_again() -> None:
    (turn,) = [turn for turn in TURNS if (turn["agent"], turn["model"]) == ("codex", "404")]
    (notice,) = [event for event in told(turn)[1] if isinstance(event, Notice)]
    assert notice.code == "model_retried"
    assert "unexpected status 404" in notice.text


def test_a_notice_of_the_agent_is_shown() -> None:
    translator, events = told(
        {
            "updates": [
                {"sessionUpdate": "notice", "severity": "warning", "title": "Retrying", "description": "Attempt 1."}
            ]
        }
    )
    assert [(event.code, event.text) for event in events if isinstance(event, Notice)] == [
        ("agent_warning", "Retrying\nAttempt 1.")
    ]
    assert not translator.said_something


def test_a_command_of_the_agent_needs_no_model() -> None:
    result = {"stopReason": "end_turn", "_meta": {"quota": {"model_usage": []}}}
    assert classify(result, UNKNOWN, TurnProduct(True, last_text="Status: fine", command=True))[0] == Completed()
    assert isinstance(classify(result, UNKNOWN, TurnProduct(True, last_text="half an"))[0], Failed)
