"""Opens a turn's session: warm, resumed, loaded, or new with the conversation so far."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from boocoder.backends.acp.mcp_servers import session_servers
from boocoder.backends.acp.options import read_options
from boocoder.backends.acp.protocol.agent_process import AgentProcess, PreparedSession
from boocoder.backends.acp.protocol.connection import RequestRefused
from boocoder.backends.acp.session import AcpSession, Replay
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.shared.session_setup import (
    LEFT_UNFINISHED,
    hash_config,
    new_session_step,
    not_resumed,
    resumed_after_crash,
)
from boocoder.errors import BackendError
from boocoder.events import json_coerce
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import AgentSessionRef, ResumeStep, TurnRequest

_LOST = ("agent_no_answer", "agent_died")
_METHODS = (("session/resume", ResumeStep.RESUMED), ("session/load", ResumeStep.LOADED))


@dataclass(slots=True)
class AcpReadySession:
    """A session that is ready for a prompt.

    Args:
        session: where.
        step: how it was reached.
        notices: for the person.
    """

    session: AcpSession
    step: ResumeStep
    notices: list[Notice] = field(default_factory=list)


def config_hash(agent: AcpAgent, worktree: Path) -> str:
    """What a session cannot survive a change of: protocol, agent, command and directory."""
    return hash_config("acp-1", agent.name, *agent.argv, str(worktree))


class SessionLost(Exception):
    """The agent hung or died while opening a session; a fresh process must open a new one.

    Args:
        why: in words.
        with_servers: whether the session had MCP servers, which may be what it hung at.
    """

    def __init__(self, why: str, *, with_servers: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.with_servers = with_servers


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """Where a session works and what it gets.

    Args:
        worktree: its directory.
        servers: the MCP servers for its project.
    """

    worktree: Path
    servers: tuple[McpServer, ...] = ()

    def params(self, process: AgentProcess) -> dict[str, object]:
        """As session/new and session/load want it."""
        servers = session_servers(self.servers, http=process.capabilities.mcp_http)
        return {"cwd": str(self.worktree), "mcpServers": servers}


async def open_session(
    process: AgentProcess,
    request: TurnRequest,
    settings: AcpSettings,
    *,
    servers: tuple[McpServer, ...] = (),
    lost: str = "",
) -> AcpReadySession:
    """Reach the request's agent session by the best step that works, else make a new one.

    Args:
        servers: the MCP servers for the session.
        lost: why the session is not to be tried again, "" if it is.

    Raises:
        SessionLost: the process must be replaced.
        BackendError: no session can be had, for example `agent_login_needed`.
    """
    known, place = request.agent_session, SessionPlace(request.worktree, servers)
    if known is None or lost:
        return await _make(process, request, place, settings, why=lost)
    if known.config_hash != config_hash(process.agent, request.worktree):
        return await _make(process, request, place, settings, why="it was opened with another command or directory")
    warm = process.session(known.native_id)
    if warm is not None and not warm.busy:
        return AcpReadySession(warm, ResumeStep.WARM)
    if known.unfinished and process.agent.fresh_after_kill:
        return await _make(process, request, place, settings, why=LEFT_UNFINISHED)
    return await _resume(process, request, known, place, settings)


async def prepare_session(process: AgentProcess, place: SessionPlace, settings: AcpSettings) -> None:
    """Open a session ahead of the first prompt.

    Raises:
        BackendError: none can be had.
    """
    if process.prepared is None:
        session, _ = await _new(process, place, settings)
        process.prepared = PreparedSession(place.worktree, place.servers, session)


async def _resume(
    process: AgentProcess, request: TurnRequest, known: AgentSessionRef, place: SessionPlace, settings: AcpSettings
) -> AcpReadySession:
    why = "this agent cannot resume sessions"
    for method, step in _METHODS:
        able = process.capabilities.resume if step is ResumeStep.RESUMED else process.capabilities.load
        if not able or (known.crashed and step is ResumeStep.RESUMED):
            continue  # only a replay shows that the store survived a crash
        try:
            session = await _reopen(process, method, known.native_id, place, settings)
        except RequestRefused as error:
            why = error.error.words
            continue
        except BackendError as error:
            if error.code in _LOST:
                raise SessionLost(error.text, with_servers=bool(place.servers)) from error
            raise
        if session is None:
            why = "the agent said that it loaded it, but has nothing of it"
            continue
        return AcpReadySession(session, step, [resumed_after_crash("The agent")] if known.crashed else [])
    return await _make(process, request, place, settings, why=why)


async def _reopen(
    process: AgentProcess, method: str, native_id: str, place: SessionPlace, settings: AcpSettings
) -> AcpSession | None:
    """Resume or load; None if a load replayed nothing, which is how some agents answer for an unknown id."""
    process.forget(native_id)
    session = process.expect(native_id)
    session.replay = Replay()
    try:
        params = {"sessionId": native_id, **place.params(process)}
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


async def _make(
    process: AgentProcess, request: TurnRequest, place: SessionPlace, settings: AcpSettings, *, why: str = ""
) -> AcpReadySession:
    notices = list(not_resumed(request, why))
    ahead = process.prepared
    if ahead is not None and (ahead.worktree, ahead.servers) == (place.worktree, place.servers):
        session, process.prepared = ahead.session, None
    else:
        session, refused = await _new(process, place, settings)
        notices += refused
    return AcpReadySession(session, new_session_step(request), notices)


async def _new(
    process: AgentProcess, place: SessionPlace, settings: AcpSettings
) -> tuple[AcpSession, tuple[Notice, ...]]:
    """A new session; without MCP servers, and a notice, if the agent refuses it with them."""
    params = place.params(process)
    try:
        result = await process.ask("session/new", params, timeout_s=settings.open_timeout_s)
    except RequestRefused as error:
        if params["mcpServers"]:
            session, _ = await _new(process, replace(place, servers=()), settings)
            return session, (servers_left_out(f"the agent refused the session with them: {error.error.words}"),)
        cure = "Try again; the agent's own log may say more."
        raise BackendError("agent_no_session", f"The agent opened no session: {error.error.words}", cure) from error
    except BackendError as error:
        if error.code in _LOST and params["mcpServers"]:
            raise SessionLost(error.text, with_servers=True) from error
        raise
    native_id = json_coerce.text(result.get("sessionId"))
    if not native_id or process.session(native_id) is not None:
        text = f"The agent opened a session but gave it {'an id that it had given before' if native_id else 'no id'}."
        raise BackendError("agent_no_session", text, "Try again; the agent's own log may say more.")
    session = process.expect(native_id)
    session.learn_options(read_options(result), process.defaults, fresh=True)
    process.opened(session)
    return session, ()


def servers_left_out(why: str) -> Notice:
    """The session has no MCP servers."""
    return Notice("mcp_servers_left_out", f"The session has none of your MCP servers: {why}", NoticeLevel.WARNING)
