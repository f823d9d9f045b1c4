"""Sets a session's model, thinking level and mode as a task wants them, and verifies the result."""

from __future__ import annotations

from boocoder.backends.acp.options import (
    OptionKind,
    OptionMethod,
    SessionOption,
    merged,
    read_config_options,
    request_of,
    with_current,
)
from boocoder.backends.acp.protocol.agent_process import AgentProcess
from boocoder.backends.acp.protocol.connection import RequestRefused
from boocoder.backends.acp.protocol.message import METHOD_NOT_FOUND
from boocoder.backends.acp.session import AcpSession
from boocoder.backends.acp.settings import AcpAgent
from boocoder.errors import BackendError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import TurnRequest

FREE_MODE = "yolo"  # what a task may call the mode in which an agent never asks
_SHOWN = 12  # ids in an error's cure


async def apply_options(
    process: AgentProcess, session: AcpSession, request: TurnRequest, *, timeout_s: float
) -> list[Notice]:
    """Set what the task names; what it does not name goes back to what the session began with.

    The model comes first, because the levels of thinking depend on it, and the mode last: nothing set later may
    turn a careful mode into a freer one.

    Raises:
        BackendError: `agent_model_unknown`, `agent_mode_unknown` or `agent_mode_refused`; or it cannot be asked.
    """
    await _set(process, session, OptionKind.MODEL, request.model, timeout_s)
    notices = []
    try:
        await _set(process, session, OptionKind.THINKING, request.thinking, timeout_s)
    except BackendError as error:
        if error.code not in ("agent_thinking_unknown", "agent_thinking_refused"):
            raise
        notices.append(Notice("thinking_not_set", f"{error.text} Its own level is used.", NoticeLevel.WARNING))
    mode = _mode_of(session, process.agent, request.mode)
    await _set(process, session, OptionKind.MODE, mode, timeout_s)
    return notices


def _mode_of(session: AcpSession, agent: AcpAgent, wanted: str | None) -> str | None:
    choice = session.options.get(OptionKind.MODE)
    known = choice.ids if choice is not None else ()
    if wanted == FREE_MODE and FREE_MODE not in known and agent.free_mode:
        return agent.free_mode
    if not wanted and agent.safe_mode in known:
        return agent.safe_mode
    if wanted and choice is not None and choice.find(wanted) is None:
        return choice.nearest_mode(wanted) or wanted
    return wanted


async def _set(
    process: AgentProcess, session: AcpSession, kind: OptionKind, wanted: str | None, timeout_s: float
) -> None:
    choice = session.options.get(kind)
    if not wanted:
        wanted = session.initial.get(kind, "")
        if not wanted or choice is None or wanted not in choice.ids:
            return
    if choice is None and kind is OptionKind.MODEL:
        choice = SessionOption(
            "", ((wanted, wanted),), OptionMethod.SET_MODEL
        )  # out of the schema, but all that some agents have
    value = choice.find(wanted) if choice is not None else None
    if choice is None or value is None:
        raise _unknown(process.agent, kind, wanted, choice)
    if value != choice.current:
        await _send(process, session, kind, choice, value, timeout_s)


async def _send(
    process: AgentProcess, session: AcpSession, kind: OptionKind, choice: SessionOption, value: str, timeout_s: float
) -> None:
    reports = session.reports
    method, params = request_of(choice, session.native_id, value)
    try:
        result = await process.ask(method, params, timeout_s=timeout_s)
    except RequestRefused as error:
        if error.error.code == METHOD_NOT_FOUND:
            raise _unknown(process.agent, kind, value, None) from error
        raise _refused(process.agent, kind, value, error.error.words) from error
    if "configOptions" in result:
        session.options = merged(session.options, read_config_options(result["configOptions"]))
    elif session.reports == reports:  # nothing was said but "{}": only the list of ids vouches for it
        session.options = with_current(session.options, kind, value)
    now = session.options.get(kind)
    if now is not None and now.current and now.current != value:
        raise _refused(process.agent, kind, value, f"it stayed at {now.current}")


def _unknown(agent: AcpAgent, kind: OptionKind, wanted: str, choice: SessionOption | None) -> BackendError:
    offered = ", ".join(choice.ids[:_SHOWN]) if choice is not None else ""
    cure = f"It offers: {offered}." if offered else f"Leave the {kind} empty: the agent offers no choice."
    return BackendError(f"agent_{kind}_unknown", f"{agent.name} has no {kind} {wanted!r} here.", cure)


def _refused(agent: AcpAgent, kind: OptionKind, value: str, why: str) -> BackendError:
    text = f"{agent.name} did not take the {kind} {value!r}: {why}."
    return BackendError(f"agent_{kind}_refused", text, f"Choose another {kind}, or leave it empty.")
