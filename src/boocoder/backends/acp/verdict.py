"""Decides how a turn ended from what the agent says about it, in our words with a cure. Pure."""

from __future__ import annotations

import re

from boocoder.backends.acp.message import LOGIN_NEEDED, RpcError
from boocoder.backends.acp.settings import AcpAgent
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, StopReason, TimedOut, TurnError

_AGAIN = "Send the prompt again."
_CHECK_MODEL = "Check that the agent's model server runs and has the model, then send the prompt again."
_CHECK_LOGIN = "Check the agent's login or API key for its model, then send the prompt again."
_STATUS = re.compile(r"(?<![\w.])([45]\d\d)(?![\w.])")
_OVERFLOW = ("context length", "context_length", "maximum context", "prompt is too long", "context window")
_LOGIN = ("unauthorized", "unauthorised", "invalid api key", "authentication", "not logged in")
_REACH = ("econnrefused", "connection refused", "connect error", "fetch failed", "unreachable", "timed out")


def stopped(reason: StopReason) -> Outcome:
    """The outcome of a turn that was asked to end."""
    match reason:
        case StopReason.CANCELLED:
            return Cancelled()
        case StopReason.SILENT:
            return TimedOut(TurnError("agent_silent", "The agent said nothing for too long.", _AGAIN))
        case StopReason.SHUTDOWN:
            return Interrupted(
                TurnError("host_stopped", "boocoder was stopped during the turn.", "Resume it with a new prompt.")
            )
        case StopReason.LEASE_LOST:
            return Interrupted(TurnError("lease_lost", "Another host took this turn over.", "Watch it there."))


def died(text: str, *, expected: bool) -> Outcome:
    """The agent's process ended; `expected` when we ended it."""
    if expected:
        return Interrupted(TurnError("agent_stopped", "The agent was stopped while the turn ran.", "Resume the turn."))
    return Failed(TurnError("agent_died", text, "Send the prompt again; boocoder starts the agent anew."))


def judge(result: object, agent: AcpAgent, *, said_something: bool, text: str) -> tuple[Outcome, Notice | None]:
    """How a prompt's answer ends its turn, and what to say beside it.

    Args:
        result: of the answer.
        said_something: whether the turn had any text, thought, tool call or plan.
        text: the end of the answer's newest text.
    """
    reason = result.get("stopReason") if isinstance(result, dict) else None
    if reason == "cancelled":
        return Interrupted(
            TurnError("agent_aborted", "The agent ended its turn as cancelled.", "Resume the turn.")
        ), None
    if reason == "refusal":
        return Failed(
            TurnError("model_refused", "The model refused to answer this prompt.", "Word it differently.")
        ), None
    if reason == "max_turn_requests":
        limit = "The agent reached its own limit of model calls for one turn."
        return Failed(TurnError("agent_step_limit", limit, "Send a prompt to let it go on.")), None
    if not said_something:
        nothing = "The agent ended its turn with nothing: no text, no thought and no tool call."
        return Failed(TurnError("agent_gave_nothing", nothing, "Send the prompt again or choose another model.")), None
    if agent.error_text and (found := re.search(rf"(?:{agent.error_text})\s*\Z", text, re.DOTALL)):
        return _failed_by_words(found.group(1) if found.re.groups else found.group(0)), None
    return Completed(), _remark(reason)


def _remark(reason: object) -> Notice | None:
    if reason == "max_tokens":
        text = "The model stopped at its limit of output tokens; its answer may be unfinished."
        return Notice("answer_cut_at_limit", text, NoticeLevel.WARNING)
    if reason != "end_turn":
        shown = f"for the reason {reason!r}" if isinstance(reason, str) else "without a reason"
        return Notice("unknown_stop_reason", f"The agent ended its turn {shown}, which boocoder does not know.")
    return None


def refused(error: RpcError, agent: AcpAgent) -> Failed:
    """The agent answered the prompt with an error."""
    words = error.words
    if error.code == LOGIN_NEEDED:
        how = f"Run `{agent.login}` in a terminal, then send the prompt again." if agent.login else _CHECK_LOGIN
        return Failed(TurnError("agent_login_needed", f"{agent.name} is not logged in: {words}", how))
    if error.code == -32002 or "session not found" in words.lower():
        text = f"The agent does not have the session any more: {words}"
        return Failed(TurnError("agent_session_gone", text, "Send the prompt again; a new session is opened."))
    if 400 <= error.code < 600 and not _STATUS.search(words):
        words = f"status {error.code}: {words}"
    return _failed_by_words(words)


def _failed_by_words(words: str) -> Failed:
    lowered = words.lower()
    if any(sign in lowered for sign in _OVERFLOW):
        cure = "Start a new chat in this session, or choose a model with a larger context."
        return Failed(TurnError("context_overflow", f"The conversation is too long for the model: {words}", cure))
    status = _STATUS.search(words)
    if (status is not None and status.group(1) in ("401", "403")) or any(sign in lowered for sign in _LOGIN):
        return Failed(TurnError("model_failed", f"The model server refused the login: {words}", _CHECK_LOGIN))
    if any(sign in lowered for sign in _REACH):
        return Failed(TurnError("model_unreachable", f"The model could not be reached: {words}", _CHECK_MODEL))
    if status is not None or "api error" in lowered or "apierror" in lowered:
        return Failed(TurnError("model_failed", f"The model failed: {words}", _CHECK_MODEL))
    return Failed(
        TurnError("agent_failed", f"The agent failed: {words}", f"{_AGAIN} If it fails again, see its own log.")
    )
