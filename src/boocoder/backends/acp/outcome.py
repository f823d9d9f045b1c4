"""Turns the agent's answer to a prompt into an outcome with a cure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from boocoder.backends.acp.protocol.message import LOGIN_NEEDED, RpcError
from boocoder.backends.acp.settings import AcpAgent
from boocoder.backends.shared.error_messages import (
    CHECK_LOGIN,
    CHECK_MODEL,
    STATUS,
    failed_answer,
    failed_by_words,
    failed_model,
)
from boocoder.events import json_coerce
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import Completed, Failed, Interrupted, Outcome, TurnError


@dataclass(frozen=True, slots=True)
class TurnProduct:
    """What a turn produced, for telling a failure apart from an answer.

    Args:
        said_something: whether it had any text, thought, tool call or plan.
        last_text: the end of its newest text.
        only_text: all that it produced, "" if that was more than a short text.
        counted_output: whether the agent counts tokens that its model wrote.
        model_failed: whether the agent reported that its model failed.
        command: whether the prompt was a command of the agent, which may need no model.
    """

    said_something: bool
    last_text: str = ""
    only_text: str = ""
    counted_output: bool = False
    model_failed: bool = False
    command: bool = False


def classify(result: object, agent: AcpAgent, product: TurnProduct) -> tuple[Outcome, Notice | None]:
    """The outcome of a prompt's answer, and a notice to show with it.

    Args:
        result: of the answer.
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
    if failed := _failed_product(result, agent, product):
        return failed, None
    return Completed(), _remark(reason)


def _failed_product(result: object, agent: AcpAgent, product: TurnProduct) -> Failed | None:
    """The failure that an agent ended as if the turn were complete, if this is one."""
    if product.model_failed:
        return failed_model(product.last_text)
    if not product.said_something:
        nothing = "The agent ended its turn with nothing: no text, no thought and no tool call."
        return Failed(TurnError("agent_gave_nothing", nothing, "Send the prompt again or choose another model."))
    if agent.error_text and (found := re.search(rf"(?:{agent.error_text})\s*\Z", product.last_text, re.DOTALL)):
        return failed_model(found.group(1) if found.re.groups else found.group(0))
    if failed := failed_answer(product.only_text, counted_output=product.counted_output):
        return failed
    if _no_call_completed(result) and not product.command:
        text = "By the agent's own count no call of its model was completed; what it says above is cut off."
        return Failed(TurnError("model_failed", text, CHECK_MODEL))
    return None


def _no_call_completed(result: object) -> bool:
    """Whether the agent (codex, gemini) lists the model calls of its turn and lists none."""
    meta = json_coerce.mapping(json_coerce.mapping(result).get("_meta"))
    return json_coerce.mapping(meta.get("quota")).get("model_usage") == []


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
        how = f"Run `{agent.login}` in a terminal, then send the prompt again." if agent.login else CHECK_LOGIN
        return Failed(TurnError("agent_login_needed", f"{agent.name} is not logged in: {words}", how))
    if error.code == -32002 or "session not found" in words.lower():
        text = f"The agent no longer has the session: {words}"
        return Failed(TurnError("agent_session_gone", text, "Send the prompt again; a new session is opened."))
    if 400 <= error.code < 600 and not STATUS.search(words):
        words = f"status {error.code}: {words}"
    return failed_by_words(words)
