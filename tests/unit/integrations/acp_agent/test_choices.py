"""Which agent works behind a session: the first choice, the options that are offered, and changing one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from acp.schema import SessionConfigOptionSelect, SessionConfigSelectOption

from boocoder.errors import BoocoderError
from boocoder.integrations.acp_agent.choices import (
    AGENTS_OWN,
    AgentChoice,
    config_options,
    first_choice,
    mode_state,
    with_option,
)
from boocoder.model.agent import AgentInfo, AgentState, ModelDetails
from boocoder.model.ids import ChatId, SessionId, new_id
from boocoder.wire.sessions import Chat

BROKEN = AgentInfo(name="broken", backend="acp", state=AgentState.ERROR, reason="It is not signed in.", cure="Sign in.")
PLAIN = AgentInfo(name="plain", backend="oneshot", state=AgentState.READY)
RICH = AgentInfo(
    name="rich",
    backend="acp",
    state=AgentState.READY,
    title="Rich",
    models=("small", "large"),
    modes=("ask", "plan"),
    thinking=("low", "high"),
    default_model="small",
    default_mode="ask",
    model_details=(ModelDetails("large", "The large one"),),
)
AGENTS = (BROKEN, PLAIN, RICH)


def chat(agent: str | None, model: str | None = None) -> Chat:
    session = SessionId(new_id())
    return Chat(ChatId(new_id()), session, "t", agent, model, None, None, datetime.now(UTC))


def offered(choice: AgentChoice) -> dict[str, tuple[str, list[str]]]:
    """The options: current value and all values, by id."""
    made: dict[str, tuple[str, list[str]]] = {}
    for one in config_options(AGENTS, choice):
        assert isinstance(one, SessionConfigOptionSelect)
        values = [value.value for value in one.options if isinstance(value, SessionConfigSelectOption)]
        assert one.current_value in values
        made[one.id] = (one.current_value, values)
    return made


def test_the_first_choice() -> None:
    assert first_choice(AGENTS, "") == AgentChoice("plain")
    assert first_choice(AGENTS, "rich") == AgentChoice("rich")
    chats = (chat("rich", "large"), chat(None))
    assert first_choice(AGENTS, "plain", chats) == AgentChoice("rich", "large"), "the session's own agent"
    for wanted, agents, words in (
        ("nobody", AGENTS, r"no agent called 'nobody'\. See them with: boocoder agents"),
        ("broken", AGENTS, r"broken is not ready: It is not signed in\. Sign in\."),
        ("", (BROKEN,), r"No agent is ready\. See why with: boocoder agents"),
    ):
        with pytest.raises(BoocoderError, match=words):
            first_choice(agents, wanted)


def test_only_what_the_agent_lists_is_offered() -> None:
    assert offered(AgentChoice("plain")) == {"agent": ("plain", ["plain", "rich"])}
    assert mode_state(AGENTS, AgentChoice("plain")) is None
    assert offered(AgentChoice("rich")) == {
        "agent": ("rich", ["plain", "rich"]),
        "model": ("small", ["small", "large"]),
        "mode": ("ask", ["ask", "plan"]),
        "thinking": (AGENTS_OWN, [AGENTS_OWN, "low", "high"]),
    }


def test_a_value_that_is_no_longer_listed_stays_visible() -> None:
    shown = offered(AgentChoice("gone", "old"))
    assert shown == {"agent": ("gone", ["plain", "rich", "gone"])}
    assert offered(AgentChoice("rich", "The large one"))["model"] == (
        "The large one",
        ["small", "large", "The large one"],
    )


def test_options_are_changed_one_by_one_and_an_agent_takes_its_own_defaults() -> None:
    choice = with_option(AGENTS, AgentChoice("rich"), "model", "large")
    choice = with_option(AGENTS, choice, "thinking", "high")
    choice = with_option(AGENTS, choice, "mode", "plan")
    assert choice == AgentChoice("rich", "large", "plan", "high")
    modes = mode_state(AGENTS, choice)
    assert modes is not None and modes.current_mode_id == "plan"
    assert with_option(AGENTS, choice, "thinking", AGENTS_OWN).thinking is None
    assert with_option(AGENTS, choice, "agent", "rich") == choice
    assert with_option(AGENTS, choice, "agent", "plain") == AgentChoice("plain")
    for option, value, words in (
        ("model", "huge", r"'huge' is not a value of the option model\. Its values are: small, large"),
        ("model", True, "True is not a value"),
        ("colour", "red", r"no option 'colour'\. It has: agent, model, mode, thinking"),
    ):
        with pytest.raises(BoocoderError, match=words):
            with_option(AGENTS, choice, option, value)
