"""Keeps an agent's processes warm: one a worktree and one in reserve, within a budget of memory and age."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from boocoder.backends.acp.agent_process import AgentProcess
from boocoder.backends.acp.settings import AcpSettings
from boocoder.errors import BoocoderError
from boocoder.service import Supervisor

log = logging.getLogger(__name__)


class _Place:
    """The process of one worktree, and who needs it."""

    def __init__(self) -> None:
        self.process: AgentProcess | None = None
        self.users = 0
        self.used_at = time.monotonic()
        self.opening = asyncio.Lock()


class WarmPool:
    """All processes of one agent.

    Args:
        start: makes an initialized process.
        settings: limits.
    """

    def __init__(self, *, start: Callable[[], Awaitable[AgentProcess]], settings: AcpSettings) -> None:
        self._start = start
        self._settings = settings
        self._places: dict[Path, _Place] = {}
        self._spare: AgentProcess | None = None
        self._spare_wanted = asyncio.Event()
        self._used_at = time.monotonic()
        self._running = False
        self._supervisor = Supervisor("acp-pool")
        self._closers = Supervisor("acp-close")

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
        await asyncio.gather(*(process.close(self._settings.close_grace_s) for process in processes))
        await self._closers.stop(grace_s=self._settings.close_grace_s)

    def processes(self) -> tuple[AgentProcess, ...]:
        """Those that belong to a worktree, for statistics and tests."""
        return tuple(place.process for place in self._places.values() if place.process is not None)

    @property
    def spare(self) -> AgentProcess | None:
        """The one in reserve."""
        return self._spare

    @asynccontextmanager
    async def use(self, worktree: Path) -> AsyncIterator[AgentProcess]:
        """`acquire`, and `release` behind the block."""
        process = await self.acquire(worktree)
        try:
            yield process
        finally:
            self.release(worktree)

    async def acquire(self, worktree: Path) -> AgentProcess:
        """The process of a worktree, started if need be; it is kept until `release`.

        Raises:
            ProcessError, BackendError: it cannot be started.
        """
        place = self._places.setdefault(worktree, _Place())
        place.users += 1
        try:
            async with place.opening:
                if place.process is not None and not place.process.usable:
                    self._close_later(place.process)
                    place.process = None
                if place.process is None:
                    place.process = self._take_spare() or await self._start()
                return place.process
        except BaseException:
            self.release(worktree)
            raise

    def release(self, worktree: Path) -> None:
        """Nobody needs it at the moment."""
        place = self._places.get(worktree)
        if place is not None:
            place.users -= 1
            place.used_at = time.monotonic()
            if not place.users and place.process is None:
                self._places.pop(worktree)
        self._used_at = time.monotonic()
        self._spare_wanted.set()

    async def end(self, worktree: Path, grace_s: float) -> None:
        """End the process of a worktree."""
        place = self._places.get(worktree)
        if place is not None and place.process is not None:
            process, place.process = place.process, None
            await process.close(grace_s)
        if place is not None and not place.users:
            self._places.pop(worktree, None)

    def _take_spare(self) -> AgentProcess | None:
        spare, self._spare = self._spare, None
        if spare is not None and not spare.usable:
            self._close_later(spare)
            return None
        return spare

    def _close_later(self, process: AgentProcess) -> None:
        process.ending = True
        self._closers.spawn(process.close(self._settings.close_grace_s), "close")

    async def _keep_spare(self) -> None:
        """Start one in reserve after a turn, when none is there; one that cannot be started waits for the next turn."""
        while True:
            await self._spare_wanted.wait()
            self._spare_wanted.clear()
            if not self._settings.spare or self._spare is not None:
                continue
            try:
                self._spare = await self._start()
            except BoocoderError as error:
                log.warning("no process in reserve", extra={"reason": error.text})

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(self._settings.sweep_s)
            self._end_the_old()
            self._end_the_big()

    def _end_the_old(self) -> None:
        now = time.monotonic()
        for worktree, place in list(self._places.items()):
            dead = place.process is None or not place.process.usable
            if not place.users and (dead or now - place.used_at > self._settings.idle_s):
                self._evict(worktree)
        if self._spare is not None and (not self._spare.usable or now - self._used_at > self._settings.idle_s):
            self._close_later(self._spare)
            self._spare = None

    def _end_the_big(self) -> None:
        """Above the budget: the reserve goes first, then what has been idle longest."""
        sizes = {tree: place.process.child.rss_bytes() for tree, place in self._places.items() if place.process}
        spare = self._spare.child.rss_bytes() if self._spare is not None else 0
        total = spare + sum(sizes.values())
        if total > self._settings.budget_bytes and self._spare is not None:
            self._close_later(self._spare)
            self._spare = None
            total -= spare
        idle = sorted(
            (place.used_at, tree) for tree, place in self._places.items() if not place.users and tree in sizes
        )
        for _, worktree in idle:
            if total <= self._settings.budget_bytes:
                return
            total -= sizes[worktree]
            self._evict(worktree)

    def _evict(self, worktree: Path) -> None:
        place = self._places.pop(worktree)
        if place.process is not None:
            self._close_later(place.process)
