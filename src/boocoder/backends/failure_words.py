"""Tells from an agent's own words why its model or it failed, in our words with a cure. Pure."""

from __future__ import annotations

import re

from boocoder.model.turn import Failed, TurnError

AGAIN = "Send the prompt again."
CHECK_MODEL = "Check that the agent's model server runs and has the model, then send the prompt again."
CHECK_LOGIN = "Check the agent's login or API key for its model, then send the prompt again."
STATUS = re.compile(r"(?<![\w.])([45]\d\d)(?![\w.])")
_OVERFLOW = ("context length", "context_length", "maximum context", "prompt is too long", "context window")
_LOGIN = ("unauthorized", "unauthorised", "invalid api key", "authentication", "not logged in")
_REACH = ("econnrefused", "connection refused", "connect error", "fetch failed", "unreachable", "timed out")


def failed_by_words(words: str) -> Failed:
    """The failure that an agent's error text stands for.

    Args:
        words: what it said, whole; it is quoted.
    """
    lowered = words.lower()
    if any(sign in lowered for sign in _OVERFLOW):
        cure = "Start a new chat in this session, or choose a model with a larger context."
        return Failed(TurnError("context_overflow", f"The conversation is too long for the model: {words}", cure))
    status = STATUS.search(words)
    if (status is not None and status.group(1) in ("401", "403")) or any(sign in lowered for sign in _LOGIN):
        return Failed(TurnError("model_failed", f"The model server refused the login: {words}", CHECK_LOGIN))
    if any(sign in lowered for sign in _REACH):
        return Failed(TurnError("model_unreachable", f"The model could not be reached: {words}", CHECK_MODEL))
    if status is not None or "api error" in lowered or "apierror" in lowered:
        return Failed(TurnError("model_failed", f"The model failed: {words}", CHECK_MODEL))
    return Failed(
        TurnError("agent_failed", f"The agent failed: {words}", f"{AGAIN} If it fails again, see its own log.")
    )
