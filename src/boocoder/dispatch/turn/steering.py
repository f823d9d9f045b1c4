"""Gives a person's messages to the running turn: takes reserved ones, records each step, returns what is refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boocoder.backends.base import Backend
from boocoder.db.core.pool import Connection
from boocoder.db.tasks import steers
from boocoder.db.tasks.attempts import hold_attempt
from boocoder.dispatch.approvals import wait_at_most
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.turn.recorder import Recorder
from boocoder.dispatch.turn.services import TurnServices
from boocoder.errors import LeaseLost, Unavailable
from boocoder.intake.steering import append_moved
from boocoder.model.ids import MessageId, SteerId
from boocoder.model.steer import SteerResult, SteerState
from boocoder.model.turn import TurnRequest
from boocoder.net.backoff import jittered
from boocoder.service import TaskSupervisor
from boocoder.wire.steers import SteerInfo

log = logging.getLogger(__name__)

SETTLE_S = 5.0  # after the turn's end, for the answer about a message that is on its way; then nobody knows


class TurnSteering:
    """The messages of one attempt.

    Args:
        backend, request: whose turn it is.
        recorder: where their places in the conversation are stored.
        attempt: in whose name.
        message_id: the agent's message, of which each becomes a part.
    """

    def __init__(
        self,
        services: TurnServices,
        *,
        backend: Backend,
        request: TurnRequest,
        recorder: Recorder,
        attempt: AttemptKey,
        message_id: MessageId,
    ) -> None:
        self._services = services
        self._backend = backend
        self._request = request
        self._recorder = recorder
        self._attempt = attempt
        self._message_id = message_id
        self._over = asyncio.Event()
        self._supervisor = TaskSupervisor(f"steering:{request.task_id}")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver messages while the block runs; at its end wait for the one that is on its way, at most SETTLE_S."""
        loop = self._supervisor.spawn(self._run(), "deliver")
        try:
            yield
        finally:
            self._over.set()
            try:
                await asyncio.wait({loop}, timeout=SETTLE_S)
            finally:
                await self._supervisor.stop()

    async def _run(self) -> None:
        with self._services.approval_waiters.register() as wakeup:
            self._supervisor.spawn(_set_after(self._over, wakeup), "over")
            if not await self._wait_prompt():
                return
            # A message that came before this turn listened was seen by the statement that recorded the prompt.
            if not self._recorder.steers_wait:
                await wait_at_most(wakeup, self._poll_s())
            while not self._over.is_set() and self._request.stop.reason is None:
                wakeup.clear()
                try:
                    if await self._deliver_next():
                        continue
                except LeaseLost:
                    return
                except Unavailable as error:
                    log.warning("messages not looked at", extra={"task_id": self._request.task_id, "code": error.code})
                await wait_at_most(wakeup, self._poll_s())

    async def _wait_prompt(self) -> bool:
        """Wait until the agent may have its prompt; False where the turn ends without."""
        prompt = self._supervisor.spawn(self._recorder.prompt_recorded.wait(), "prompt")
        over = self._supervisor.spawn(self._over.wait(), "end")
        await asyncio.wait({prompt, over}, return_when=asyncio.FIRST_COMPLETED)
        return prompt.done()

    def _poll_s(self) -> float:
        return jittered(self._services.approval_waiters.settings.poll_s)

    async def _deliver_next(self) -> bool:
        """Deliver the oldest message that waits; False if there is none."""
        async with self._services.database.connection() as conn:
            steer = await steers.next_reserved(conn, self._request.task_id)
        if steer is None or self._over.is_set():
            return False
        delivery = _Delivery(self, steer)
        try:
            result = await self._backend.steer(self._request, delivery)
        except LeaseLost:
            raise
        except Exception as error:  # a backend's fault costs the turn this message only
            log.warning("message not delivered", extra={"task_id": self._request.task_id}, exc_info=error)
            result = SteerResult.UNKNOWN if delivery.sent else SteerResult.REFUSED
        await self._settle(delivery, result)
        return True

    async def mark_delivered(self, steer: SteerInfo) -> SteerInfo | None:
        """Record that the agent gets a message now, and where; None where it must not be sent.

        Raises:
            LeaseLost: another host owns the turn.
            Unavailable: the database is away.
        """
        if self._request.stop.reason is not None:
            return None
        self._services.failpoints.hit("steer.before_delivered")
        part = self._recorder.new_steer_part()
        async with self._services.database.transaction() as conn:
            await hold_attempt(conn, *self._attempt.guard)
            delivered = await steers.deliver_steer(conn, steer.id, self._message_id, part)
        if delivered is not None:
            await self._recorder.store_steer(steers.steer_frame(delivered), _nothing)
            self._services.failpoints.hit("steer.after_delivered")
        return delivered

    async def _settle(self, delivery: _Delivery, result: SteerResult) -> None:
        match result:
            case SteerResult.CONFIRMED if delivery.sent is not None:
                await self._confirm(delivery.sent)
            case SteerResult.REFUSED:
                await self._give_back(delivery.id)
            case _:
                pass  # it stays delivered, and the turn's end says that nobody knows

    async def _confirm(self, sent: SteerInfo) -> None:
        self._services.failpoints.hit("steer.before_confirmed")
        frame = steers.steer_frame(sent)
        frame.state = SteerState.CONFIRMED.value

        async def also(conn: Connection) -> None:
            await steers.confirm_steer(conn, sent.id)

        await self._recorder.store_steer(frame, also)
        self._services.failpoints.hit("steer.after_confirmed")

    async def _give_back(self, steer_id: SteerId) -> None:
        """What the turn does not take runs next; one that was withdrawn meanwhile stays so."""
        async with self._services.outbox.transaction() as transaction:
            await hold_attempt(transaction.conn, *self._attempt.guard)
            returned = await steers.return_steer(transaction.conn, steer_id)
            if returned is not None:
                await append_moved(transaction, returned)


class _Delivery:
    """Implements `backends.base.SteerMessage` for one stored message."""

    def __init__(self, steering: TurnSteering, steer: SteerInfo) -> None:
        self._steering = steering
        self._steer = steer
        self.sent: SteerInfo | None = None

    @property
    def id(self) -> SteerId:
        return self._steer.id

    @property
    def text(self) -> str:
        return self._steer.prompt

    async def sending(self) -> bool:
        try:
            self.sent = await self._steering.mark_delivered(self._steer)
        except Unavailable as error:
            log.warning("message not recorded as delivered", extra={"steer_id": self.id, "code": error.code})
        return self.sent is not None


async def _nothing(conn: Connection) -> None:
    """Nothing is written with the frame."""


async def _set_after(first: asyncio.Event, then: asyncio.Event) -> None:
    await first.wait()
    then.set()
