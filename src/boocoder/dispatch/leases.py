"""Renews this host's leases, stops turns that lost theirs, and catches cancels that NOTIFY missed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from boocoder.db.core.pool import Database
from boocoder.db.tasks import hosts, tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.dispatcher import Dispatcher
from boocoder.errors import LeaseLost, Unavailable
from boocoder.model.ids import HostId, InstanceId
from boocoder.model.turn import StopReason
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


class LeaseKeeper:
    """Renews the leases of this host's attempts by the database's clock. A `service.Service`.

    Args:
        ttl_s: how long a lease lasts.
        renew_s: time between renewals, at most a third of `ttl_s`.
        on_abandoned: called with attempts that are live in our name but run nowhere: orphan recovery has to end them.
    """

    def __init__(
        self,
        *,
        database: Database,
        dispatcher: Dispatcher,
        host_id: HostId,
        instance_id: InstanceId,
        ttl_s: float,
        renew_s: float,
        on_abandoned: Callable[[list[AttemptKey]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._dispatcher = dispatcher
        self._host_id = host_id
        self._instance_id = instance_id
        self._ttl_s = ttl_s
        self._renew_s = min(renew_s, ttl_s / 3)
        self._on_abandoned = on_abandoned
        self._supervisor = TaskSupervisor("leases")
        self._suspects: set[AttemptKey] = set()

    async def start(self) -> None:
        """Begin to renew."""
        self._supervisor.spawn(self._loop(), "renew", vital=True)

    async def wait_failed(self) -> BaseException:
        """Wait until another process has taken this host's id: this service must not go on beside it."""
        return await self._supervisor.wait_failed()

    async def stop(self) -> None:
        """Stop renewing; call it after the last turn has ended."""
        await self._supervisor.stop()

    async def _loop(self) -> None:
        renewed_at = time.monotonic()
        while True:
            await asyncio.sleep(self._renew_s)
            try:
                async with asyncio.timeout(self._renew_s * 2):
                    await self._renew()
                renewed_at = time.monotonic()
            except (Unavailable, TimeoutError) as error:
                log.warning("leases not renewed", extra={"error": str(error)})
            except LeaseLost:
                self._stop_all()
                raise
            if time.monotonic() - renewed_at > self._ttl_s - self._renew_s:
                self._stop_all()

    def _stop_all(self) -> None:
        for attempt in self._dispatcher.running:
            self._dispatcher.ask_to_stop(attempt.task_id, StopReason.LEASE_LOST)

    async def _renew(self) -> None:
        before = self._dispatcher.running
        async with self._database.connection() as conn:
            held = await hosts.renew_leases(conn, self._host_id, self._instance_id, self._ttl_s)
            cancelled = await tasks.list_cancelled(conn, self._instance_id)
        live = {AttemptKey(task_id, epoch, self._host_id, self._instance_id) for task_id, epoch in held}
        for task_id in cancelled:
            self._dispatcher.ask_to_stop(task_id, StopReason.CANCELLED)
        running = self._dispatcher.running
        for attempt in (before & running) - live:
            self._dispatcher.ask_to_stop(attempt.task_id, StopReason.LEASE_LOST)
        await self._recover_abandoned(live - running - before)

    async def _recover_abandoned(self, idle: set[AttemptKey]) -> None:
        """Twice seen live without a turn: the first time it may have been claimed this very moment."""
        abandoned = sorted(idle & self._suspects, key=str)
        self._suspects = idle
        if abandoned:
            await self._on_abandoned(abandoned)
