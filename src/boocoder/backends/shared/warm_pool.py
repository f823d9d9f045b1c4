"""Keeps an agent's processes warm: one per key and one in reserve, within a budget of memory and age."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from boocoder.errors import BoocoderError
from boocoder.process.child import Child
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


class WarmProcess(Protocol):
    """A running agent that can take turn after turn."""

    ending: bool

    @property
    def child(self) -> Child:
        """The process itself."""

    @property
    def usable(self) -> bool:
        """Whether it can take a turn."""

    async def close(self, grace_s: float) -> None:
        """End it in an orderly way. Safe twice."""


K = TypeVar("K", bound=Hashable)
P = TypeVar("P", bound=WarmProcess)


@dataclass(frozen=True, slots=True)
class WarmLimits:
    """Limits of a pool; durations are in seconds.

    Args:
        close_grace_s: how long a process may take to end when its input ends.
        idle_s: a process without a turn for so long is ended.
        budget_bytes: all together; the ones idle longest are ended above it.
        sweep_s: between two looks at age and memory.
        spare: whether to keep one in reserve.
    """

    close_grace_s: float
    idle_s: float
    budget_bytes: int
    sweep_s: float
    spare: bool = False


class _WarmSlot(Generic[P]):
    """The process of one key, and who needs it."""

    def __init__(self) -> None:
        self.process: P | None = None
        self.users = 0
        self.used_at = time.monotonic()
        self.opening = asyncio.Lock()


class WarmPool(Generic[K, P]):
    """All processes of one agent.

    Args:
        name: of its background tasks.
        limits: see WarmLimits.
        start: makes a process that fits any key, for the reserve too; None if each key needs its own.
    """

    def __init__(self, *, name: str, limits: WarmLimits, start: Callable[[], Awaitable[P]] | None = None) -> None:
        self._start = start
        self._limits = limits
        self._places: dict[K, _WarmSlot[P]] = {}
        self._spare: P | None = None
        self._spare_wanted = asyncio.Event()
        self._used_at = time.monotonic()
        self._running = False
        self._supervisor = TaskSupervisor(f"{name}-pool")
        self._closers = TaskSupervisor(f"{name}-close")

    def start(self) -> None:
        """Begin to look after age, memory and the reserve."""
        if not self._running:
            self._running = True
            self._supervisor.spawn(self._look_after(), "look after")
            self._supervisor.spawn(self._keep_spare(), "spare")

    async def stop(self) -> None:
        """End every process. Safe twice and before start."""
        self._running = False
        await self._supervisor.stop()
        processes = [place.process for place in self._places.values() if place.process is not None]
        if self._spare is not None:
            processes.append(self._spare)
        self._places, self._spare = {}, None
        await asyncio.gather(*(process.close(self._limits.close_grace_s) for process in processes))
        await self._closers.stop(grace_s=self._limits.close_grace_s)

    def processes(self) -> tuple[P, ...]:
        """Those that belong to a key, for statistics and tests."""
        return tuple(place.process for place in self._places.values() if place.process is not None)

    @property
    def spare(self) -> P | None:
        """The one in reserve."""
        return self._spare

    @asynccontextmanager
    async def use(self, key: K, start: Callable[[], Awaitable[P]] | None = None) -> AsyncIterator[P]:
        """`acquire`, and `release` behind the block."""
        process = await self.acquire(key, start)
        try:
            yield process
        finally:
            self.release(key)

    async def acquire(self, key: K, start: Callable[[], Awaitable[P]] | None = None) -> P:
        """The process of a key, started if need be; it is kept until `release`.

        Args:
            start: makes the process of this key, if it is not one that fits any.

        Raises:
            ProcessError, BackendError: it cannot be started.
        """
        make = start or self._start
        assert make is not None
        place = self._places.setdefault(key, _WarmSlot())
        place.users += 1
        try:
            async with place.opening:
                if place.process is not None and not place.process.usable:
                    self._close_later(place.process)
                    place.process = None
                if place.process is None:
                    place.process = self._take_spare() or await make()
                return place.process
        except BaseException:
            self.release(key)
            raise

    def __contains__(self, key: object) -> bool:
        """Whether a key has a process, or one is being started for it."""
        return key in self._places

    def peek(self, key: K) -> P | None:
        """The process of a key if it can take a turn now."""
        place = self._places.get(key)
        return place.process if place is not None and place.process is not None and place.process.usable else None

    def release(self, key: K) -> None:
        """Mark it as unused."""
        place = self._places.get(key)
        if place is not None:
            place.users -= 1
            place.used_at = time.monotonic()
            if not place.users and place.process is None:
                self._places.pop(key)
        self._used_at = time.monotonic()
        self._spare_wanted.set()

    async def end(self, key: K, grace_s: float) -> None:
        """End the process of a key."""
        place = self._places.get(key)
        if place is not None and place.process is not None:
            process, place.process = place.process, None
            await process.close(grace_s)
        if place is not None and not place.users:
            self._places.pop(key, None)

    def _take_spare(self) -> P | None:
        spare, self._spare = self._spare, None
        if spare is not None and not spare.usable:
            self._close_later(spare)
            return None
        return spare

    def _close_later(self, process: P) -> None:
        process.ending = True
        self._closers.spawn(process.close(self._limits.close_grace_s), "close")

    async def _keep_spare(self) -> None:
        """Start one in reserve after a turn, when none is there; one that cannot be started waits for the next turn."""
        while True:
            await self._spare_wanted.wait()
            self._spare_wanted.clear()
            if self._start is None or not self._limits.spare or self._spare is not None:
                continue
            try:
                self._spare = await self._start()
            except BoocoderError as error:
                log.warning("no process in reserve", extra={"reason": error.text})

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(self._limits.sweep_s)
            self._end_the_old()
            self._end_the_big()

    def _end_the_old(self) -> None:
        now = time.monotonic()
        for key, place in list(self._places.items()):
            dead = place.process is None or not place.process.usable
            if not place.users and (dead or now - place.used_at > self._limits.idle_s):
                self._evict(key)
        if self._spare is not None and (not self._spare.usable or now - self._used_at > self._limits.idle_s):
            self._close_later(self._spare)
            self._spare = None

    def _end_the_big(self) -> None:
        """Above the budget: the reserve goes first, then what has been idle longest."""
        sizes = {key: place.process.child.rss_bytes() for key, place in self._places.items() if place.process}
        spare = self._spare.child.rss_bytes() if self._spare is not None else 0
        total = spare + sum(sizes.values())
        if total > self._limits.budget_bytes and self._spare is not None:
            self._close_later(self._spare)
            self._spare = None
            total -= spare
        idle = sorted(
            ((place.used_at, key) for key, place in self._places.items() if not place.users and key in sizes),
            key=lambda aged: aged[0],
        )
        for _, key in idle:
            if total <= self._limits.budget_bytes:
                return
            total -= sizes[key]
            self._evict(key)

    def _evict(self, key: K) -> None:
        place = self._places.pop(key)
        if place.process is not None:
            self._close_later(place.process)
