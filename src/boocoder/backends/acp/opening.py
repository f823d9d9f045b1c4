"""Opens a turn's session: warm, resumed, loaded, or new with what it missed; says which and why."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.backends.acp.agent_process import AgentProcess
from boocoder.backends.acp.connection import Refused
from boocoder.backends.acp.options import read_options
from boocoder.backends.acp.session import Replay, Session
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.errors import BackendError
from boocoder.events import loose
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.turn import AgentSessionRef, ResumeStep, TurnRequest

_LOST = ("agent_no_answer", "agent_died")
_WAYS = (("session/resume", ResumeStep.RESUMED), ("session/load", ResumeStep.LOADED))


@dataclass(slots=True)
class Opened:
    """A session that is ready for a prompt.

    Args:
        session: where.
        step: how it was reached.
        notices: what the person should know about it.
    """

    session: Session
    step: ResumeStep
    notices: list[Notice] = field(default_factory=list)


def config_hash(agent: AcpAgent, worktree: Path) -> str:
    """What a session cannot survive a change of: protocol, agent, command and directory."""
    return hashlib.sha256("\0".join(("acp-1", agent.name, *agent.argv, str(worktree))).encode()).hexdigest()[:16]


class LostOnResume(Exception):
    """The agent hung or died over an earlier session: a fresh process has to open a new one. `why` is in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def open_session(process: AgentProcess, request: TurnRequest, settings: AcpSettings, *, lost: str = "") -> Opened:
    """Reach the request's agent session by the best step that works, else make a new one.

    Args:
        lost: why the session is not to be tried again, "" if it is.

    Raises:
        LostOnResume: the process is of no use any more.
        BackendError: no session can be had, for example `agent_login_needed`.
    """
    known = request.agent_session
    if known is None or lost:
        return await _make(process, request, settings, why=lost)
    if known.config_hash != config_hash(process.agent, request.worktree):
        return await _make(process, request, settings, why="it was opened with another command or directory")
    warm = process.session(known.native_id)
    if warm is not None and not warm.busy:
        return Opened(warm, ResumeStep.WARM)
    return await _resume(process, request, known, settings)


async def prepare_session(process: AgentProcess, worktree: Path, settings: AcpSettings) -> None:
    """Open a session ahead of the first prompt.

    Raises:
        BackendError: none can be had.
    """
    if process.prepared is None:
        process.prepared = (worktree, await _new(process, worktree, settings))


async def _resume(process: AgentProcess, request: TurnRequest, known: AgentSessionRef, settings: AcpSettings) -> Opened:
    why = "this agent cannot resume sessions"
    for method, step in _WAYS:
        able = process.capabilities.resume if step is ResumeStep.RESUMED else process.capabilities.load
        if not able or (known.crashed and step is ResumeStep.RESUMED):
            continue  # only a replay shows that the store survived a crash
        try:
            session = await _reopen(process, method, known.native_id, request.worktree, settings)
        except Refused as error:
            why = error.error.words
            continue
        except BackendError as error:
            if error.code in _LOST:
                raise LostOnResume(error.text) from error
            raise
        if session is None:
            why = "the agent said that it loaded it, but has nothing of it"
            continue
        text = "The agent had died in the last turn; its conversation was found and goes on."
        return Opened(session, step, [Notice("resumed_after_crash", text)] if known.crashed else [])
    return await _make(process, request, settings, why=why)


async def _reopen(
    process: AgentProcess, method: str, native_id: str, worktree: Path, settings: AcpSettings
) -> Session | None:
    """Resume or load; None if a load replayed nothing, which is how some agents answer for an unknown id."""
    process.forget(native_id)
    session = process.expect(native_id)
    session.replay = Replay()
    try:
        params = {"sessionId": native_id, **_place(worktree)}
        result = await process.ask(method, params, timeout_s=settings.open_timeout_s)
        replayed = await _wait_quiet(session.replay, settings, expected=method == "session/load")
    except BaseException:
        process.forget(native_id)
        raise
    if method == "session/load" and not replayed:
        process.forget(native_id)
        return None
    session.learn_options(read_options(result), process.defaults, fresh=False)
    process.opened(session)
    return session


async def _wait_quiet(replay: Replay, settings: AcpSettings, *, expected: bool) -> bool:
    """Wait until the replay is over, which may begin behind the answer; whether anything was replayed."""
    loop = asyncio.get_running_loop()
    answered = loop.time()
    while loop.time() < answered + settings.replay_limit_s:
        quiet_since = max(replay.newest, answered)
        patience = 4 if expected and not replay.pieces else 1  # of an agent that begins late
        left = quiet_since + settings.replay_quiet_s * patience - loop.time()
        if left <= 0:
            break
        await asyncio.sleep(left)
    return replay.pieces > 0


async def _make(process: AgentProcess, request: TurnRequest, settings: AcpSettings, *, why: str = "") -> Opened:
    if process.prepared is not None and process.prepared[0] == request.worktree:
        session, process.prepared = process.prepared[1], None
    else:
        session = await _new(process, request.worktree, settings)
    step = ResumeStep.HANDED_OVER if request.handover else ResumeStep.FRESH
    if not why:
        return Opened(session, step)
    how = "it was told the conversation so far" if request.handover else "it does not know the conversation so far"
    text = f"The agent's earlier session could not be resumed: {why.rstrip('.')}. A new one was opened; {how}."
    return Opened(session, step, [Notice("session_not_resumed", text, NoticeLevel.WARNING)])


async def _new(process: AgentProcess, worktree: Path, settings: AcpSettings) -> Session:
    try:
        result = await process.ask("session/new", _place(worktree), timeout_s=settings.open_timeout_s)
    except Refused as error:
        cure = "Try again; the agent's own log may say more."
        raise BackendError("agent_no_session", f"The agent opened no session: {error.error.words}", cure) from error
    native_id = loose.text(result.get("sessionId"))
    if not native_id or process.session(native_id) is not None:
        text = f"The agent opened a session but gave it {'an id that it had given before' if native_id else 'no id'}."
        raise BackendError("agent_no_session", text, "Try again; the agent's own log may say more.")
    session = process.expect(native_id)
    session.learn_options(read_options(result), process.defaults, fresh=True)
    process.opened(session)
    return session


def _place(worktree: Path) -> Mapping[str, object]:
    return {"cwd": str(worktree), "mcpServers": []}
