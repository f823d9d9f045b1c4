"""Takes what is due out of the outbox of webhooks and sends it: in order per session, again until it is taken."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from dataclasses import dataclass
from uuid import UUID

from boocoder.db.core.pool import Database
from boocoder.db.registry import webhook_outbox as outbox
from boocoder.db.registry.webhook_outbox import ClaimedDelivery
from boocoder.errors import Unavailable
from boocoder.model.ids import HostId, InstanceId
from boocoder.model.webhook import DeliveryState
from boocoder.net.backoff import backoff, jittered
from boocoder.service import TaskSupervisor
from boocoder.webhooks.sender import SendResult, WebhookSender

log = logging.getLogger(__name__)

LEASE_S = 20.0  # longer than a request may take; after it another host sends what a dead one had
POLL_S = 5.0  # without a notification
PURGE_EVERY_S = 600.0
SENDING_MAX = 32
PER_WEBHOOK_MAX = 8  # at once, on all hosts, so that a receiver that hangs does not hold up the others


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """How long a delivery is tried, and how long it is kept.

    Args:
        first_retry_s, retry_max_s: the delay doubles from the one to the other, less up to a half at random.
        give_up_s: after it was queued.
        keep_s: an ended delivery.
        keep_number: ended deliveries of a webhook.
    """

    first_retry_s: float = 5.0
    retry_max_s: float = 3_600.0
    give_up_s: float = 3 * 86_400.0
    keep_s: float = 7 * 86_400.0
    keep_number: int = 1_000


class WebhookDispatcher:
    """Sends the deliveries of all webhooks together with the other hosts of the database. A `service.Service`.

    Args:
        host_id, instance_id: who leases a delivery.
        sender: closed by `stop`.

    Attributes:
        page_url: of this service, for links; set before `start`.
    """

    def __init__(
        self,
        *,
        database: Database,
        host_id: HostId,
        instance_id: InstanceId,
        sender: WebhookSender,
        rules: DeliveryRules | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        self.page_url = ""
        self._database = database
        self._host_id = host_id
        self._instance_id = instance_id
        self._sender = sender
        self._rules = rules or DeliveryRules()
        self._poll_s = poll_s
        self._supervisor = TaskSupervisor("webhooks")
        self._sending: dict[asyncio.Task[None], UUID] = {}
        self._retries: list[float] = []  # when a try of this host is due again, monotonic
        self._wake = asyncio.Event()
        self._purge_at = 0.0

    async def start(self) -> None:
        """Begin to send."""
        self._supervisor.spawn(self._loop(), "deliver")

    async def stop(self) -> None:
        """Stop sending; what is under way is put back. Safe twice and before start."""
        await self._supervisor.stop()
        await self._sender.close()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def stop_webhook(self, webhook_id: UUID) -> None:
        """A webhook was turned off: cut short what is being sent to it."""
        for task, sent_to in self._sending.items():
            if sent_to == webhook_id:
                task.cancel()

    async def _loop(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._purge()
                claimed = await self._claim()
            except Unavailable as error:
                log.warning("webhooks wait for the database", extra={"code": error.code})
                claimed = []
            for one in claimed:
                self._send(one)
            if not claimed:
                await self._wait()

    async def _claim(self) -> list[ClaimedDelivery]:
        free = SENDING_MAX - len(self._sending)
        if free <= 0:
            return []
        async with self._database.connection() as conn:
            return await outbox.claim_deliveries(
                conn, self._host_id, self._instance_id, limit=free, lease_s=LEASE_S, per_webhook=PER_WEBHOOK_MAX
            )

    def _send(self, delivery: ClaimedDelivery) -> None:
        task = self._supervisor.spawn(self._deliver(delivery), f"send {delivery.id}")
        self._sending[task] = delivery.webhook_id
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        del self._sending[task]
        self._wake.set()

    async def _deliver(self, delivery: ClaimedDelivery) -> None:
        try:
            result = await self._sender.send(delivery, page_url=self.page_url)
        except asyncio.CancelledError:
            await self._store(delivery, SendResult(None, "The service stopped sending."), retry_s=0.0)
            raise
        rules = self._rules
        retry_s = backoff(delivery.tries - 1, first_s=rules.first_retry_s, cap_s=rules.retry_max_s)
        await self._store(delivery, result, retry_s=retry_s)

    async def _store(self, delivery: ClaimedDelivery, result: SendResult, *, retry_s: float) -> None:
        """Store what came of a try; if the database is away, the lease runs out and it is sent again."""
        try:
            async with self._database.connection() as conn:
                if result.error:
                    state = await outbox.put_back(
                        conn,
                        delivery.id,
                        self._instance_id,
                        retry_s=retry_s,
                        status_code=result.status_code,
                        error=result.error,
                        give_up_s=self._rules.give_up_s,
                    )
                    self._note_failure(delivery, result, state, retry_s)
                elif result.status_code is not None:
                    await outbox.end_delivered(conn, delivery.id, self._instance_id, result.status_code)
        except Unavailable as error:
            log.warning("result of a webhook not stored", extra={"delivery_id": delivery.id, "code": error.code})

    def _note_failure(
        self, delivery: ClaimedDelivery, result: SendResult, state: DeliveryState | None, retry_s: float
    ) -> None:
        if state is DeliveryState.WAITING:
            heapq.heappush(self._retries, time.monotonic() + retry_s)
        elif state is DeliveryState.FAILED:
            fields = {"webhook_id": delivery.webhook_id, "delivery_id": delivery.id, "error": result.error}
            log.warning("webhook delivery given up", extra=fields)

    async def _wait(self) -> None:
        """Until something may be due: a notification, the end of a request, a retry, or the poll."""
        now = time.monotonic()
        while self._retries and self._retries[0] <= now:
            heapq.heappop(self._retries)
        wait_s = jittered(self._poll_s)
        if self._retries:
            wait_s = min(wait_s, self._retries[0] - now)
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _purge(self) -> None:
        if time.monotonic() < self._purge_at:
            return
        async with self._database.connection() as conn:
            await outbox.delete_old(conn, keep_s=self._rules.keep_s, keep_number=self._rules.keep_number)
        self._purge_at = time.monotonic() + jittered(PURGE_EVERY_S)
