"""The outcomes of the native agent's turns, with codes, texts and cures."""

from __future__ import annotations

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.model.errors import ModelError
from boocoder.model.turn import Failed, TurnError

_GO_ON = "Send a new prompt, such as 'go on': the conversation is kept."


def model_failed(error: ModelError) -> Failed:
    """A model call failed for good."""
    return Failed(TurnError(error.code, error.text, error.cure))


def gave_nothing() -> Failed:
    """The model answered twice with neither text nor a tool call."""
    text = "The model answered twice with nothing: no text and no tool call."
    return Failed(TurnError("agent_gave_nothing", text, "Send the prompt again or choose another model."))


def answer_too_long(tokens: int) -> Failed:
    """The answer was cut off at its limit."""
    text = f"The model's answer reached its limit ({tokens} tokens) and has no end."
    cure = f"{_GO_ON} If it happens often, give the model a larger context (agents.native.context_tokens)."
    return Failed(TurnError("model_answer_cut", text, cure))


def looping(loop: str) -> Failed:
    """The model repeats itself."""
    text = f"{loop} The turn was stopped."
    return Failed(TurnError("model_loop", text, "Say it in other words, in smaller steps, or choose another model."))


def too_many_steps(limits: NativeLimits) -> Failed:
    """The turn reached its limit of model calls."""
    text = f"The turn reached its limit of {limits.max_steps} model calls."
    return Failed(TurnError("step_limit", text, f"{_GO_ON} The setting is agents.native.max_steps."))


def too_many_tokens(limits: NativeLimits) -> Failed:
    """The turn reached its token limit."""
    text = f"The turn reached its limit of {limits.turn_tokens} tokens."
    return Failed(TurnError("token_limit", text, _GO_ON))


def too_long(limits: NativeLimits) -> Failed:
    """The turn reached its time limit."""
    text = f"The turn reached its limit of {limits.time_limit_s:g} s."
    return Failed(TurnError("time_limit", text, f"{_GO_ON} The setting is agents.native.time_limit_s."))
