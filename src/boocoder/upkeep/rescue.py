"""Turns whose process is gone: back to the queue if their prompt was never sent, else asked about and ended.

A prompt that an agent may have is never sent again (decision 4). The agent's own store says how far it came;
what it has and we have not is added to the transcript before the turn ends as interrupted.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from boocoder.backends.base import Backend
from boocoder.db import attempts, messages
from boocoder.db.attempts import LostAttempt
from boocoder.db.claim import ClaimedTask, get_running_task
from boocoder.db.messages import StoredPart
from boocoder.dispatch.drive import failed_by
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.owner import Owner
from boocoder.dispatch.record import Recorder
from boocoder.dispatch.run_turn import TurnServices, measured, request_of, session_ref, settle_surely
from boocoder.dispatch.settle import Ending
from boocoder.dispatch.workspace import Taken, Workspace, known_worktree
from boocoder.errors import LeaseLost, Unavailable
from boocoder.events.transcript import KnownPart, Transcript, TurnIds
from boocoder.model.ids import HostId, InstanceId, MessageId
from boocoder.model.turn import Cancelled, Failed, Interrupted, Outcome, StopSignal, TurnError
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

RECOVER_S = 30.0  # an agent's store that takes longer to answer is not waited for
MAX_EPOCHS = 5  # a task that was started so often and never reached its agent kills its host: no more tries
CONCURRENT = 4  # rescues at a time; each may start an agent's server

DIED = TurnError(
    "host_died", "boocoder died during the turn; what the agent had said and done is kept.", "Resume with a new prompt."
)
POISON = TurnError(
    "gave_up_after_crashes",
    f"boocoder died {MAX_EPOCHS} times while this task was being started.",
    "Look at the log, then queue the task again.",
)


@dataclass(frozen=True, slots=True)
class RescueSettings:
    """Args:
    every_s: time between looks.
    grace_s: another host's attempt is lost when its lease has been over for so long.
    ttl_s: the lease of a turn that is being rescued.
    """

    every_s: float = 10.0
    grace_s: float = 15.0
    ttl_s: float = 60.0


class Rescuer:
    """Looks at start and on a timer. A `service.Service`."""

    def __init__(
        self, *, host_id: HostId, instance_id: InstanceId, services: TurnServices, settings: RescueSettings
    ) -> None:
        self._host_id = host_id
        self._instance_id = instance_id
        self._services = services
        self._settings = settings
        self._supervisor = Supervisor("rescue")
        self._at_work: set[Owner] = set()
        self._free = asyncio.Semaphore(CONCURRENT)
        self.rescued = 0

    async def start(self) -> None:
        """Look once, then go on in the background; the rescues themselves run in the background."""
        await self._look()
        self._supervisor.spawn(self._loop(), "look", vital=True)

    async def stop(self) -> None:
        """Leave what is not finished to the next start."""
        await self._supervisor.stop()

    async def _loop(self) -> None:
        while True:
            await asyncio.sleep(self._settings.every_s)
            try:
                await self._look()
            except Unavailable as error:
                log.warning("cannot look for lost turns", extra={"code": error.code})

    async def _look(self) -> None:
        async with self._services.database.connection() as conn:
            lost = await attempts.list_lost_attempts(conn, self._host_id, self._instance_id, self._settings.grace_s)
        for attempt in lost:
            if await self._take_over(attempt):
                self._begin(Owner(attempt.task_id, attempt.epoch, self._host_id, self._instance_id))

    async def take(self, owners: list[Owner]) -> None:
        """Rescue attempts that are ours already but run nowhere."""
        for owner in owners:
            self._begin(owner)

    def _begin(self, owner: Owner) -> None:
        if owner not in self._at_work:
            self._at_work.add(owner)
            self._supervisor.spawn(self._rescue(owner), f"task:{owner.task_id}")

    async def _take_over(self, attempt: LostAttempt) -> bool:
        async with self._services.database.connection() as conn:
            return await attempts.take_over_attempt(
                conn, attempt.task_id, attempt.epoch, self._host_id, self._instance_id, self._settings.ttl_s
            )

    async def _rescue(self, owner: Owner) -> None:
        try:
            async with self._free:
                await self._end_somehow(owner)
            self.rescued += 1
        except (LeaseLost, Unavailable) as error:
            log.warning("rescue failed, tried again later", extra={"task_id": owner.task_id, "code": error.code})
        finally:
            self._at_work.discard(owner)

    async def _end_somehow(self, owner: Owner) -> None:
        try:
            await self._end(owner)
        except (LeaseLost, Unavailable):
            raise
        except Exception as error:
            log.error("a lost turn is ended without its agent's store", exc_info=error)
            await self._end(owner, blindly=True)

    async def _end(self, owner: Owner, *, blindly: bool = False) -> None:
        async with self._services.database.connection() as conn:
            task = await get_running_task(conn, owner.task_id)
            if task is None or task.epoch != owner.epoch:
                return
            message = await messages.get_streaming_message(conn, task.id)
            parts = await messages.get_parts(conn, message.id) if message and not blindly else []
        log.info("rescuing", extra={"task_id": task.id, "prompt_sent": task.prompt_sent_at is not None})
        known = [
            KnownPart(part.part, part.kind, part.key, part.text_chars, bytes(part.data) if part.data else None)
            for part in parts
        ]
        ids = TurnIds(task.session_id, task.chat_id, task.id, message.id if message else MessageId(task.id))
        transcript = Transcript(ids, agent=task.agent, known=known)
        rescue = _Rescue(task, owner, ids, message.ord if message else 0, transcript, self._services)
        await (rescue.end_blindly() if blindly else rescue.run())


def _known(part: StoredPart) -> KnownPart:
    data = bytes(part.data) if part.data is not None else None
    return KnownPart(part.part, part.kind, part.key, part.text_chars, data)


class _Rescue:
    """One lost turn on its way to its end."""

    def __init__(
        self,
        task: ClaimedTask,
        owner: Owner,
        ids: TurnIds,
        message_ord: int,
        transcript: Transcript,
        services: TurnServices,
    ) -> None:
        self._message_ord = message_ord
        self._task = task
        self._owner = owner
        self._ids = ids
        self._transcript = transcript
        self._services = services

    async def run(self) -> None:
        """Ask the agent's store, snapshot, settle, with the session's worktree to itself."""
        async with self._services.workspaces.turn(self._task.session_id):
            await self._run()

    async def _run(self) -> None:
        sent = self._task.prompt_sent_at is not None
        liveness = Liveness(silence_s=RECOVER_S, tool_silence_s=RECOVER_S, running_tools=lambda: 0)
        backend = self._services.agents.backend(self._task.agent)
        async with self._recorder(backend, liveness) as recorder:
            outcome = await self._recover(backend, recorder) if sent and backend else self._unsent()
            worktree = known_worktree(self._task)
            workspace = Workspace(worktree) if worktree and worktree.path.is_dir() else None
            taken = await measured(self._task, workspace, self._transcript, self._services)
            self._transcript.close_tools()
            await recorder.flush()
            await self._settle(outcome, taken, sent=sent)

    async def end_blindly(self) -> None:
        """Settle with what is stored; the worktree keeps its files for the next turn's snapshot."""
        sent = self._task.prompt_sent_at is not None
        await self._settle(Interrupted(DIED) if sent else self._unsent(), None, sent=sent)

    async def _settle(self, outcome: Outcome, taken: Taken | None, *, sent: bool) -> None:
        ending = Ending(
            outcome=outcome,
            agent=self._task.agent,
            summary=self._transcript.beginning,
            usage=self._transcript.usage,
            taken=taken,
            seen_ord=self._message_ord if sent else None,
            requeue=not sent and isinstance(outcome, Interrupted),
        )
        await settle_surely(ending, owner=self._owner, ids=self._ids, services=self._services)

    def _unsent(self) -> Outcome:
        if self._task.cancel_requested_at is not None:
            return Cancelled()
        if self._task.epoch >= MAX_EPOCHS and self._task.prompt_sent_at is None:
            return Failed(POISON)
        return Interrupted(DIED)

    async def _recover(self, backend: Backend, recorder: Recorder) -> Outcome:
        worktree = known_worktree(self._task)
        native = session_ref(self._task, self._task.agent)
        if worktree is None or native is None:
            return Interrupted(DIED)
        request = request_of(self._task, self._task.agent, worktree.path, StopSignal())
        try:
            async with asyncio.timeout(RECOVER_S):
                outcome = await backend.recover(request, native, recorder)
        except LeaseLost:
            raise
        except TimeoutError:
            return Interrupted(DIED)
        except Exception as error:  # noqa: BLE001 - the rescue's outer edge: any fault leaves the turn interrupted
            log.warning("agent's store not read", extra={"task_id": self._task.id, "why": failed_by(error).error.text})
            return Interrupted(DIED)
        return Interrupted(DIED) if isinstance(outcome, Interrupted) else outcome

    def _recorder(self, backend: Backend | None, liveness: Liveness) -> Recorder:
        return Recorder(
            database=self._services.database,
            broker=self._services.broker,
            owner=self._owner,
            ids=self._ids,
            agent=self._task.agent,
            backend=backend.name if backend else self._task.agent,
            transcript=self._transcript,
            liveness=liveness,
            stop=StopSignal(),
            failpoints=self._services.failpoints,
            decisions=self._services.decisions,
            opened_sessions=set(),
        )
