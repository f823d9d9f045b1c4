"""The ACP backend: drives one agent that speaks the Agent Client Protocol."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from boocoder.backends.acp.options import OptionKind
from boocoder.backends.acp.probe import AcpProbe
from boocoder.backends.acp.protocol.agent_process import AgentProcess, start_agent
from boocoder.backends.acp.recovery import recover_turn
from boocoder.backends.acp.session_config import apply_options
from boocoder.backends.acp.session_setup import (
    AcpReadySession,
    SessionLost,
    SessionPlace,
    config_hash,
    open_session,
    prepare_session,
    servers_left_out,
)
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.acp.turn import AcpTurn
from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.prompt_images import PromptImage, read_images
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.line_journal import LineJournal, journal_path, journals, prune
from boocoder.backends.shared.outcomes import stopped, unless_stopped
from boocoder.backends.shared.session_setup import announce_session
from boocoder.backends.shared.warm_pool import WarmLimits, WarmPool
from boocoder.errors import BackendError, BoocoderError, LeaseLost, ProcessError
from boocoder.events.agent_event import Notice, NoticeLevel, PromptSending
from boocoder.model.agent import AgentInfo
from boocoder.model.ids import TaskId
from boocoder.model.mcp_server import McpServer
from boocoder.model.steer import SteerResult
from boocoder.model.turn import (
    AgentSessionRef,
    Failed,
    Outcome,
    StopReason,
    TurnError,
    TurnRequest,
)
from boocoder.process.host import ProcessHost

log = logging.getLogger(__name__)
T = TypeVar("T")

_RECONCILE_S = 10.0
_SPENT_GRACE_S = 0.5  # of a process that ignored a cancel
_STRAYS_SHOWN = 5
_MARGIN_S = 3.0  # for killing a process that ignored a cancel


class AcpBackend:
    """Drives one agent.

    Args:
        host: starts processes.
        agent: who it is.
        state_dir: private to this backend; holds the journals of turns.
        settings: limits.
        mcp_servers: those that the person configured.
    """

    name = "acp"

    def __init__(
        self,
        *,
        host: ProcessHost,
        agent: AcpAgent,
        state_dir: Path,
        settings: AcpSettings,
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        self._mcp_servers = mcp_servers
        self.stop_grace_s = settings.cancel_grace_s + _MARGIN_S
        self.agent = agent
        self._host = host
        self._state_dir = state_dir
        self._settings = settings
        self._defaults: dict[OptionKind, str] = {}
        self._neutral = state_dir / "neutral"
        self._strays: frozenset[str] = frozenset()
        # A process in reserve is of no worktree yet, so it could not be confined to one.
        spare = agent.obeys_cwd and not host.confines(agent.name)
        self.pool: WarmPool[Path, AgentProcess] = WarmPool(
            name="acp",
            limits=_limits(settings),
            start=(lambda: self._start_agent(self._neutral)) if spare else None,
        )
        probing = state_dir / "probe"
        self._probe_runner = AcpProbe(
            agent=agent,
            start=lambda: self._start_agent(probing),
            directory=probing,
            settings=settings,
            servers=mcp_servers,
        )
        self._turns: dict[tuple[TaskId, int], AcpTurn] = {}

    async def start(self) -> None:
        """Begin to keep processes warm; the first one starts with the first turn or warming."""
        prune(journals(self._state_dir).glob("*.jsonl"))
        self.pool.start()

    async def stop(self) -> None:
        """End every process. Safe twice and before start."""
        await self.pool.stop()

    async def probe(self) -> AgentInfo:
        """Start the agent and see what it offers; bounded in time, never raises."""
        live = [process for process in self.pool.processes() if process.usable]
        return await self._probe_runner.probe(known_to_work=bool(live))

    def adopt(self, agent: AcpAgent) -> None:
        """Start it with this description from now on; running processes keep theirs."""
        if agent == self.agent:
            return
        self.agent = agent
        self._probe_runner.adopt(agent)
        if self.pool.spare is not None:
            self.pool.spare.ending = True

    async def warm(self, worktree: Path) -> None:
        """Open a session in this directory ahead of the first prompt. Best effort, never raises."""
        with suppress(BoocoderError, SessionLost):
            async with self.pool.use(worktree, lambda: self._start_agent(worktree)) as process:
                await prepare_session(process, SessionPlace(worktree, self._servers_for(worktree)), self._settings)

    async def forget(self, worktree: Path) -> None:
        """End the process of a worktree. Best effort, never raises."""
        with suppress(BoocoderError):
            await self.pool.end(worktree, self._settings.close_grace_s)

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend contract says."""
        if outcome := _stopped(request):
            return outcome
        try:
            return await self._run(request, port)
        except _Stopped as asked:
            return stopped(asked.reason)
        except (LeaseLost, asyncio.CancelledError):
            await asyncio.shield(self.pool.end(request.worktree, 0.0))
            raise
        except ProcessError as error:
            cure = error.cure or self.agent.install
            return Failed(TurnError(error.code, error.text, cure))
        except BackendError as error:
            return Failed(TurnError(error.code, error.text, error.cure or "Send the prompt again."))
        except OSError as error:
            return outcomes.journal_not_written(error)

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """Give the message to the running turn, if the agent takes one."""
        turn = self._turns.get((request.task_id, request.epoch))
        return await turn.steer(message) if turn is not None else SteerResult.REFUSED

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Whether the agent still works on a silent turn; there is no store to read events from."""
        turn = self._turns.get((request.task_id, request.epoch))
        return await turn.reconcile(_RECONCILE_S) if turn is not None else False

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Emit what the journal has of the turn after a crash, and return how far it got."""
        try:
            return await recover_turn(self._state_dir, self.agent, request, port)
        except OSError as error:
            return outcomes.journal_not_read(error)

    async def _start_agent(self, directory: Path) -> AgentProcess:
        return await start_agent(
            host=self._host,
            agent=self.agent,
            directory=directory,
            worktree=None if directory.is_relative_to(self._state_dir) else directory,
            settings=self._settings,
            defaults=self._defaults,
        )

    async def _run(self, request: TurnRequest, port: TurnPort) -> Outcome:
        try:
            return await self._run_in_process(request, port)
        except SessionLost as error:
            await self.pool.end(request.worktree, 0.0)
            return await self._run_in_process(request, port, lost=error)

    def _servers_for(self, worktree: Path) -> tuple[McpServer, ...]:
        project = self._host.project_of(worktree)
        return tuple(server for server in self._mcp_servers if server.serves(project))

    async def _run_in_process(
        self, request: TurnRequest, port: TurnPort, *, lost: SessionLost | None = None
    ) -> Outcome:
        process = await _unless_stopped(
            request, self.pool.acquire(request.worktree, lambda: self._start_agent(request.worktree))
        )
        try:
            opened = await _unless_stopped(request, self._open(process, request, lost))
            takes_images = process.capabilities.images and self.agent.images
            images = await read_images(request.attachments if takes_images else ())
            await announce_session(
                port,
                native_id=opened.session.native_id,
                config_hash=config_hash(self.agent, request.worktree),
                step=opened.step,
                notices=(*opened.notices, *images.notices),
            )
            if outcome := _stopped(request):
                return outcome
            await port.emit(PromptSending())
            if outcome := _stopped(request):  # a cancel right behind a prompt may reach the agent too early
                return outcome
            return await self._drive(process, opened, images.images, request, port)
        except BackendError as error:
            if process.connection.dead or error.code == "agent_no_answer":  # a fresh process may answer
                await self.pool.end(request.worktree, 0.0)
            raise
        finally:
            self.pool.release(request.worktree)

    async def _open(self, process: AgentProcess, request: TurnRequest, lost: SessionLost | None) -> AcpReadySession:
        """Open the session; without MCP servers if an agent did not answer to one with them."""
        hung = lost is not None and lost.with_servers
        servers = () if hung else (*self._servers_for(request.worktree), *request.mcp_servers)
        why = lost.why if lost is not None and request.agent_session is not None else ""
        opened = await open_session(process, request, self._settings, servers=servers, lost=why)
        if lost is not None and hung:
            opened.notices.append(servers_left_out(f"the agent did not open one with them: {lost.why}"))
        self._probe_runner.learn(opened.session)
        opened.notices += await apply_options(
            process, opened.session, request, timeout_s=self._settings.request_timeout_s
        )
        return opened

    async def _drive(
        self,
        process: AgentProcess,
        opened: AcpReadySession,
        images: tuple[PromptImage, ...],
        request: TurnRequest,
        port: TurnPort,
    ) -> Outcome:
        path = journal_path(self._state_dir, request.chat_id)
        journal = LineJournal(path=path, task_id=request.task_id, agent=self.agent.name)
        turn = AcpTurn(
            request=request,
            port=port,
            process=process,
            session=opened.session,
            prompt=request.prompt_text(opened.step),
            images=images,
            unfinished=request.unfinished_after(opened.step),
            journal=journal,
            settings=self._settings,
        )
        key = (request.task_id, request.epoch)
        self._turns[key] = turn
        try:
            outcome = await turn.run()
        finally:
            self._turns.pop(key, None)
            journal.close()
        await self._report_strays(port)
        if isinstance(outcome, Failed) and outcome.error.code == "agent_session_gone":
            process.forget(opened.session.native_id)
        if turn.spoiled:
            await self.pool.end(request.worktree, _SPENT_GRACE_S)
        return outcome

    async def _report_strays(self, port: TurnPort) -> None:
        """Report files in the neutral folder that reserve processes start in; no agent should write there."""
        found = await asyncio.to_thread(_names_in, self._neutral)
        new, self._strays = sorted(found - self._strays), found
        if new:
            names = ", ".join(new[:_STRAYS_SHOWN]) + (
                f" and {len(new) - _STRAYS_SHOWN} more" * (len(new) > _STRAYS_SHOWN)
            )
            text = f"The agent wrote outside the worktree, into {self._neutral}: {names}. The change lacks these files."
            await port.emit(Notice("wrote_outside_worktree", text, NoticeLevel.WARNING))


def _names_in(directory: Path) -> frozenset[str]:
    try:
        return frozenset(path.name for path in directory.iterdir())
    except OSError:
        return frozenset()


def _limits(settings: AcpSettings) -> WarmLimits:
    return WarmLimits(
        close_grace_s=settings.close_grace_s,
        idle_s=settings.idle_s,
        budget_bytes=settings.budget_bytes,
        sweep_s=settings.sweep_s,
        spare=settings.spare,
    )


class _Stopped(Exception):
    """The turn was asked to end before its prompt was sent."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


def _stopped(request: TurnRequest) -> Outcome | None:
    reason = request.stop.reason
    return None if reason is None else stopped(reason)


async def _unless_stopped(request: TurnRequest, work: Coroutine[None, None, T]) -> T:
    """The result of `work`, which is cancelled when the turn is asked to stop.

    Raises:
        _Stopped: it was.
    """
    result = await unless_stopped(request.stop, work, named=(BoocoderError, SessionLost), task_group="acp-opening")
    if result is None:
        raise _Stopped(await request.stop.wait())
    return result
