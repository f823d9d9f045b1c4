"""The outcomes of the native agent's turns with their codes, words and cures. Pure."""

from __future__ import annotations

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.refusal import CHECK_SERVER, ModelError
from boocoder.model.turn import Cancelled, Failed, Interrupted, Outcome, StopReason, TimedOut, TurnError

_GO_ON = "Send a new prompt, such as 'go on': the conversation is kept."
_RESUME = "Resume the turn."


def stopped(reason: StopReason) -> Outcome:
    """The outcome of a turn that was asked to end."""
    match reason:
        case StopReason.CANCELLED:
            return Cancelled()
        case StopReason.SILENT:
            return TimedOut(TurnError("agent_silent", "The model said nothing for too long.", CHECK_SERVER))
        case StopReason.SHUTDOWN:
            return Interrupted(TurnError("host_stopped", "boocoder was stopped during the turn.", _RESUME))
        case StopReason.LEASE_LOST:
            return Interrupted(TurnError("lease_lost", "Another host took this turn over.", "Watch it there."))


def model_failed(error: ModelError) -> Failed:
    """A model call failed for good."""
    return Failed(TurnError(error.code, error.text, error.cure))


def store_broken(error: OSError) -> Failed:
    """The conversation could not be written down."""
    text = f"The native agent cannot write its own store: {error}."
    cure = "Check free space and permissions of boocoder's data directory."
    return Failed(TurnError("agent_store_broken", text, cure))


def gave_nothing() -> Failed:
    """Twice neither text nor tool call."""
    text = "The model answered twice with nothing: no text and no tool call."
    return Failed(TurnError("agent_gave_nothing", text, "Send the prompt again or choose another model."))


def answer_too_long(tokens: int) -> Failed:
    """The answer's end is missing because it reached its limit."""
    text = f"The model's answer reached its limit ({tokens} tokens) and has no end."
    cure = f"{_GO_ON} If it happens often, give the model a larger context (agents.native.context_tokens)."
    return Failed(TurnError("model_answer_cut", text, cure))


def looping(times: int) -> Failed:
    """The model makes the same call again and again."""
    text = f"The model made the same tool call {times} times with the same result; the turn was stopped."
    return Failed(TurnError("model_loop", text, "Say it in other words, in smaller steps, or choose another model."))


def too_many_steps(limits: NativeLimits) -> Failed:
    """The turn needs more model calls than it may."""
    text = f"The turn reached its limit of {limits.max_steps} model calls."
    return Failed(TurnError("step_limit", text, f"{_GO_ON} The setting is agents.native.max_steps."))


def too_many_tokens(limits: NativeLimits) -> Failed:
    """The turn used more tokens than it may."""
    text = f"The turn reached its limit of {limits.turn_tokens} tokens."
    return Failed(TurnError("token_limit", text, _GO_ON))


def too_long(limits: NativeLimits) -> Failed:
    """The turn took more time than it may."""
    text = f"The turn reached its limit of {limits.time_limit_s:g} s."
    return Failed(TurnError("time_limit", text, f"{_GO_ON} The setting is agents.native.time_limit_s."))


def interrupted_by_death(*, known: bool) -> Interrupted:
    """The outcome of a turn whose host died.

    Args:
        known: whether the agent's own store has anything of that turn.
    """
    had = "what the agent had done is kept" if known else "the agent's store knows nothing of the turn"
    return Interrupted(TurnError("host_died", f"boocoder ended while the turn ran; {had}.", _RESUME))
