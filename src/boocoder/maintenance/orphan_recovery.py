"""Recovers turns whose process is gone: back to the queue if the prompt was never sent, else ended.

A prompt that an agent may have is never sent again. What the agent's own store has of the turn is added to the
transcript before the turn ends as interrupted.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from boocoder.backends.base import Backend
from boocoder.backends.shared.outcomes import host_died
from boocoder.changes.diff.statistics import ChangeMeasure
from boocoder.db.conversation import events, messages
from boocoder.db.conversation.messages import StoredPart
from boocoder.db.tasks import attempts
from boocoder.db.tasks.attempts import LostAttempt
from boocoder.db.tasks.claim import ClaimedTask, get_running_task
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.liveness import Liveness
from boocoder.dispatch.turn.drive import failed_by
from boocoder.dispatch.turn.end_snapshot import measure_worktree
from boocoder.dispatch.turn.finish import TurnEnding, finish_turn
from boocoder.dispatch.turn.recorder import Recorder
from boocoder.dispatch.turn.redaction import redacted_outcome, redactor_of
from boocoder.dispatch.turn.request import request_of, session_ref
from boocoder.dispatch.turn.services import TurnServices
from boocoder.dispatch.workspaces import Workspace, known_worktree
from boocoder.errors import LeaseLost, Unavailable
from boocoder.events.message_part import KnownPart
from boocoder.events.transcript import Transcript, TurnIds
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.model.ids import HostId, InstanceId, MessageId
from boocoder.model.turn import Cancelled, Failed, Interrupted, Outcome, StopSignal, TurnError
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

RECOVER_S = 30.0  # limit for the answer of an agent's store
MAX_EPOCHS = 5  # a task that was started this often and never reached its agent probably kills its host
CONCURRENT = 4  # recoveries at a time; each may start an agent's server

DIED = host_died().error
POISON = TurnError(
    "gave_up_after_crashes",
    f"boocoder died {MAX_EPOCHS} times while this task was being started.",
    "Look at the log, then queue the task again.",
)


@dataclass(frozen=True, slots=True)
class RecoverySettings:
    """When lost turns are looked for.

    Args:
        every_s: time between looks.
        grace_s: another host's attempt is lost when its lease has been over for so long.
        ttl_s: the lease of a turn that is being recovered.
    """

    every_s: float = 10.0
    grace_s: float = 15.0
    ttl_s: float = 60.0


class OrphanRecovery:
    """Finds lost turns at start and on a timer, and ends them. A `service.Service`."""

    def __init__(
        self, *, host_id: HostId, instance_id: InstanceId, services: TurnServices, settings: RecoverySettings
    ) -> None:
        self._host_id = host_id
        self._instance_id = instance_id
        self._services = services
        self._settings = settings
        self._supervisor = TaskSupervisor("orphan-recovery")
        self._at_work: set[AttemptKey] = set()
        self._free = asyncio.Semaphore(CONCURRENT)
        self.recovered = 0

    async def start(self) -> None:
        """Look once, then go on in the background; each recovery runs in the background."""
        await self._look()
        self._supervisor.spawn(self._loop(), "look", vital=True)

    async def stop(self) -> None:
        """Stop; the next start continues what is unfinished."""
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
                self._begin(AttemptKey(attempt.task_id, attempt.epoch, self._host_id, self._instance_id))

    async def take(self, attempts: list[AttemptKey]) -> None:
        """Recover attempts that this process owns but does not run."""
        for attempt in attempts:
            self._begin(attempt)

    def _begin(self, attempt: AttemptKey) -> None:
        if attempt not in self._at_work:
            self._at_work.add(attempt)
            self._supervisor.spawn(self._recover_turn(attempt), f"task:{attempt.task_id}")

    async def _take_over(self, attempt: LostAttempt) -> bool:
        async with self._services.database.connection() as conn:
            return await attempts.take_over_attempt(
                conn, attempt.task_id, attempt.epoch, self._host_id, self._instance_id, self._settings.ttl_s
            )

    async def _recover_turn(self, attempt: AttemptKey) -> None:
        try:
            async with self._free:
                await self._end_somehow(attempt)
            self.recovered += 1
        except (LeaseLost, Unavailable) as error:
            log.warning("recovery failed, retrying later", extra={"task_id": attempt.task_id, "code": error.code})
        finally:
            self._at_work.discard(attempt)

    async def _end_somehow(self, attempt: AttemptKey) -> None:
        try:
            await self._end(attempt)
        except (LeaseLost, Unavailable):
            raise
        except Exception as error:
            log.error("recovery failed, ending the turn without the agent's store", exc_info=error)
            await self._end(attempt, blindly=True)

    async def _end(self, attempt: AttemptKey, *, blindly: bool = False) -> None:
        async with self._services.database.connection() as conn:
            task = await get_running_task(conn, attempt.task_id)
            if task is None or task.epoch != attempt.epoch:
                return
            message = await messages.get_streaming_message(conn, task.id)
            parts = await messages.get_parts(conn, message.id) if message and not blindly else []
            batches = await events.stored_batches(conn, task.session_id)
        log.info("recovering turn", extra={"task_id": task.id, "prompt_sent": task.prompt_sent_at is not None})
        known = [_known(part) for part in parts]
        ids = TurnIds(task.session_id, task.chat_id, task.id, message.id if message else MessageId(task.id))
        limit = self._services.settings.text_max_chars
        redactor = redactor_of(task, self._services)
        transcript = Transcript(ids, agent=task.agent, known=known, text_max_chars=limit, redactor=redactor)
        recovery = _TurnRecovery(task, attempt, ids, message.ord if message else 0, transcript, self._services, batches)
        await (recovery.end_blindly() if blindly else recovery.run())


def _known(part: StoredPart) -> KnownPart:
    data = bytes(part.data) if part.data is not None else None
    return KnownPart(part.part, part.kind, part.key, part.text_chars, data)


class _TurnRecovery:
    """The recovery of one lost turn."""

    def __init__(
        self,
        task: ClaimedTask,
        attempt: AttemptKey,
        ids: TurnIds,
        message_ord: int,
        transcript: Transcript,
        services: TurnServices,
        batches: int,
    ) -> None:
        self._batches = batches
        self._message_ord = message_ord
        self._task = task
        self._attempt = attempt
        self._ids = ids
        self._transcript = transcript
        self._services = services

    async def run(self) -> None:
        """Ask the agent's store, snapshot, finish, with the session's worktree to itself."""
        async with self._services.workspaces.turn(self._task.session_id):
            await self._run()

    async def _run(self) -> None:
        sent = self._task.prompt_sent_at is not None
        liveness = Liveness(silence_s=RECOVER_S, tool_silence_s=RECOVER_S, running_tools=lambda: 0)
        backend = self._services.agents.backend(self._task.agent)
        async with self._recorder(backend, liveness) as recorder:
            outcome = await self._recover(backend, recorder) if sent and backend else self._unsent()
            worktree = known_worktree(self._task)
            workspace = Workspace(worktree) if worktree and is_real_directory(worktree.path) else None
            measure = await measure_worktree(self._task, workspace, self._transcript, self._services.workspaces)
            self._transcript.close_tools()
            await recorder.flush()
            await self._finish(outcome, measure, sent=sent)

    async def end_blindly(self) -> None:
        """Finish with what is stored; the files stay in the worktree for the next turn's snapshot."""
        sent = self._task.prompt_sent_at is not None
        await self._finish(Interrupted(DIED) if sent else self._unsent(), None, sent=sent)

    async def _finish(self, outcome: Outcome, measure: ChangeMeasure | None, *, sent: bool) -> None:
        ending = TurnEnding(
            outcome=redacted_outcome(outcome, self._transcript),
            agent=self._task.agent,
            summary=self._transcript.beginning,
            usage=self._transcript.usage,
            measure=measure,
            seen_ord=self._message_ord if sent else None,
            requeue=not sent and isinstance(outcome, Interrupted),
        )
        await finish_turn(ending, key=self._attempt, ids=self._ids, services=self._services)

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
        except Exception as error:  # noqa: BLE001 - the outer edge of a recovery: any fault leaves the turn interrupted
            log.warning("agent's store not read", extra={"task_id": self._task.id, "why": failed_by(error).error.text})
            return Interrupted(DIED)
        return Interrupted(DIED) if isinstance(outcome, Interrupted) else outcome

    def _recorder(self, backend: Backend | None, liveness: Liveness) -> Recorder:
        return Recorder(
            self._services,
            attempt=self._attempt,
            ids=self._ids,
            agent=self._task.agent,
            backend=backend.name if backend else self._task.agent,
            transcript=self._transcript,
            liveness=liveness,
            stop=StopSignal(),
            batches=self._batches,
        )
