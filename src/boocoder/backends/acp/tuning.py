"""Sets a session's model, thinking level and mode as a task wants them, and checks that the agent did it."""

from __future__ import annotations

from boocoder.backends.acp.agent_process import AgentProcess
from boocoder.backends.acp.connection import Refused
from boocoder.backends.acp.message import METHOD_NOT_FOUND
from boocoder.backends.acp.options import Choice, Knob, Way, merged, read_config_options, request_of, with_current
from boocoder.backends.acp.session import Session
from boocoder.backends.acp.settings import AcpAgent
from boocoder.errors import BackendError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import TurnRequest

FREE_MODE = "yolo"  # what a task may call the mode in which an agent never asks
_SHOWN = 12  # ids in an error's cure


async def tune(process: AgentProcess, session: Session, request: TurnRequest, *, timeout_s: float) -> list[Notice]:
    """Set what the task names; what it does not name goes back to what the session began with.

    The model comes first, because the levels of thinking depend on it, and the mode last: nothing set later may
    turn a careful mode into a freer one.

    Raises:
        BackendError: `agent_model_unknown`, `agent_mode_unknown` or `agent_mode_refused`; or it cannot be asked.
    """
    await _set(process, session, Knob.MODEL, request.model, timeout_s)
    notices = []
    try:
        await _set(process, session, Knob.THINKING, request.thinking, timeout_s)
    except BackendError as error:
        if error.code not in ("agent_thinking_unknown", "agent_thinking_refused"):
            raise
        notices.append(Notice("thinking_not_set", f"{error.text} Its own level is used.", NoticeLevel.WARNING))
    mode = _mode_of(session, process.agent, request.mode)
    await _set(process, session, Knob.MODE, mode, timeout_s)
    return notices


def _mode_of(session: Session, agent: AcpAgent, wanted: str | None) -> str | None:
    choice = session.options.get(Knob.MODE)
    known = choice.ids if choice is not None else ()
    if wanted == FREE_MODE and FREE_MODE not in known and agent.free_mode:
        return agent.free_mode
    if not wanted and agent.safe_mode in known:
        return agent.safe_mode
    return wanted


async def _set(process: AgentProcess, session: Session, knob: Knob, wanted: str | None, timeout_s: float) -> None:
    choice = session.options.get(knob)
    if not wanted:
        wanted = session.initial.get(knob, "")
        if not wanted or choice is None or wanted not in choice.ids:
            return
    if choice is None and knob is Knob.MODEL:
        choice = Choice("", ((wanted, wanted),), Way.SET_MODEL)  # out of the schema, but all that some agents have
    value = choice.find(wanted) if choice is not None else None
    if choice is None or value is None:
        raise _unknown(process.agent, knob, wanted, choice)
    if value != choice.current:
        await _send(process, session, knob, choice, value, timeout_s)


async def _send(
    process: AgentProcess, session: Session, knob: Knob, choice: Choice, value: str, timeout_s: float
) -> None:
    reports = session.reports
    method, params = request_of(choice, session.native_id, value)
    try:
        result = await process.ask(method, params, timeout_s=timeout_s)
    except Refused as error:
        if error.error.code == METHOD_NOT_FOUND:
            raise _unknown(process.agent, knob, value, None) from error
        raise _refused(process.agent, knob, value, error.error.words) from error
    if "configOptions" in result:
        session.options = merged(session.options, read_config_options(result["configOptions"]))
    elif session.reports == reports:  # nothing was said but "{}": only the list of ids vouches for it
        session.options = with_current(session.options, knob, value)
    now = session.options.get(knob)
    if now is not None and now.current and now.current != value:
        raise _refused(process.agent, knob, value, f"it stayed at {now.current}")


def _unknown(agent: AcpAgent, knob: Knob, wanted: str, choice: Choice | None) -> BackendError:
    offered = ", ".join(choice.ids[:_SHOWN]) if choice is not None else ""
    cure = f"It offers: {offered}." if offered else f"Leave the {knob} empty: it lets nobody choose."
    return BackendError(f"agent_{knob}_unknown", f"{agent.name} has no {knob} {wanted!r} here.", cure)


def _refused(agent: AcpAgent, knob: Knob, value: str, why: str) -> BackendError:
    text = f"{agent.name} did not take the {knob} {value!r}: {why}."
    return BackendError(f"agent_{knob}_refused", text, f"Choose another {knob}, or leave it empty.")
