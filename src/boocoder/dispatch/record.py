"""What the agent says goes to clients at once and into the database a moment later; the port of a running turn."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from boocoder.broker.broker import Broker
from boocoder.db import agent_sessions, attempts, events
from boocoder.db.pool import Database
from boocoder.dispatch.asking import Also, Asker, Decisions
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.owner import Owner
from boocoder.dispatch.permissions import RequestFrame
from boocoder.errors import LeaseLost, Unavailable
from boocoder.events import agent_event as said
from boocoder.events.batch import BatchItem
from boocoder.events.frames import Delta, Frame, ReasoningDelta
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.failpoints import Failpoints
from boocoder.model.limits import FLUSH_INTERVAL_S
from boocoder.model.turn import ResumeStep, StopReason, StopSignal
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

PENDING_MAX_CHARS = 262_144  # an agent that floods waits for the database beyond this
YIELD_EVERY = 128  # events; a backend that never waits would keep the loop from everybody else
RETRY_S = 0.25  # between tries while the database is away; the lease bounds them

STEP_TEXT = {
    ResumeStep.WARM: "The agent still had this conversation open.",
    ResumeStep.RESUMED: "The agent continued its stored conversation.",
    ResumeStep.LOADED: "The agent replayed its stored conversation.",
    ResumeStep.HANDED_OVER: "The conversation so far was handed over to a new agent session.",
    ResumeStep.FRESH: "A new agent session was started.",
}


class Recorder:
    """Implements `backends.base.TurnPort` for one attempt. Use with `async with`.

    Args:
        owner: the attempt in whose name everything is written.
        ids: where the frames belong.
        agent, backend: names stored with the agent session.
        transcript: the turn's fold.
        liveness: touched by every event.
        stop: set when the lease is found to be lost.
        decisions: of whoever answers permissions and questions.
        opened_sessions: gets the native id of the agent session that the turn uses.
        before_prompt: waited for before the agent gets its prompt, beside what is stored then.
    """

    def __init__(
        self,
        *,
        database: Database,
        broker: Broker,
        owner: Owner,
        ids: TurnIds,
        agent: str,
        backend: str,
        transcript: Transcript,
        liveness: Liveness,
        stop: StopSignal,
        failpoints: Failpoints,
        decisions: Decisions,
        opened_sessions: set[str],
        before_prompt: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._database = database
        self._broker = broker
        self._owner = owner
        self._ids = ids
        self._agent = agent
        self._backend = backend
        self._transcript = transcript
        self._liveness = liveness
        self._asker = Asker(
            database=database,
            decisions=decisions,
            owner=owner,
            ids=ids,
            transcript=transcript,
            liveness=liveness,
            stop=stop,
            tell=self._tell,
        )
        self._stop = stop
        self._failpoints = failpoints
        self._opened_sessions = opened_sessions
        self._before_prompt = before_prompt
        self._supervisor = Supervisor(f"record:{ids.task_id}")
        self._lock = asyncio.Lock()
        self._dirty = asyncio.Event()
        self._urgent = asyncio.Event()
        self._storing = False  # durable frames are on their way: text that comes after them waits in _held
        self._held: list[Delta | ReasoningDelta] = []
        self._lost: LeaseLost | None = None
        self._events = 0
        self.prompt_sent = False

    async def __aenter__(self) -> Recorder:
        self._supervisor.spawn(self._flush_loop(), "flush")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._supervisor.stop()
        if self._lost is not None:
            self._broker.forget_tail(self._ids.session_id)

    async def emit(self, event: said.AgentEvent) -> None:
        """Take one event; see `TurnPort.emit`."""
        if self._lost is not None:
            raise self._lost
        self._liveness.touch()
        match event:
            case said.AgentSessionOpened():
                await self._open_agent_session(event)
                return
            case said.PromptSending():
                await self._mark_prompt_sent()
                return
            case _:
                pass
        live = self._transcript.apply(event)
        if live is not None and self._storing:
            self._held.append(live)
        elif live is not None:
            self._broker.publish_live(live)
        await self._pace(urgent=live is None)

    async def _pace(self, *, urgent: bool) -> None:
        """Wake the flusher; hold the agent back where it is faster than the database or starves the loop."""
        if self._transcript.empty:
            return
        self._dirty.set()
        if urgent:
            self._urgent.set()
        self._events += 1
        if self._transcript.pending_chars > PENDING_MAX_CHARS:
            await self.flush()
        elif self._events % YIELD_EVERY == 0:
            await asyncio.sleep(0)

    async def ask_permission(self, request: said.PermissionRequest) -> said.PermissionAnswer:
        """Ask the rules, then a person; see `TurnPort.ask_permission`."""
        return await self._asker.permission(request)

    async def ask_question(self, request: said.QuestionRequest) -> said.QuestionAnswer:
        """Ask a person; see `TurnPort.ask_question`."""
        return await self._asker.question(request)

    async def _tell(self, frame: RequestFrame, also: Also) -> None:
        """Store a request's frame and `also` in one transaction.

        A backend may drop its question at any moment; what was said before it must not be lost with it.
        """
        if self._lost is not None:
            raise self._lost
        await asyncio.shield(self._supervisor.spawn(self._store_request(frame, also), "tell"))

    async def _store_request(self, frame: RequestFrame, also: Also) -> None:
        async with self._lock:
            self._transcript.request(frame)
            await self._store_waiting(also)

    async def flush(self) -> None:
        """Store and publish everything that was said so far.

        Raises:
            LeaseLost: the attempt has another owner.
        """
        async with self._lock:
            await self._store_waiting(None)

    async def _store_waiting(self, also: Also | None) -> None:
        if self._transcript.empty:
            return
        items, durable, live = self._transcript.take()
        self._storing = any(frame is not None for frame in durable)
        first = await self._store(items, also)
        self._failpoints.hit("record.after_batch")
        frames: list[Frame] = []
        for number, frame in enumerate(durable, start=first):
            if frame is not None:
                frame.seq, frame.at = number, time.time()
                frames.append(frame)
        if durable:
            self._broker.commit(self._ids.session_id, first, first + len(durable) - 1, frames, flushed=live)
        self._storing = False
        for delta in self._held:
            self._broker.publish_live(delta)
        self._held.clear()

    async def _store(self, items: list[BatchItem], also: Also | None) -> int:
        """Write one batch; while the database is away, try again until the lease is lost."""
        while True:
            try:
                return await self._store_once(items, also)
            except LeaseLost as error:
                self._lost = error
                self._stop.set(StopReason.LEASE_LOST)
                raise
            except Unavailable as error:
                if self._stop.reason is StopReason.LEASE_LOST:
                    raise LeaseLost("lease_lost", "The database was away for longer than the lease.") from error
                log.warning("database away, batch waits", extra={"task_id": self._ids.task_id, "code": error.code})
                await asyncio.sleep(RETRY_S)

    async def _store_once(self, items: list[BatchItem], also: Also | None) -> int:
        if also is None:
            async with self._database.relaxed() as conn:
                return await events.record_batch(conn, self._owner.key, self._ids.session_id, items)
        async with self._database.transaction() as conn:
            first = await events.record_batch(conn, self._owner.key, self._ids.session_id, items)
            await also(conn)
            return first

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

    async def _open_agent_session(self, event: said.AgentSessionOpened) -> None:
        self._transcript.notice(said.Notice(f"session_{event.step}", STEP_TEXT[event.step]))
        await self._pace(urgent=True)
        if event.step is ResumeStep.WARM and event.native_id in self._opened_sessions:
            return  # stored by an earlier turn of this process, and nothing of it has changed
        async with self._database.relaxed() as conn:
            await agent_sessions.put_agent_session(
                conn,
                self._ids.chat_id,
                self._agent,
                backend=self._backend,
                native_id=event.native_id,
                config_hash=event.config_hash,
            )
        self._opened_sessions.add(event.native_id)

    async def _mark_prompt_sent(self) -> None:
        self._failpoints.hit("prompt.before_sent")
        _, marked, _ = await asyncio.gather(self.flush(), self._mark(), self._ready_for_prompt())
        if not marked:
            self._lost = LeaseLost("lease_lost", f"Task {self._ids.task_id} is run by another host.")
            self._stop.set(StopReason.LEASE_LOST)
            raise self._lost
        self.prompt_sent = True
        self._failpoints.hit("prompt.after_sent")

    async def _ready_for_prompt(self) -> None:
        if self._before_prompt is not None:
            await self._before_prompt()

    async def _mark(self) -> bool:
        """Durable when it returns, and with it everything that was committed before, such as the claim."""
        async with self._database.connection() as conn:
            return await attempts.mark_prompt_sent(conn, *self._owner.key)
