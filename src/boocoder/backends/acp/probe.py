"""Finds out whether an agent works here and what it offers, by opening a session in an empty directory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from boocoder.backends.acp.agent_process import AgentProcess
from boocoder.backends.acp.opening import prepare_session
from boocoder.backends.acp.options import Knob, Options
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.errors import BackendError, BoocoderError
from boocoder.model.agent import AgentInfo, AgentState

_MISSING = ("program_missing", "program_not_executable")


class Prober:
    """Probes one agent.

    Args:
        agent: who it is.
        start: makes an initialized process.
        directory: where the probe's session is opened.
        settings: limits.
    """

    def __init__(
        self,
        *,
        agent: AcpAgent,
        start: Callable[[], Awaitable[AgentProcess]],
        directory: Path,
        settings: AcpSettings,
    ) -> None:
        self._agent = agent
        self._start = start
        self._directory = directory
        self._settings = settings
        self._newest: AgentInfo | None = None

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
            await prepare_session(process, self._directory, self._settings)
            assert process.prepared is not None
            session = process.prepared[1]
            info = self._info(AgentState.READY, version=process.version, options=session.options)
            if process.capabilities.delete:  # or the agent's own list of sessions would grow with every probe
                with suppress(BackendError):
                    params = {"sessionId": session.native_id}
                    await process.ask("session/delete", params, timeout_s=self._settings.request_timeout_s)
                    process.forget(session.native_id)
            return info
        finally:
            await asyncio.shield(process.close(self._settings.close_grace_s))

    def _info(
        self, state: AgentState, *, reason: str = "", cure: str = "", version: str = "", options: Options | None = None
    ) -> AgentInfo:
        models = options[Knob.MODEL] if options and Knob.MODEL in options else None
        modes = options[Knob.MODE].ids if options and Knob.MODE in options else ()
        return AgentInfo(
            name=self._agent.name,
            backend="acp",
            state=state,
            reason=reason,
            cure=cure,
            version=version or ("unknown" if state is AgentState.READY else ""),
            program=self._agent.argv[0],
            models=models.ids if models else (),
            modes=modes,
            default_model=models.current if models and models.current in models.ids else None,
        )
