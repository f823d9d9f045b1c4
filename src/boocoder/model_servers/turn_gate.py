"""Admits turns to a model server in an order that avoids model swaps: turns of one model run together.

A server that swaps models (llama-swap) needs seconds or minutes to load another one, and two turns that want two models
would make it swap with every step. The rules, in this order:

1. A turn that has waited `wait_s` goes in: the server has the last word.
2. Of one model only as many turns run as a person set, or else as the server has slots; of all models as a person set.
3. While turns of another model run, a turn whose model is not loaded waits, unless the server says that it has room for
   it. Models that are loaded together run so.
4. Turns of a loaded model go before earlier ones of another model, until one of those has waited `GROUP_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boocoder.model.turn import StopSignal

if TYPE_CHECKING:
    from boocoder.model_servers.client import ModelServerClient
    from boocoder.model_servers.report import RunningModels

GROUP_S = 60.0  # about what loading a model of 30 GB takes: a turn waits once as long as the swap that it asks for
POLL_S = 1.0  # the server may have loaded another model without us
REPORT_S = 5.0  # a waiting turn shows that it lives

Report = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    model: str
    since: float


class TurnGate:
    """The turns of one server.

    Args:
        client: asks the server which models are loaded.
        limit: how many turns of a model run at once; 0 for any number.
        total: how many turns of all models run at once; 0 for any number.
        wait_s: a turn waits no longer.
        group_s: how long turns of a loaded model go before a turn of another.
        clock: monotonic seconds, from which it is computed how long a turn has waited.
    """

    def __init__(
        self,
        *,
        client: ModelServerClient,
        limit: Callable[[str], int],
        total: int = 0,
        wait_s: float,
        group_s: float = GROUP_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._limit = limit
        self._total = total
        self._wait_s = wait_s
        self._group_s = group_s
        self._clock = clock
        self._running: Counter[str] = Counter()
        self._waiting: list[_Waiter] = []
        self._changed = asyncio.Event()

    @property
    def waiting(self) -> tuple[str, ...]:
        """The models of turns that wait, the longest first."""
        return tuple(one.model for one in self._waiting)

    def running(self, model: str) -> int:
        """The number of turns that run with a model."""
        return self._running[model]

    @asynccontextmanager
    async def turn(self, model: str, *, stop: StopSignal, report: Report) -> AsyncIterator[bool]:
        """Hold a place for one turn; False if the turn was asked to stop while it waited.

        Args:
            model: the server's id of the turn's model.
            stop: of the turn.
            report: called every few seconds with what the turn waits for.
        """
        waiter = _Waiter(model, self._clock())
        self._waiting.append(waiter)
        try:
            entered = await self._wait(waiter, stop, report)
        finally:
            self._waiting.remove(waiter)
        if not entered:
            yield False
            return
        self._running[model] += 1
        try:
            yield True
        finally:
            self._running[model] -= 1
            self._changed.set()
            self._changed = asyncio.Event()

    async def _wait(self, waiter: _Waiter, stop: StopSignal, report: Report) -> bool:
        shown, shown_at = "", 0.0
        while True:
            served = await self._client.running() if self._contended(waiter) else None
            if stop.reason is not None:
                return False
            if self._may_enter(waiter, served):
                return True
            text = self._text(waiter)
            if text != shown or time.monotonic() - shown_at >= REPORT_S:
                shown, shown_at = text, time.monotonic()
                await report(text)
            changed = self._changed
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await changed.wait()

    def _contended(self, waiter: _Waiter) -> bool:
        """Whether turns of another model run or wait."""
        others = [one.model for one in self._waiting] + [model for model, count in self._running.items() if count]
        return any(model != waiter.model for model in others)

    def _may_enter(self, waiter: _Waiter, served: RunningModels | None) -> bool:
        """Whether a turn may begin.

        Args:
            waiter: the turn.
            served: the models that are loaded; None of a server that does not swap.
        """
        now = self._clock()
        if now - waiter.since >= self._wait_s:
            return True
        limit = self._limit(waiter.model)
        if limit and self._running[waiter.model] >= limit:
            return False
        if self._total and self._running.total() >= self._total:
            return False
        earlier = self._waiting[: self._waiting.index(waiter)]
        if any(one.model == waiter.model for one in earlier):
            return False
        if served is None:
            return True
        running = {model for model, count in self._running.items() if count}
        others = running - {waiter.model}
        if waiter.model not in served.ready | running:
            coming = len(running - set(served.states))  # begun, and not seen to load yet
            return (not earlier and not others) or (served.room or 0) > coming
        if others - served.ready and not served.room:  # one of them is about to take this model's place
            return False
        starved = (one.model not in served.ready | running and now - one.since >= self._group_s for one in earlier)
        return not any(starved)

    def _text(self, waiter: _Waiter) -> str:
        before = self._waiting.index(waiter) + self._running.total()
        return f"Waiting for the model server ({before} before)"
