"""The ACP backend: implements the Backend contract for one agent that speaks ACP. It holds no turn's logic."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from boocoder.backends.acp.agent_process import AgentProcess, start_agent
from boocoder.backends.acp.opening import LostOnResume, Opened, config_hash, open_session, prepare_session
from boocoder.backends.acp.options import Knob
from boocoder.backends.acp.probe import Prober
from boocoder.backends.acp.recovery import recover_turn
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.acp.tuning import tune
from boocoder.backends.acp.turn import Turn
from boocoder.backends.base import TurnPort
from boocoder.backends.endings import stopped, unless_stopped
from boocoder.backends.line_journal import LineJournal, journal_path, journals, prune
from boocoder.backends.warm_pool import WarmLimits, WarmPool
from boocoder.errors import BackendError, BoocoderError, LeaseLost, ProcessError
from boocoder.events.agent_event import AgentSessionOpened, PromptSending
from boocoder.model.agent import AgentInfo
from boocoder.model.ids import TaskId
from boocoder.model.turn import (
    AgentSessionRef,
    Failed,
    Interrupted,
    Outcome,
    ResumeStep,
    StopReason,
    TurnError,
    TurnRequest,
)
from boocoder.process.host import ProcessHost

log = logging.getLogger(__name__)
T = TypeVar("T")

_RECONCILE_S = 10.0
_SPENT_GRACE_S = 0.5  # of a process that did not obey: it had its time already
_MARGIN_S = 3.0  # for killing what did not obey


class AcpBackend:
    """Drives one agent.

    Args:
        host: starts processes.
        agent: who it is.
        state_dir: ours alone; the records of turns live in it.
        settings: limits.
    """

    name = "acp"

    def __init__(self, *, host: ProcessHost, agent: AcpAgent, state_dir: Path, settings: AcpSettings) -> None:
        self.stop_grace_s = settings.cancel_grace_s + _MARGIN_S
        self.agent = agent
        self._host = host
        self._state_dir = state_dir
        self._settings = settings
        self._defaults: dict[Knob, str] = {}
        self.pool: WarmPool[Path, AgentProcess] = WarmPool(
            name="acp", limits=_limits(settings), start=self._start_agent
        )
        self._prober = Prober(agent=agent, start=self._start_agent, directory=state_dir / "probe", settings=settings)
        self._turns: dict[tuple[TaskId, int], Turn] = {}

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
        return await self._prober.probe(known_to_work=bool(live))

    def adopt(self, agent: AcpAgent) -> None:
        """Start it like this from now on; what runs for a worktree stays as it is until it ends."""
        if agent == self.agent:
            return
        self.agent = agent
        self._prober.adopt(agent)
        if self.pool.spare is not None:
            self.pool.spare.ending = True

    async def warm(self, worktree: Path) -> None:
        """Open a session in this directory ahead of the first prompt. Best effort, never raises."""
        with suppress(BoocoderError):
            async with self.pool.use(worktree) as process:
                await prepare_session(process, worktree, self._settings)

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
            text = f"boocoder cannot write its record of the turn: {error}."
            return Failed(TurnError("journal_broken", text, "Check free space in boocoder's data directory."))

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Whether the agent still answers for a silent turn; it has no more to tell than it told."""
        turn = self._turns.get((request.task_id, request.epoch))
        return await turn.reconcile(_RECONCILE_S) if turn is not None else False

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """After a crash of ours: emit what our record has of the turn and say how far it got."""
        try:
            return await recover_turn(self._state_dir, self.agent, request, port)
        except OSError as error:
            text = f"boocoder's record of the turn cannot be read: {error}."
            return Interrupted(TurnError("journal_broken", text, "Resume the turn."))

    async def _start_agent(self) -> AgentProcess:
        return await start_agent(
            host=self._host,
            agent=self.agent,
            directory=self._state_dir / "neutral",
            settings=self._settings,
            defaults=self._defaults,
        )

    async def _run(self, request: TurnRequest, port: TurnPort) -> Outcome:
        try:
            return await self._run_in_process(request, port)
        except LostOnResume as error:
            await self.pool.end(request.worktree, 0.0)
            return await self._run_in_process(request, port, lost=error.why)

    async def _run_in_process(self, request: TurnRequest, port: TurnPort, *, lost: str = "") -> Outcome:
        process = await _unless_stopped(request, self.pool.acquire(request.worktree))
        try:
            opened = await _unless_stopped(request, self._open(process, request, lost))
            native_id = opened.session.native_id
            await port.emit(AgentSessionOpened(native_id, config_hash(self.agent, request.worktree), opened.step))
            for notice in opened.notices:
                await port.emit(notice)
            if outcome := _stopped(request):
                return outcome
            await port.emit(PromptSending())
            if outcome := _stopped(request):  # a cancel right behind a prompt may reach the agent too early
                return outcome
            return await self._drive(process, opened, request, port)
        except BackendError as error:
            if process.connection.dead or error.code == "agent_no_answer":  # a fresh process may answer
                await self.pool.end(request.worktree, 0.0)
            raise
        finally:
            self.pool.release(request.worktree)

    async def _open(self, process: AgentProcess, request: TurnRequest, lost: str) -> Opened:
        opened = await open_session(process, request, self._settings, lost=lost)
        self._prober.learn(opened.session)
        opened.notices += await tune(process, opened.session, request, timeout_s=self._settings.request_timeout_s)
        return opened

    async def _drive(self, process: AgentProcess, opened: Opened, request: TurnRequest, port: TurnPort) -> Outcome:
        path = journal_path(self._state_dir, request.chat_id)
        journal = LineJournal(path=path, task_id=request.task_id, agent=self.agent.name)
        turn = Turn(
            request=request,
            port=port,
            process=process,
            session=opened.session,
            prompt=_prompt(request, opened.step),
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
        if isinstance(outcome, Failed) and outcome.error.code == "agent_session_gone":
            process.forget(opened.session.native_id)
        if turn.spoiled:
            await self.pool.end(request.worktree, _SPENT_GRACE_S)
        return outcome


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
    result = await unless_stopped(request.stop, work, named=(BoocoderError, LostOnResume), owner="acp-opening")
    if result is None:
        raise _Stopped(await request.stop.wait())
    return result


def _prompt(request: TurnRequest, step: ResumeStep) -> str:
    knows = step in (ResumeStep.WARM, ResumeStep.RESUMED, ResumeStep.LOADED)
    return request.prompt if knows or not request.handover else f"{request.handover}\n\n{request.prompt}"
