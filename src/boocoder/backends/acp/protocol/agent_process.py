"""One running, initialized agent process and its sessions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from boocoder.backends.acp.options import OptionKind
from boocoder.backends.acp.protocol.connection import RequestRefused, RpcConnection
from boocoder.backends.acp.protocol.message import LOGIN_NEEDED, RpcNotification, RpcRequest
from boocoder.backends.acp.session import AcpSession
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.acp.turn_events import UnknownSessionUpdate
from boocoder.backends.acp.updates.parser import read_update
from boocoder.errors import BackendError
from boocoder.events import json_coerce
from boocoder.model.mcp_server import McpServer
from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost

log = logging.getLogger(__name__)

PROTOCOL = 1  # three agents echo any number, two reject a request of this shape with 2
PERMISSION = "session/request_permission"
QUESTION = "elicitation/create"
CANCELLED: Mapping[str, object] = {"outcome": {"outcome": "cancelled"}}
DISMISSED: Mapping[str, object] = {"action": "cancel"}

_SESSIONS_MAX = 256  # of one process; an agent that invents session ids does not fill our memory
_CLOSE_S = 2.0  # of session/close: it is a courtesy


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an agent says that it can do.

    Args:
        load, resume, list, close, delete: what it does with sessions.
        mcp_http: whether it takes MCP servers over HTTP.
        steering: whether it takes messages in a turn.
        images: whether it takes images in a prompt.
    """

    load: bool = False
    resume: bool = False
    list: bool = False
    close: bool = False
    delete: bool = False
    mcp_http: bool = False
    steering: bool = False
    images: bool = False


@dataclass(frozen=True, slots=True)
class PreparedSession:
    """A session that was opened ahead of a prompt.

    Args:
        worktree, servers: what it was opened with.
    """

    worktree: Path
    servers: tuple[McpServer, ...]
    session: AcpSession


class AgentProcess:
    """A process that has answered `initialize`. Made by `start_agent`.

    Args:
        agent: who it is.
        child: its process.
        settings: limits.
        defaults: what fresh sessions of this agent are set to, shared by all its processes and learnt by the way.

    Attributes:
        ending: whether we end it, so that its death is no surprise.
        prepared: an open session that no chat has yet.
    """

    def __init__(
        self, *, agent: AcpAgent, child: Child, settings: AcpSettings, defaults: dict[OptionKind, str]
    ) -> None:
        self.agent = agent
        self.defaults = defaults
        self.child = child
        self.capabilities = Capabilities()
        self.version = ""
        self.protocol = PROTOCOL
        self.ending = False
        self.prepared: PreparedSession | None = None
        self._settings = settings
        self._sessions: dict[str, AcpSession] = {}
        self._opened: set[str] = set()
        self.connection = RpcConnection(child=child, receive=self._receive, write_timeout_s=settings.write_timeout_s)

    @property
    def usable(self) -> bool:
        """Whether it can take a turn."""
        return not self.ending and not self.connection.dead

    async def initialize(self) -> None:
        """Say hello.

        Raises:
            BackendError: it died, refused, or did not answer.
        """
        self.connection.start()
        result = await self.connection.call(
            "initialize",
            {
                "protocolVersion": PROTOCOL,
                "clientCapabilities": {
                    "fs": {"readTextFile": False, "writeTextFile": False},
                    "terminal": False,
                    "elicitation": {"form": {}},
                    "session": {"notices": {}},
                },
                "clientInfo": {"name": "boocoder", "title": "boocoder", "version": "1"},
            },
            timeout_s=self._settings.start_timeout_s,
        )
        offered_here = json_coerce.mapping(result.get("agentCapabilities"))
        with_sessions = json_coerce.mapping(offered_here.get("sessionCapabilities"))
        offered = {name: with_sessions.get(name) not in (None, False) for name in ("resume", "list", "close", "delete")}
        mcp = json_coerce.mapping(offered_here.get("mcpCapabilities"))
        in_prompts = json_coerce.mapping(offered_here.get("promptCapabilities"))
        steering = json_coerce.mapping(json_coerce.mapping(result.get("_meta")).get("steering"))
        self.capabilities = Capabilities(
            load=offered_here.get("loadSession") is True,
            mcp_http=mcp.get("http") is True,
            steering=steering.get("supported") is True,
            images=in_prompts.get("image") is True,
            **offered,
        )
        self.version = json_coerce.text(json_coerce.mapping(result.get("agentInfo")).get("version"))
        self.protocol = json_coerce.integer(result.get("protocolVersion")) or 0

    def session(self, native_id: str) -> AcpSession | None:
        """A session that was opened here."""
        return self._sessions.get(native_id) if native_id in self._opened else None

    def expect(self, native_id: str) -> AcpSession:
        """The session of this id, which is being opened; news of it may come before its answer."""
        return self._sessions.setdefault(native_id, AcpSession(native_id))

    def opened(self, session: AcpSession) -> None:
        """The agent has confirmed it."""
        self._opened.add(session.native_id)

    def forget(self, native_id: str) -> None:
        """Drop a session that the agent does not have or that must not be reused."""
        self._opened.discard(native_id)
        self._sessions.pop(native_id, None)

    async def ask(self, method: str, params: Mapping[str, object], *, timeout_s: float) -> Mapping[str, object]:
        """A call about sessions.

        Raises:
            BackendError: as `RpcConnection.call`; `agent_login_needed` if the agent wants a login first.
        """
        try:
            return await self.connection.call(method, params, timeout_s=timeout_s)
        except RequestRefused as error:
            if error.error.code == LOGIN_NEEDED:
                raise login_needed(self.agent, error.error.words) from error
            raise

    async def close(self, grace_s: float) -> None:
        """End it in an orderly way. Safe twice."""
        self.ending = True
        if self.usable_for_farewell and grace_s > 0:
            await self._close_sessions()
        try:
            await self.child.close(grace_s)
        finally:
            await self.connection.stop()

    @property
    def usable_for_farewell(self) -> bool:
        """Whether it makes sense to close its sessions one by one."""
        return self.capabilities.close and not self.connection.dead

    async def _close_sessions(self) -> None:
        with suppress(BackendError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                for native_id in sorted(self._opened):
                    await self.connection.call("session/close", {"sessionId": native_id}, timeout_s=_CLOSE_S)

    async def _receive(self, message: RpcRequest | RpcNotification, line: bytes) -> None:
        native_id = json_coerce.text(message.params.get("sessionId"))
        if isinstance(message, RpcRequest):
            await self._on_call(message, native_id, line)
        elif message.method == "session/update":
            await self._on_update(message, native_id, line)

    async def _on_update(self, message: RpcNotification, native_id: str, line: bytes) -> None:
        session = self._sessions.get(native_id)
        if session is None or (native_id not in self._opened and session.replay is None):
            for other in self._sessions.values():
                other.signal(UnknownSessionUpdate(native_id))
        if session is None and len(self._sessions) < _SESSIONS_MAX:
            session = self.expect(native_id)
        if session is not None:
            await session.take(read_update(message.params.get("update")), line)

    async def _on_call(self, call: RpcRequest, native_id: str, line: bytes) -> None:
        session = self.session(native_id)
        if call.method in (PERMISSION, QUESTION):
            if session is None or not session.offer_call(call, line):
                await self.connection.answer(call, CANCELLED if call.method == PERMISSION else DISMISSED)
        else:
            await self.connection.decline(call)


async def start_agent(
    *,
    host: ProcessHost,
    agent: AcpAgent,
    directory: Path,
    settings: AcpSettings,
    defaults: dict[OptionKind, str],
    worktree: Path | None = None,
) -> AgentProcess:
    """Start an agent and wait until it is ready for a session.

    Args:
        directory: working directory of the process: the worktree, or a neutral one for a process kept in reserve.
        defaults: see AgentProcess.
        worktree: the only one that it will work in; None if any may come.

    Raises:
        ProcessError: it cannot be started.
        BackendError: it does not speak the protocol, died, or did not answer in time.
    """
    directory.mkdir(parents=True, exist_ok=True)
    environment = agent_environment(agent.env, keep=agent.keep_env)
    use = agent.sandbox_use(worktree)
    child = await host.spawn(Command(agent.argv, directory, environment, use), stdin=True)
    process = AgentProcess(agent=agent, child=child, settings=settings, defaults=defaults)
    try:
        await process.initialize()
    except BaseException:
        await process.close(0.0)
        raise
    if process.protocol > PROTOCOL:
        log.warning("the agent speaks another protocol version", extra={"version": process.protocol})
    return process


def login_needed(agent: AcpAgent, words: str) -> BackendError:
    """The agent wants its person to log in."""
    how = f"Run `{agent.login}` in a terminal, then send the prompt again." if agent.login else ""
    return BackendError(
        "agent_login_needed",
        f"{agent.name} is not logged in: {words}",
        how or f"Log in to {agent.name} by its own means.",
    )
