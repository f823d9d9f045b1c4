"""Which agent works behind a session, with which model, mode and thinking: as ACP's config options and modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acp.schema import (
    SessionConfigOptionBoolean,
    SessionConfigOptionSelect,
    SessionConfigSelectOption,
    SessionMode,
    SessionModeState,
)

from boocoder.errors import InvalidInput, NotFound, Unavailable
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.wire.sessions import Chat

AGENT, MODEL, MODE, THINKING = "agent", "model", "mode", "thinking"
AGENTS_OWN = "agent-default"  # the value of an option that is left to the agent
ConfigOption = SessionConfigOptionSelect | SessionConfigOptionBoolean


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """What the next task of a session names; None leaves it to the agent."""

    agent: str
    model: str | None = None
    mode: str | None = None
    thinking: str | None = None


def first_choice(agents: Sequence[AgentInfo], wanted: str, chats: Sequence[Chat] = ()) -> AgentChoice:
    """The choice of a session that is opened.

    Args:
        agents: of the service.
        wanted: the agent that the command or the settings name; "" for the first that is ready.
        chats: of a session that exists; its newest task's agent goes before `wanted`.

    Raises:
        NotFound: agent_unknown.
        Unavailable: agent_not_ready, no_agent_ready.
    """
    for chat in reversed(chats):
        if chat.agent is not None:
            return AgentChoice(chat.agent, chat.model, chat.mode, chat.thinking)
    if not wanted:
        ready = next((one.name for one in agents if one.state is AgentState.READY), None)
        if ready is None:
            raise Unavailable("no_agent_ready", "No agent is ready.", "See why with: boocoder agents")
        return AgentChoice(ready)
    info = agent_info(agents, wanted)
    if info is None:
        raise NotFound("agent_unknown", f"There is no agent called {wanted!r}.", "See them with: boocoder agents")
    if info.state not in (AgentState.READY, AgentState.LOADING):
        raise Unavailable("agent_not_ready", f"The agent {wanted} is not ready: {info.reason}", info.cure)
    return AgentChoice(wanted)


def agent_info(agents: Sequence[AgentInfo], name: str) -> AgentInfo | None:
    """The agent with this name."""
    return next((one for one in agents if one.name == name), None)


def config_options(agents: Sequence[AgentInfo], choice: AgentChoice) -> list[ConfigOption]:
    """The options that an editor shows; those that the agent does not list are left out."""
    info = agent_info(agents, choice.agent)
    names = [(one.name, one.title or one.name) for one in agents if one.state is AgentState.READY]
    options: list[ConfigOption] = [_select(AGENT, "Agent", None, names, choice.agent)]
    if info is None:
        return options
    labels = {one.id: one.label for one in info.model_details}
    models = [(one, labels.get(one, one)) for one in info.models]
    offered = (
        (MODEL, "Model", "model", models, choice.model, info.default_model),
        (MODE, "Mode", "mode", [(one, one) for one in info.modes], choice.mode, info.default_mode),
        (THINKING, "Thinking", "thought_level", [(one, one) for one in info.thinking], choice.thinking, None),
    )
    for option, name, category, values, chosen, default in offered:
        if values:
            options.append(_select(option, name, category, *_with_default(values, chosen, default)))
    return options


def mode_state(agents: Sequence[AgentInfo], choice: AgentChoice) -> SessionModeState | None:
    """The agent's modes; None if it lists none."""
    info = agent_info(agents, choice.agent)
    if info is None or not info.modes:
        return None
    values, current = _with_default([(one, one) for one in info.modes], choice.mode, info.default_mode)
    modes = [SessionMode(id=value, name=name) for value, name in values]
    return SessionModeState(available_modes=modes, current_mode_id=current)


def with_option(agents: Sequence[AgentInfo], choice: AgentChoice, option: str, value: object) -> AgentChoice:
    """The choice with another value of an option.

    Raises:
        InvalidInput: option_unknown, option_value_unknown.
    """
    offered = {one.id: one for one in config_options(agents, choice) if isinstance(one, SessionConfigOptionSelect)}
    if option not in offered:
        text = f"The session has no option {option!r}."
        raise InvalidInput("option_unknown", text, f"It has: {', '.join(offered)}.")
    values = [one.value for one in offered[option].options if isinstance(one, SessionConfigSelectOption)]
    if not isinstance(value, str) or value not in values:
        text = f"{value!r} is not a value of the option {option}."
        raise InvalidInput("option_value_unknown", text, f"Its values are: {', '.join(values)}.")
    if option == AGENT:
        return choice if value == choice.agent else AgentChoice(value)
    named = None if value == AGENTS_OWN else value
    match option:
        case "model":
            return replace(choice, model=named)
        case "mode":
            return replace(choice, mode=named)
        case _:
            return replace(choice, thinking=named)


def _with_default(
    values: list[tuple[str, str]], chosen: str | None, default: str | None
) -> tuple[list[tuple[str, str]], str]:
    """The values to offer, and the current one: without a known default there is one more, which leaves it open."""
    known = [value for value, _ in values]
    if default is None or default not in known:
        values = [(AGENTS_OWN, "Agent's default"), *values]
    current = chosen or (default if default in known else None) or AGENTS_OWN
    if current not in (*known, AGENTS_OWN):
        values = [*values, (current, current)]  # a name for people, or one that is no longer listed
    return values, current


def _select(
    option: str, name: str, category: str | None, values: Sequence[tuple[str, str]], current: str
) -> SessionConfigOptionSelect:
    if current not in [value for value, _ in values]:
        values = [*values, (current, current)]
    listed = [SessionConfigSelectOption(value=value, name=label) for value, label in values]
    select = SessionConfigOptionSelect(id=option, name=name, type="select", current_value=current, options=listed)
    return select if category is None else select.model_copy(update={"category": category})
