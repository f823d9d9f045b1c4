"""The one-shot backend: drives one agent that is a command."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.oneshot.attempt import Attempt, ResumeRefused
from boocoder.backends.oneshot.command.command_line import config_hash
from boocoder.backends.oneshot.command.mcp_file import offered_uses
from boocoder.backends.oneshot.command.raw_output import raw_outputs
from boocoder.backends.oneshot.command.runner import CommandRunner
from boocoder.backends.oneshot.probe import probe_agent
from boocoder.backends.oneshot.recovery import recover_turn
from boocoder.backends.oneshot.session_setup import OneShotReadySession, choose_session, new_session
from boocoder.backends.oneshot.session_store import OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.backends.oneshot.stdio.runner import StdioRunner
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.line_journal import journals, prune
from boocoder.backends.shared.outcomes import stopped, unless_stopped
from boocoder.backends.shared.session_setup import announce_session
from boocoder.errors import BackendError, BoocoderError, LeaseLost, ProcessError
from boocoder.events.agent_event import PromptSending
from boocoder.model.agent import AgentInfo
from boocoder.model.mcp_server import McpServer
from boocoder.model.steer import SteerResult
from boocoder.model.turn import AgentSessionRef, Failed, Outcome, TurnError, TurnRequest
from boocoder.process.host import ProcessHost

_MARGIN_S = 3.0  # for killing a process that ignored a cancel


class OneShotBackend:
    """Drives one agent.

    Args:
        host: starts processes.
        agent: who it is.
        state_dir: private to this backend; holds the records of turns and sessions.
        settings: limits.
        mcp_servers: those that the person configured.
    """

    def __init__(
        self,
        *,
        host: ProcessHost,
        agent: OneShotAgent,
        state_dir: Path,
        settings: OneShotSettings,
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        self.name = "stream" if agent.kept_open else "oneshot"
        self.stop_grace_s = settings.cancel_grace_s + _MARGIN_S
        self._host = host
        self._state_dir = state_dir
        self._settings = settings
        self._store = OneShotSessionStore(state_dir / "sessions")
        self._mcp_servers = mcp_servers
        runner = StdioRunner if agent.kept_open else CommandRunner
        self.runner: CommandRunner | StdioRunner = runner(
            host=host,
            agent=agent,
            state_dir=state_dir,
            store=self._store,
            settings=settings,
            mcp_servers=mcp_servers,
        )

    @property
    def agent(self) -> OneShotAgent:
        """Who it is."""
        return self.runner.agent

    def adopt(self, agent: OneShotAgent) -> None:
        """The same agent with other settings, from the next turn on."""
        self.runner.agent = agent

    async def start(self) -> None:
        """Make ready to take turns; processes start with their turns."""
        prune([*journals(self._state_dir).glob("*.jsonl"), *raw_outputs(self._state_dir).glob("*.txt")])
        self._store.prune()
        self.runner.start()

    async def stop(self) -> None:
        """End every process. Safe twice and before start."""
        await self.runner.stop()

    async def probe(self) -> AgentInfo:
        """Ask the program for its version; bounded in time, never raises."""
        directory = self._state_dir / "probe"
        info = await probe_agent(
            self._host, self.agent, self.name, directory=directory, timeout_s=self._settings.probe_timeout_s
        )
        return replace(info, mcp_servers=offered_uses(self.agent, self._mcp_servers))

    async def warm(self, worktree: Path) -> None:
        """Nothing: a process is of one session, and which one is not known before the first prompt."""

    async def forget(self, worktree: Path) -> None:
        """End the processes of a worktree. Best effort, never raises."""
        with suppress(BoocoderError):
            await self.runner.forget(worktree)

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend contract says."""
        if request.stop.reason is not None:
            return stopped(request.stop.reason)
        try:
            return await self._run(request, port)
        except ProcessError as error:
            return Failed(TurnError(error.code, error.text, error.cure or self.agent.install))
        except LeaseLost:
            raise
        except BackendError as error:
            return Failed(TurnError(error.code, error.text, error.cure or "Send the prompt again."))
        except OSError as error:
            return outcomes.journal_not_written(error)

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """A command takes no message while it runs."""
        return SteerResult.REFUSED

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Whether the turn's process still runs; there is no store to read events from."""
        return self.runner.running(request.task_id, request.epoch)

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Emit what the journal has of the turn after a crash, and return how far it got."""
        try:
            known = self._store.get(native.native_id)
            cost = known.used.cost_usd if known is not None else 0.0
            return await recover_turn(self._state_dir, self.agent, request, port, cost_before=cost)
        except OSError as error:
            return outcomes.journal_not_read(error)

    async def _run(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Try the known session, then a new one if the agent certainly took no prompt in it."""
        opening = choose_session(self.agent, request, self._store)
        barrier = _PromptBarrier(port)
        try:
            return await self._try(request, barrier, opening)
        except ResumeRefused as error:
            self._store.forget(opening.native_id)
            return await self._try(request, barrier, new_session(request, why=error.why))

    async def _try(self, request: TurnRequest, barrier: _PromptBarrier, opening: OneShotReadySession) -> Outcome:
        attempt: Attempt | None = await unless_stopped(
            request.stop,
            self.runner.prepare(request, opening),
            named=(BoocoderError, ResumeRefused),
            task_group="oneshot-opening",
        )
        if attempt is None:
            return stopped(await request.stop.wait())
        try:
            opening = attempt.opening
            await announce_session(
                barrier.port,
                native_id=opening.native_id,
                config_hash=config_hash(self.agent, request.worktree),
                step=opening.step,
                notices=opening.notices,
            )
            await barrier.sending()
            if request.stop.reason is not None:
                return stopped(request.stop.reason)
            return await attempt.run(barrier.port)
        finally:
            await asyncio.shield(attempt.close())


class _PromptBarrier:
    """The barrier before the prompt is passed once a turn, however often its session is tried.

    Args:
        port: of the turn.
    """

    def __init__(self, port: TurnPort) -> None:
        self.port = port
        self._sending = False

    async def sending(self) -> None:
        """Tell that the prompt is on its way."""
        if not self._sending:
            self._sending = True
            await self.port.emit(PromptSending())
