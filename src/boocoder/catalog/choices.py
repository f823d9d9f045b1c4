"""Whether an agent offers what a task names, as far as the catalogue knows it. It asks nobody."""

from __future__ import annotations

from boocoder.errors import InvalidInput
from boocoder.model.agent import AgentInfo, AgentState

FREE_MODE = "yolo"  # every agent's mode that never asks; its driver knows what that is called there
_SHOWN = 20  # ids in an error's cure


def check_choice(info: AgentInfo | None, *, model: str | None, mode: str | None, thinking: str | None) -> None:
    """Refuse what the agent does not list. What it lists nothing of, and what is not known yet, passes.

    A model may be named without its provider: by what stands behind the slash.

    Args:
        info: of the agent, None if there is none of that name.
        model, mode, thinking: as the task names them.

    Raises:
        InvalidInput: agent_model_unknown, agent_mode_unknown, agent_thinking_unknown.
    """
    if info is None or info.state is not AgentState.READY or not info.tried:
        return
    if model and not any(known == model or known.endswith(f"/{model}") for known in info.models or (model,)):
        raise _unknown(info, "model", model, info.models)
    if mode and mode != FREE_MODE and mode not in (info.modes or (mode,)):
        raise _unknown(info, "mode", mode, info.modes)
    if thinking and thinking not in (info.thinking or (thinking,)):
        raise _unknown(info, "thinking", thinking, info.thinking)


def _unknown(info: AgentInfo, knob: str, wanted: str, offered: tuple[str, ...]) -> InvalidInput:
    near = [one for one in offered if wanted.lower() in one.lower()] or list(offered)
    more = f" and {len(near) - _SHOWN} more" if len(near) > _SHOWN else ""
    what = "thinking option" if knob == "thinking" else knob
    return InvalidInput(
        f"agent_{knob}_unknown",
        f"{info.name} has no {what} {wanted!r}.",
        f"It offers: {', '.join(near[:_SHOWN])}{more}. `boocoder agents --probe` asks it anew.",
    )
