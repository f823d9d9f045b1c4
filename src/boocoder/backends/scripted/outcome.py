"""Outcomes of scripted turns with their codes, texts and cures."""

from __future__ import annotations

from boocoder.model.turn import Failed, TurnError


def failed(what: str) -> Failed:
    """The outcome of [[fail WHAT]]: an HTTP status is the model's failure, anything else is a code."""
    if what.isdigit() or not what:
        status = what or "500"
        text = f"The scripted model answered with status {status}."
        return Failed(TurnError("model_failed", text, "Take the fail directive out of the prompt."))
    return Failed(TurnError(what, f"The script failed with {what}.", "Take the fail directive out of the prompt."))


def died() -> Failed:
    """The outcome of [[crash]]."""
    return Failed(TurnError("agent_died", "The scripted agent died in the middle of the turn.", "Send the task again."))


def stream_cut() -> Failed:
    """The outcome of [[drop]] and [[cut]]."""
    return Failed(
        TurnError("model_stream_cut", "The model's answer ended in the middle.", "Check the model, then send it again.")
    )
