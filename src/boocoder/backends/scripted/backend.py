"""The scripted agent: plays the prompt as a script in this process, without account or model."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.scripted.memory import MemoryStore, ScriptedMemory, config_hash
from boocoder.backends.scripted.script_player import ScriptPlayer
from boocoder.backends.scripted.tool_executor import ScriptedReporter, ScriptedToolExecutor
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.event_journal import TurnJournal, read_journal, store_broken
from boocoder.events.agent_event import AgentDone, AgentSessionOpened, Notice, NoticeLevel, PromptSending
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import TaskId
from boocoder.model.steer import SteerResult
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Outcome, ResumeStep, StopReason, TurnRequest
from boocoder.process.environment import agent_environment
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

VERSION = "1"
MODELS = ("scripted-small", "scripted-large")


class ScriptedBackend:
    """Plays scripts; what they can say is written at the top of boocoder.scripted_model.script.

    Args:
        state_dir: the agent's own store: conversations and the journal of the newest turn of each.
        processes: starts commands.
    """

    name = "scripted"
    stop_grace_s = 2.0

    def __init__(self, *, state_dir: Path, processes: ProcessHost) -> None:
        self._processes = processes
        self._memories = MemoryStore(directory=state_dir / "sessions")
        self._journals = state_dir / "turns"
        self._supervisor = TaskSupervisor("scripted")
        self._warm: dict[str, Path] = {}
        self._running: dict[TaskId, tuple[TurnRequest, ScriptPlayer]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Nothing to make ready."""

    async def stop(self) -> None:
        """Ask running turns to end, wait for them for `stop_grace_s`, and end their commands. Safe twice."""
        for request, _ in list(self._running.values()):
            request.stop.set(StopReason.SHUTDOWN)
        try:
            async with asyncio.timeout(self.stop_grace_s):
                await self._idle.wait()
        except TimeoutError:
            pass  # a stubborn script; its owner cancels it
        await self._supervisor.stop()
        self._warm.clear()

    async def probe(self) -> AgentInfo:
        """It always works."""
        return AgentInfo(
            name=self.name,
            backend=self.name,
            state=AgentState.READY,
            version=VERSION,
            models=MODELS,
            default_model=MODELS[0],
            steering=True,
        )

    async def warm(self, worktree: Path) -> None:
        """Nothing to warm."""

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Play the prompt as a script."""
        memory, step, why_new = self._open(request)
        await port.emit(AgentSessionOpened(memory.native_id, memory.config_hash, step))
        if why_new:
            await port.emit(Notice("session_not_resumed", why_new, NoticeLevel.WARNING))
        await port.emit(PromptSending())
        try:
            outcome = await self._play_recorded(request, port, memory)
        except OSError as error:
            outcome = store_broken("The scripted agent", error)
        if isinstance(outcome, Failed) and outcome.error.code == "agent_died":
            self._warm.pop(memory.native_id, None)
        return outcome

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """Play the message as a script between two steps of the one that is played."""
        running = self._running.get(request.task_id)
        return await running[1].inbox.put(message) if running is not None else SteerResult.REFUSED

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Nothing is ever missed; a hanging script is not working."""
        running = self._running.get(request.task_id)
        return running is not None and running[1].working

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Emit what the journal has of the turn, and say how far it got."""
        recorded = read_journal(self._journal_path(native.native_id), request.task_id)
        if recorded is None:
            return outcomes.host_died(outcomes.NOTHING_STORED)
        for event in recorded.events:
            await port.emit(event)
        return recorded.outcome or outcomes.host_died()

    async def forget(self, worktree: Path) -> None:
        """Drop that worktree's warm conversations; their store stays."""
        self._warm = {native_id: path for native_id, path in self._warm.items() if path != worktree}

    async def _play_recorded(self, request: TurnRequest, port: TurnPort, memory: ScriptedMemory) -> Outcome:
        for text in filter(None, (request.notes, request.missed, request.prompt)):
            memory.learn(text)
        self._memories.save(memory)
        self._warm[memory.native_id] = request.worktree
        journal = TurnJournal(path=self._journal_path(memory.native_id), task_id=request.task_id)
        try:
            outcome = await self._play(request, port, memory, journal)
            journal.end(outcome)
            if isinstance(outcome, Completed):
                await port.emit(AgentDone())
            return outcome
        finally:
            journal.close()

    async def _play(
        self, request: TurnRequest, port: TurnPort, memory: ScriptedMemory, journal: TurnJournal
    ) -> Outcome:
        reporter = ScriptedReporter(port=port, journal=journal)
        bench = ScriptedToolExecutor(
            worktree=request.worktree,
            environment=agent_environment(),
            processes=self._processes,
            port=port,
            reporter=reporter,
            stop=request.stop,
            supervisor=self._supervisor,
        )

        def learn(text: str) -> None:
            memory.learn(text)
            self._memories.save(memory)

        performance = ScriptPlayer(
            request=request, prompts=memory.prompts, port=port, reporter=reporter, bench=bench, learn=learn
        )
        self._running[request.task_id] = (request, performance)
        self._idle.clear()
        try:
            return await performance.play()
        finally:
            performance.inbox.close()
            del self._running[request.task_id]
            if not self._running:
                self._idle.set()

    def _open(self, request: TurnRequest) -> tuple[ScriptedMemory, ResumeStep, str]:
        """The conversation of this turn, how it was reached, and why an older one could not be used ("" if it was)."""
        wanted = request.agent_session
        hash_now = config_hash(request.worktree)
        why_new = ""
        if wanted is not None:
            known = self._memories.load(wanted.native_id)
            if known is None:
                why_new = "The scripted agent no longer has the earlier conversation."
            elif not known.config_hash == wanted.config_hash == hash_now:
                why_new = "The earlier conversation belongs to another directory."
            else:
                return known, ResumeStep.WARM if known.native_id in self._warm else ResumeStep.RESUMED, ""
        memory = self._memories.create(hash_now)
        if not request.handover:
            return memory, ResumeStep.FRESH, why_new
        memory.learn(request.handover)
        return memory, ResumeStep.HANDED_OVER, why_new

    def _journal_path(self, native_id: str) -> Path:
        return self._journals / f"{Path(native_id).name}.jsonl"
