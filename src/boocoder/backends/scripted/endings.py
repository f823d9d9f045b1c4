"""The outcomes of scripted turns with their codes, words and cures. Pure."""

from __future__ import annotations

from boocoder.model.turn import Cancelled, Failed, Interrupted, Outcome, StopReason, TimedOut, TurnError


def stopped(reason: StopReason) -> Outcome:
    """The outcome of a turn that was asked to end."""
    match reason:
        case StopReason.CANCELLED:
            return Cancelled()
        case StopReason.SILENT:
            return TimedOut(
                TurnError(
                    "agent_silent",
                    "The scripted agent said nothing for too long.",
                    "Send the task again; a script that hangs will hang again.",
                )
            )
        case StopReason.SHUTDOWN:
            return Interrupted(
                TurnError("host_stopped", "boocoder was stopped during the turn.", "Resume the turn to go on.")
            )
        case StopReason.LEASE_LOST:
            return Interrupted(TurnError("lease_lost", "Another host took this turn over.", "Watch it there."))


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


def store_broken(error: OSError) -> Failed:
    """The outcome of a turn whose conversation could not be written down."""
    text = f"The scripted agent cannot write its own store: {error}."
    return Failed(
        TurnError("agent_store_broken", text, "Check free space and permissions of boocoder's data directory.")
    )


def interrupted_by_death(known: bool) -> Interrupted:
    """The outcome of a turn whose host died.

    Args:
        known: whether the agent's own store has anything of that turn.
    """
    text = "boocoder died during the turn; " + (
        "the agent's work up to then is kept." if known else "the agent's store knows nothing of the turn."
    )
    return Interrupted(TurnError("host_died", text, "Resume the turn to go on."))
