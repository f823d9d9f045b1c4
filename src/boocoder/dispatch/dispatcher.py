"""Claims tasks and runs them: one turn a session at a time, a bounded number in all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.turn.run import run_turn
from boocoder.dispatch.turn.services import TurnServices
from boocoder.errors import LeaseLost, Unavailable
from boocoder.model.ids import HostId, InstanceId, SessionId, TaskId
from boocoder.model.limits import LEASE_TTL_S, POLL_INTERVAL_S
from boocoder.model.turn import StopReason, StopSignal
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

FINISH_MARGIN_S = 5.0  # for the snapshots and transactions of turns that were interrupted by a stop


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """How many turns, and how patient the end is.

    Args:
        max_turns: turns that run at the same time on this host, >= 1.
        poll_s: the safety net under NOTIFY.
        lease_ttl_s: a claim's first lease.
        drain_s: how long running turns may go on after a stop was asked for.
        stop_grace_s: how long interrupted turns may take to end.
        substitute: whether this host runs tasks whose agent no host has with another agent.
    """

    max_turns: int = 8
    poll_s: float = POLL_INTERVAL_S
    lease_ttl_s: float = LEASE_TTL_S
    drain_s: float = 10.0
    stop_grace_s: float = 10.0
    substitute: bool = False


@dataclass(frozen=True, slots=True)
class _RunningTask:
    attempt: AttemptKey
    stop: StopSignal


class Dispatcher:
    """Claims tasks for one host and runs each as a turn. A `service.Service`.

    Args:
        on_turn_ended: called with the session of each turn that has ended.
    """

    def __init__(
        self,
        *,
        host_id: HostId,
        instance_id: InstanceId,
        services: TurnServices,
        settings: DispatchSettings,
        on_turn_ended: Callable[[SessionId], None] = lambda _: None,
    ) -> None:
        self._host_id = host_id
        self._instance_id = instance_id
        self._services = services
        self._settings = settings
        self._on_turn_ended = on_turn_ended
        self._supervisor = TaskSupervisor("dispatcher")
        self._turns = TaskSupervisor("turns")
        self._running: dict[TaskId, _RunningTask] = {}
        self._wake = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        """Begin to claim."""
        self._wake.set()
        self._supervisor.spawn(self._loop(), "claim", vital=True)

    def wake(self) -> None:
        """There may be something to claim."""
        self._wake.set()

    @property
    def running(self) -> frozenset[AttemptKey]:
        """The attempts that run here now."""
        return frozenset(turn.attempt for turn in self._running.values())

    def ask_to_stop(self, task_id: TaskId, reason: StopReason) -> bool:
        """Ask a running turn to end; says whether it runs here."""
        turn = self._running.get(task_id)
        if turn is not None:
            turn.stop.set(reason)
        return turn is not None

    async def wait_failed(self) -> BaseException:
        """Wait until the claim loop has died; the service must not go on without it."""
        return await self._supervisor.wait_failed()

    async def stop(self) -> None:
        """Claim no more, let turns finish for `drain_s`, interrupt the rest and wait until they are settled."""
        self._stopping = True
        await self._supervisor.stop()
        if self._running:
            log.info("draining", extra={"turns": len(self._running), "seconds": self._settings.drain_s})
        await self._wait_idle(self._settings.drain_s)
        for turn in self._running.values():
            turn.stop.set(StopReason.SHUTDOWN)
        await self._wait_idle(self._settings.stop_grace_s + FINISH_MARGIN_S)
        await self._turns.stop()

    async def _wait_idle(self, timeout_s: float) -> None:
        deadline = asyncio.get_running_loop().time() + timeout_s
        while self._running and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)

    async def _loop(self) -> None:
        while not self._stopping:
            try:
                async with asyncio.timeout(self._settings.poll_s):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self._claim()
            except Unavailable as error:
                log.warning("cannot claim", extra={"code": error.code})
                await asyncio.sleep(min(1.0, self._settings.poll_s))
                self._wake.set()

    async def _claim(self) -> None:
        free = self._settings.max_turns - len(self._running)
        if free <= 0:
            return  # the end of a turn wakes the loop
        # Not waited for on the disk: recording that the prompt is sent is, and takes the claim along. A server that
        # crashes before that has the task still waiting, and this turn finds its lease lost.
        async with self._services.database.relaxed() as conn:
            claimed = await claim_tasks(
                conn,
                self._host_id,
                self._instance_id,
                free,
                self._settings.lease_ttl_s,
                substitute=self._settings.substitute,
            )
        for task in claimed:
            attempt = AttemptKey(task.id, task.epoch, self._host_id, self._instance_id)
            turn = _RunningTask(attempt, StopSignal())
            if task.cancel_requested_at is not None:
                turn.stop.set(StopReason.CANCELLED)
            self._running[task.id] = turn
            self._turns.spawn(self._run(task, turn), f"turn:{task.id}")

    async def _run(self, task: ClaimedTask, turn: _RunningTask) -> None:
        try:
            await run_turn(task, turn.attempt, turn.stop, self._services)
        except LeaseLost as error:
            log.warning("lease lost", extra={"task_id": task.id, "text": error.text})
        except Unavailable as error:
            log.error(
                "turn not finished, leaving it to orphan recovery", extra={"task_id": task.id, "code": error.code}
            )
        finally:
            self._running.pop(task.id, None)
            self._wake.set()
            self._on_turn_ended(task.session_id)
