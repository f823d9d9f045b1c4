"""The port of a running turn: sends what the agent says to clients at once and stores it in batches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from boocoder.broker.batch_writer import WENT_BACK, BatchWriter
from boocoder.db.tasks import attempts
from boocoder.dispatch.approvals import AlsoWrite, ApprovalGate
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.permission_rules import RequestFrame
from boocoder.dispatch.turn.services import TurnServices
from boocoder.errors import LeaseLost, Unavailable
from boocoder.events import agent_event
from boocoder.events.batch import OverflowText, StreamBatch
from boocoder.events.frames import DeltaFrame, ProgressFrame, ReasoningDeltaFrame, SteerFrame
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.model.limits import FLUSH_INTERVAL_S
from boocoder.model.turn import ResumeStep, StopReason, StopSignal
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

PENDING_MAX_ITEMS = 512  # as below; a larger batch would keep the loop busy while it is encoded
PENDING_MAX_CHARS = 262_144  # an agent that floods waits for the database beyond this
YIELD_EVERY = 32  # events; a backend that never waits would keep the loop from everybody else
AFTER_PROMPT_S = 0.1  # an agent asks its model before it touches a file, and has read its prompt by then
AFTER_SIGN_S = 0.002  # its first word is on its way to clients by then, before what starts a process holds the loop up
RETRY_S = 0.25  # between tries while the database is away; the lease bounds them

STEP_TEXT = {
    ResumeStep.WARM: "The agent still had this conversation open.",
    ResumeStep.RESUMED: "The agent continued its stored conversation.",
    ResumeStep.LOADED: "The agent replayed its stored conversation.",
    ResumeStep.HANDED_OVER: "The conversation so far was handed over to a new agent session.",
    ResumeStep.FRESH: "A new agent session was started.",
}


@dataclass(frozen=True, slots=True)
class TurnHooks:
    """What a turn does at its turning points.

    Args:
        before_prompt: awaited before the agent gets its prompt, together with what is stored then.
        after_prompt: called at the agent's first sign after it got its prompt, and AFTER_PROMPT_S after that at the
            latest; it may be called twice.
        when_done: called when the agent is done, while the backend finds out how its turn ended.
    """

    before_prompt: Callable[[], Awaitable[None]] | None = None
    after_prompt: Callable[[], None] | None = None
    when_done: Callable[[], None] | None = None


class Recorder:
    """Implements `backends.base.TurnPort` for one attempt. Use with `async with`.

    Args:
        attempt: the attempt in whose name everything is written.
        ids: where the frames belong.
        agent, backend: names stored with the agent session.
        transcript: the turn's fold.
        liveness: touched by every event.
        stop: set when the lease is found to be lost.
        hooks: what the turn does at its turning points.
        batches: how many the session's stream has.
    """

    def __init__(
        self,
        services: TurnServices,
        *,
        attempt: AttemptKey,
        ids: TurnIds,
        agent: str,
        backend: str,
        transcript: Transcript,
        liveness: Liveness,
        stop: StopSignal,
        batches: int,
        hooks: TurnHooks | None = None,
    ) -> None:
        self._services = services
        self._attempt = attempt
        self._ids = ids
        self._agent = agent
        self._backend = backend
        self._transcript = transcript
        self._liveness = liveness
        self._stop = stop
        self._hooks = hooks or TurnHooks()
        self._soon: asyncio.TimerHandle | None = None
        self._signed = self._done = self._worked_on = False
        self._approvals = ApprovalGate(
            database=services.database,
            approval_waiters=services.approval_waiters,
            attempt=attempt,
            ids=ids,
            transcript=transcript,
            liveness=liveness,
            stop=stop,
            store_frame=self._store_frame,
        )
        self._writer = BatchWriter(
            outbox=services.outbox, session_id=ids.session_id, guard=attempt.guard, batches=batches
        )
        self._supervisor = TaskSupervisor(f"record:{ids.task_id}")
        self._lock = asyncio.Lock()
        self._dirty = asyncio.Event()
        self._urgent = asyncio.Event()
        self._storing = False  # durable frames are on their way: text that comes after them waits in _held
        self._held: list[DeltaFrame | ReasoningDeltaFrame] = []
        self._lost: LeaseLost | None = None
        self._events = 0
        self.prompt_recorded = asyncio.Event()
        """Set once it is durable that the agent may have the prompt."""
        self.steers_wait = False
        """Whether a message for the turn waited when that was recorded."""

    @property
    def prompt_sent(self) -> bool:
        """Whether the agent may have the prompt."""
        return self.prompt_recorded.is_set()

    async def __aenter__(self) -> Recorder:
        self._supervisor.spawn(self._flush_loop(), "flush")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._soon is not None:
            self._soon.cancel()
        await self._supervisor.stop()
        if self._lost is not None:
            self._services.broker.forget_tail(self._ids.session_id)

    async def emit(self, event: agent_event.AgentEvent) -> None:
        """Take one event; see `TurnPort.emit`."""
        if self._lost is not None:
            raise self._lost
        self._liveness.touch()
        match event:
            case agent_event.AgentSessionOpened():
                await self._open_agent_session(event)
                return
            case agent_event.PromptSending():
                await self._mark_prompt_sent()
                return
            case agent_event.AgentDone():
                self._agent_done()
                return
            case agent_event.ToolCall():
                self._worked_on = self._done
            case agent_event.Progress(text=text):
                if text:
                    self._show_progress(text)
                return
            case _:
                pass
        live = self._transcript.apply(event)
        if live is not None and self._storing:
            self._held.append(live)
        elif live is not None:
            self._services.broker.publish_live(live)
        self._first_sign()
        await self._pace(urgent=live is None)

    def _first_sign(self) -> None:
        """The agent has begun: what waits for that need not wait longer."""
        if self._soon is not None and not self._signed and self._hooks.after_prompt is not None:
            self._signed = True
            self._soon.cancel()
            self._soon = asyncio.get_running_loop().call_later(AFTER_SIGN_S, self._hooks.after_prompt)

    def _agent_done(self) -> None:
        if not self._done and self._hooks.when_done is not None:
            self._hooks.when_done()
        self._done = True

    @property
    def batches(self) -> int:
        """How many batches the session's stream has to have when the turn ends."""
        return self._writer.batches

    async def restore(self, stored: int) -> None:
        """Store again what the database has lost of the turn: it has `stored` batches. Errors as `BatchWriter`."""
        async with self._lock:
            await self._writer.restore(stored)

    @property
    def over(self) -> bool:
        """Whether the agent was done and did nothing since."""
        return self._done and not self._worked_on

    def _show_progress(self, text: str) -> None:
        frame = ProgressFrame(
            session_id=self._ids.session_id, task_id=self._ids.task_id, text=self._transcript.redacted(text)
        )
        self._services.broker.publish_progress(frame)

    async def _pace(self, *, urgent: bool) -> None:
        """Wake the flusher; apply back-pressure where the agent outruns the database, and yield to the event loop."""
        if self._transcript.empty:
            return
        self._dirty.set()
        if urgent:
            self._urgent.set()
        self._events += 1
        waiting = self._transcript
        if waiting.pending_chars > PENDING_MAX_CHARS or waiting.pending_items > PENDING_MAX_ITEMS:
            await self.flush()
        elif self._events % YIELD_EVERY == 0:
            await asyncio.sleep(0)

    async def ask_permission(self, request: agent_event.PermissionRequest) -> agent_event.PermissionAnswer:
        """Ask the rules, then a person; see `TurnPort.ask_permission`."""
        return await self._approvals.permission(request)

    async def ask_question(self, request: agent_event.QuestionRequest) -> agent_event.QuestionAnswer:
        """Ask a person; see `TurnPort.ask_question`."""
        return await self._approvals.question(request)

    def new_steer_part(self) -> int:
        """The number of the part of a person's message that the agent gets now."""
        return self._transcript.new_steer()

    async def store_steer(self, frame: SteerFrame, also: AlsoWrite) -> None:
        """Store the state of a person's message behind everything emitted before it, in one transaction with `also`.

        Raises:
            LeaseLost: the attempt has another owner.
        """
        await self._store_with(lambda: self._transcript.steer(frame), also)

    async def _store_frame(self, frame: RequestFrame, also: AlsoWrite) -> None:
        """Store a request's frame and `also` in one transaction."""
        await self._store_with(lambda: self._transcript.request(frame), also)

    async def _store_with(self, add: Callable[[], None], also: AlsoWrite) -> None:
        """A backend may drop its question at any moment; output before it must not be lost with it."""
        if self._lost is not None:
            raise self._lost
        self._worked_on = self._done
        await asyncio.shield(self._supervisor.spawn(self._store_added(add, also), "tell"))

    async def _store_added(self, add: Callable[[], None], also: AlsoWrite) -> None:
        async with self._lock:
            add()
            await self._store_waiting(also)

    async def flush(self) -> None:
        """Store and publish all output so far.

        Raises:
            LeaseLost: the attempt has another owner.
        """
        async with self._lock:
            await self._store_waiting(None)

    async def _store_waiting(self, also: AlsoWrite | None) -> None:
        if self._transcript.empty:
            return
        overflow = self._transcript.take_overflow()
        batch = self._transcript.take()
        await self._write_overflow(overflow)
        self._storing = any(frame is not None for frame in batch.frames)
        await self._store(batch, also)
        self._services.failpoints.hit("record.after_batch")
        self._storing = False
        for delta in self._held:
            self._services.broker.publish_live(delta)
        self._held.clear()

    async def _write_overflow(self, texts: list[OverflowText]) -> None:
        """A disk that is full costs the turn this text only."""
        try:
            await self._services.overflow.append(self._ids.message_id, texts)
        except OSError as error:
            log.error("overflow text lost", extra={"task_id": self._ids.task_id, "why": str(error)})

    async def _store(self, batch: StreamBatch, also: AlsoWrite | None) -> None:
        """Write one batch; while the database is away, try again until the lease is lost."""
        while True:
            try:
                return await self._writer.store(batch, also)
            except LeaseLost as error:
                self._lost = error
                self._stop.set(StopReason.LEASE_LOST)
                raise
            except Unavailable as error:
                if error.code == WENT_BACK:
                    raise
                if self._stop.reason is StopReason.LEASE_LOST:
                    raise LeaseLost("lease_lost", "The database was away for longer than the lease.") from error
                log.warning("database away, batch waits", extra={"task_id": self._ids.task_id, "code": error.code})
                await asyncio.sleep(RETRY_S)

    async def _flush_loop(self) -> None:
        while True:
            await self._dirty.wait()
            if not self._urgent.is_set():
                try:
                    async with asyncio.timeout(FLUSH_INTERVAL_S):
                        await self._urgent.wait()
                except TimeoutError:
                    pass
            self._dirty.clear()
            self._urgent.clear()
            try:
                await self.flush()
            except LeaseLost:
                return  # kept in _lost, raised by the next emit

    async def _open_agent_session(self, event: agent_event.AgentSessionOpened) -> None:
        self._transcript.notice(agent_event.Notice(f"session_{event.step}", STEP_TEXT[event.step]))
        await self._pace(urgent=True)
        await self._services.agent_sessions.put(self._ids.chat_id, self._agent, backend=self._backend, opened=event)

    async def _mark_prompt_sent(self) -> None:
        self._services.failpoints.hit("prompt.before_sent")
        _, marked, _ = await asyncio.gather(self.flush(), self._mark(), self._ready_for_prompt())
        if marked is None:
            self._lost = LeaseLost("lease_lost", f"Task {self._ids.task_id} is run by another host.")
            self._stop.set(StopReason.LEASE_LOST)
            raise self._lost
        self.steers_wait = marked.steers_wait
        self.prompt_recorded.set()
        self._services.failpoints.hit("prompt.after_sent")
        if self._hooks.after_prompt is not None:
            self._soon = asyncio.get_running_loop().call_later(AFTER_PROMPT_S, self._hooks.after_prompt)

    async def _ready_for_prompt(self) -> None:
        if self._hooks.before_prompt is not None:
            await self._hooks.before_prompt()

    async def _mark(self) -> attempts.PromptMark | None:
        """Durable when it returns, and with it everything that was committed before, such as the claim."""
        async with self._services.database.connection() as conn:
            return await attempts.mark_prompt_sent(conn, *self._attempt.guard)
