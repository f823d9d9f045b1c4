"""Checks whether an agent works here and what it offers, by opening a session in an empty directory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from boocoder.backends.acp.mcp_servers import offered_uses
from boocoder.backends.acp.options import OptionKind
from boocoder.backends.acp.protocol.agent_process import AgentProcess
from boocoder.backends.acp.session import AcpSession
from boocoder.backends.acp.session_setup import SessionPlace, prepare_session
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.errors import BackendError, BoocoderError
from boocoder.model.agent import AgentCommand, AgentInfo, AgentState
from boocoder.model.mcp_server import McpServer

MODELS_LATE_S = 2.0  # goose had its list 0.1 s after its first session, on a machine with nothing else to do
MODELS_PAUSE_S = 0.25
_MISSING = ("program_missing", "program_not_executable")


class AcpProbe:
    """Probes one agent.

    Args:
        agent: who it is.
        start: makes an initialized process.
        directory: where the probe's session is opened.
        settings: limits.
        servers: the person's MCP servers, of which the answer says which the agent takes.
    """

    def __init__(
        self,
        *,
        agent: AcpAgent,
        start: Callable[[], Awaitable[AgentProcess]],
        directory: Path,
        settings: AcpSettings,
        servers: tuple[McpServer, ...] = (),
    ) -> None:
        self._servers = servers
        self._agent = agent
        self._start = start
        self._directory = directory
        self._settings = settings
        self._newest: AgentInfo | None = None

    def adopt(self, agent: AcpAgent) -> None:
        """It is started in another way from now on, so that an earlier answer does not hold."""
        self._agent = agent
        self._newest = None

    async def probe(self, *, known_to_work: bool) -> AgentInfo:
        """Ask the agent; never raises.

        Args:
            known_to_work: one of its processes is warm, so that an earlier good answer still holds.
        """
        if known_to_work and self._newest is not None:
            return self._newest
        try:
            async with asyncio.timeout(self._settings.probe_timeout_s):
                self._newest = await self._ask()
                return self._newest
        except BoocoderError as error:
            if error.code == "agent_login_needed":
                return self._login_needed(error.text)
            state = AgentState.UNAVAILABLE if error.code in _MISSING else AgentState.ERROR
            cure = self._agent.install if state is AgentState.UNAVAILABLE and self._agent.install else error.cure
            return self._info(state, reason=error.text, cure=cure)
        except TimeoutError:
            text = f"{self._agent.name} did not answer within {self._settings.probe_timeout_s:g} s."
            cure = f"Run `{' '.join(self._agent.argv)}` by hand to see why."
            return self._info(AgentState.ERROR, reason=text, cure=cure)

    async def _ask(self) -> AgentInfo:
        self._directory.mkdir(parents=True, exist_ok=True)
        process = await self._start()
        try:
            session = await self._open(process)
            if self._agent.models_late:
                session = await self._open_later(process, session)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.commands_s):
                    await session.commands_known.wait()
            offers = process.capabilities
            uses = offered_uses(self._servers, http=offers.mcp_http)
            info = replace(self._ready(process.version, session), mcp_servers=uses, steering=offers.steering)
            await self._delete(process, session)
            return info
        finally:
            await asyncio.shield(process.close(self._settings.close_grace_s))

    async def _open(self, process: AgentProcess) -> AcpSession:
        await prepare_session(process, SessionPlace(self._directory), self._settings)
        assert process.prepared is not None
        return process.prepared.session

    async def _open_later(self, process: AgentProcess, first: AcpSession) -> AcpSession:
        """Another session: the next one that offers other models than the first, or one after MODELS_LATE_S."""
        session, deadline = first, time.monotonic() + MODELS_LATE_S
        while _models(session) == _models(first) and time.monotonic() < deadline:
            await asyncio.sleep(MODELS_PAUSE_S)
            await self._delete(process, session)
            session = await self._open(process)
        return session

    async def _delete(self, process: AgentProcess, session: AcpSession) -> None:
        """Keep the agent's own list of sessions from growing with every probe."""
        process.prepared = None
        if process.capabilities.delete:
            with suppress(BackendError):
                params = {"sessionId": session.native_id}
                await process.ask("session/delete", params, timeout_s=self._settings.request_timeout_s)
                process.forget(session.native_id)

    def learn(self, session: AcpSession) -> None:
        """Update the models from a turn's session; the probe may have seen fewer."""
        if self._newest is not None and (models := _models(session)):
            self._newest = replace(self._newest, models=models)

    def _ready(self, version: str, session: AcpSession) -> AgentInfo:
        offered = {kind: choice.short_ids for kind, choice in session.options.items()}
        models, mode = session.options.get(OptionKind.MODEL), session.options.get(OptionKind.MODE)
        modes = offered.get(OptionKind.MODE, ())
        usual = (
            self._agent.safe_mode if self._agent.safe_mode in modes else mode.shortened(mode.current) if mode else ""
        )
        listed = session.commands.commands if session.commands is not None else ()
        return replace(
            self._info(AgentState.READY),
            version=version or "unknown",
            models=offered.get(OptionKind.MODEL, ()),
            modes=modes,
            thinking=offered.get(OptionKind.THINKING, ()),
            default_model=models.current if models and models.current in models.ids else None,
            default_mode=usual or None,
            commands=tuple(AgentCommand(name, description) for name, description in listed),
            signed_in=True if self._agent.login_first else None,
        )

    def _login_needed(self, text: str) -> AgentInfo:
        login = self._agent.login
        how = f"Run `{login}` in a terminal" if login else f"Log in to {self._agent.name} by its own means"
        info = self._info(AgentState.ERROR, reason=text, cure=f"{how}, then: boocoder agents --probe")
        return replace(info, signed_in=False)

    def _info(self, state: AgentState, *, reason: str = "", cure: str = "") -> AgentInfo:
        return AgentInfo(
            name=self._agent.name,
            backend="acp",
            state=state,
            reason=reason,
            cure=cure,
            program=self._agent.argv[0],
        )


def _models(session: AcpSession) -> tuple[str, ...]:
    choice = session.options.get(OptionKind.MODEL)
    return choice.ids if choice is not None else ()
