"""Classifies how a turn ended from opencode's answer and errors; adds a cure."""

from __future__ import annotations

from boocoder.backends.opencode.http.wire import ErrorInfo, MessageInfo, SessionStatus
from boocoder.errors import sentences
from boocoder.model.turn import Completed, Failed, Interrupted, Outcome, TurnError

_OVERFLOW_WORDS = ("context length", "context_length", "maximum context", "prompt is too long", "context window")
_CHECK_SERVER = "Check that the model server runs and has the model, then send the prompt again."
_AGAIN = "Send the prompt again; the conversation is kept."


def died(text: str) -> Failed:
    """The server's process ended in mid-turn."""
    return Failed(TurnError("agent_died", sentences("opencode died in mid-turn.", text), _AGAIN))


def looping(count: int) -> Failed:
    """The model's stream ended again and again without a finish reason, and opencode asked again at once."""
    text = f"The model's answer was cut off {count} times in a row and opencode kept asking; the turn was stopped."
    return Failed(TurnError("model_loop", text, _CHECK_SERVER))


def retried_too_long(status: SessionStatus, limit_s: float) -> Failed:
    """opencode kept retrying the model for longer than the limit."""
    text = f"The model could not be reached for {limit_s:.0f} s ({status.attempt} tries): {status.message}"
    return Failed(TurnError("model_unreachable", text.strip(), _CHECK_SERVER))


def decided_by_another() -> Failed:
    """A request of the agent was granted by another client, most likely by the agent itself."""
    text = "Another client answered a request of opencode, so no person was asked; the turn was stopped."
    return Failed(TurnError("decision_forged", text, "Review the change, and what the agent ran, before you go on."))


def refused(text: str) -> Failed:
    """opencode did not take the prompt.

    Args:
        text: what it said, from the stream's error if there was one.
    """
    low = text.lower()
    if "model not found" in low or "providermodelnotfound" in low:
        return Failed(TurnError("model_unknown", text, "Choose a model that the agent lists."))
    if "agent not found" in low:
        return Failed(TurnError("agent_mode_unknown", text, "Choose a mode that the agent lists."))
    return Failed(TurnError("agent_refused", f"opencode did not take the prompt: {text}", _AGAIN))


def unusable(code: str, text: str, cure: str) -> Outcome:
    """The outcome of an error with code and text; a server that boocoder stopped is an interruption."""
    error = TurnError(code, text, cure or _AGAIN)
    return Interrupted(error) if code == "agent_stopped" else Failed(error)


def classify(final: MessageInfo | None, *, said_something: bool) -> Outcome:
    """How the turn ended.

    Args:
        final: the newest assistant message of the turn, None if there is none.
        said_something: whether any text or tool call was passed on.
    """
    if final is None:
        text = "opencode ended the turn without an answer."
        return Failed(TurnError("agent_gave_nothing", text, _AGAIN))
    if final.error is not None:
        return _classify_error(final.error)
    if final.open:
        return Interrupted(TurnError("agent_stopped_early", "opencode left its answer unfinished.", "Resume the turn."))
    if final.finish in ("unknown", "error"):
        text = "The model's answer was cut off before its end."
        return Failed(TurnError("model_stream_cut", text, _CHECK_SERVER))
    if not said_something:
        text = "The model answered with nothing: no text and no tool call."
        return Failed(TurnError("agent_gave_nothing", text, "Send the prompt again or choose another model."))
    return Completed()


def finished_for_certain(final: MessageInfo | None) -> bool:
    """Whether a turn found in the store had come to its end. Between two model calls it had not."""
    return final is not None and not final.open and final.error is None and final.finish in ("stop", "length")


def _classify_error(error: ErrorInfo) -> Outcome:
    said, status = error.data.message or error.name, error.data.status_code
    if error.name == "MessageAbortedError":
        return Interrupted(TurnError("agent_aborted", "The turn was aborted inside opencode.", "Resume the turn."))
    if error.name == "ContextOverflowError" or any(words in said.lower() for words in _OVERFLOW_WORDS):
        cure = "Start a new chat in this session, or choose a model with a larger context."
        return Failed(TurnError("context_overflow", f"The conversation is too long for the model: {said}", cure))
    if error.name == "ProviderAuthError" or status in (401, 403):
        cure = "Check the API key or login of the model's provider."
        return Failed(TurnError("model_failed", f"The model server refused the login: {said}", cure))
    if error.name == "APIError" and status is None:
        return Failed(TurnError("model_unreachable", f"The model could not be reached: {said}", _CHECK_SERVER))
    lowered = refused(said)
    if lowered.error.code != "agent_refused":
        return lowered
    answered = f" answered {status}" if status is not None else " failed"
    return Failed(TurnError("model_failed", f"The model{answered}: {said}", _CHECK_SERVER))
