"""Checks the agent and the options that a task names against what the agents offer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from boocoder.errors import InvalidInput
from boocoder.model.agent import AgentInfo, AgentState, Transport

FREE_MODE = "yolo"  # every agent's mode that never asks; its driver knows what that is called there
_ACP_MODES = ("plan", "read-only")  # ACP agents get the nearest of their own modes
_SHOWN = 20  # ids in an error's cure


def require_agent(name: str | None, known: Iterable[AgentInfo]) -> AgentInfo:
    """The agent of this name.

    Raises:
        InvalidInput: agent_unknown, with the nearest name.
    """
    agents = {info.name: info for info in known}
    if name in agents:
        return agents[name]
    here = [info.name for info in agents.values() if not info.is_missing]
    raise InvalidInput("agent_unknown", f"There is no agent {name!r}.", _suggestion(name or "", list(agents), here))


def check_choice(info: AgentInfo, *, model: str | None, mode: str | None, thinking: str | None) -> None:
    """Refuse options that the agent does not list; it may accept any where it lists none, or was not tried yet.

    A model may be named without its provider, by the part behind the slash.

    Args:
        info: of the agent.
        model, mode, thinking: as the task names them.

    Raises:
        InvalidInput: agent_model_unknown, agent_mode_unknown, agent_thinking_unknown.
    """
    if info.state is not AgentState.READY or not info.tried:
        return
    if model and not any(known == model or known.endswith(f"/{model}") for known in info.model_names or (model,)):
        raise _unknown(info, "model", model, info.models)
    translated = (FREE_MODE, *_ACP_MODES) if info.transport is Transport.ACP else (FREE_MODE,)
    if mode and mode not in translated and mode not in (info.modes or (mode,)):
        raise _unknown(info, "mode", mode, info.modes)
    if thinking and thinking not in (info.thinking or (thinking,)):
        raise _unknown(info, "thinking", thinking, info.thinking)


def _unknown(info: AgentInfo, option: str, wanted: str, offered: Sequence[str]) -> InvalidInput:
    what = "thinking option" if option == "thinking" else option
    similar = [one for one in offered if wanted.lower() in one.lower()] or list(offered)
    return InvalidInput(
        f"agent_{option}_unknown",
        f"{info.name} has no {what} {wanted!r}.",
        f"{_suggestion(wanted, offered, similar)} To refresh the list: boocoder agents --probe",
    )


def _suggestion(wanted: str, names: Sequence[str], listed: Sequence[str]) -> str:
    """The nearest name, and some of those that there are."""
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(wanted.lower(), lower, n=1)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    offered = f"Available: {', '.join(listed[:_SHOWN])}{more}." if listed else ""
    return " ".join(filter(None, [f"Did you mean {lower[near[0]]}?" if near else "", offered]))
