"""Keeps one opencode server running: starts it on demand, restarts it after a crash or when it has grown too big."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from boocoder.backends.opencode.server.crash_breaker import CrashBreaker
from boocoder.backends.opencode.server.environment import ServerEnvironment
from boocoder.backends.opencode.server.process import ServerProcess, launch
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.errors import BackendError
from boocoder.net.backoff import jittered
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


class OpenCodeServer:
    """The server that all turns share.

    Args:
        host: starts processes.
        program: opencode's program, None if it is not installed.
        home: its private folders.
        settings: limits.

    Attributes:
        users: how many turns and other callers hold the server.
        starts: how often it was started.
    """

    def __init__(
        self, *, host: ProcessHost, program: Path | None, home: ServerEnvironment, settings: OpenCodeSettings
    ) -> None:
        self._host = host
        self._program = program
        self._home = home
        self._settings = settings
        self._breaker = CrashBreaker(
            limit=settings.crash_limit, window_s=settings.crash_window_s, cooldown_s=settings.crash_cooldown_s
        )
        self._lock = asyncio.Lock()
        self._tasks = TaskSupervisor("opencode")
        self._process: ServerProcess | None = None
        self._retired: set[ServerProcess] = set()  # their turns go on; nothing new begins there
        self.users = 0
        self._stopped = False
        self._outdated = False
        self._starting: asyncio.Timeout | None = None
        self.starts = 0

    @property
    def neutral(self) -> Path:
        """A directory for calls that belong to no worktree."""
        return self._home.neutral

    @property
    def process(self) -> ServerProcess | None:
        """The live server, None if none is running."""
        return self._process if self._process is not None and not self._process.dead else None

    def replace_when_idle(self) -> None:
        """Its configuration has changed: the next one who finds it idle gets a new one."""
        self._outdated = self.process is not None

    @asynccontextmanager
    async def use(self, worktree: Path | None = None) -> AsyncIterator[ServerProcess]:
        """Hold the server for as long as something runs on it; it is started first if need be.

        Args:
            worktree: what it is needed for. A server whose sandbox is older than the worktree's project is replaced;
                turns that it has end there.

        Raises:
            BackendError: not installed, cannot be started, or has crashed too often.
        """
        self.users += 1  # counted before the wait, so that no recycling starts meanwhile
        process: ServerProcess | None = None
        try:
            process = await self._ensure(worktree)
            yield process
        finally:
            self.users -= 1
            if process is not None:
                self._release(process)
            if not self.users and not self._stopped and self.process is not None:
                self._tasks.spawn(self._recycle_if_heavy(), "recycle")

    async def stop(self) -> None:
        """End the server, also one that is just being started. Safe twice and before any use."""
        self._stopped = True
        if self._starting is not None and not self._starting.expired():
            self._starting.reschedule(asyncio.get_running_loop().time())
        await self._tasks.stop()
        async with self._lock:
            await asyncio.gather(self._end(), *(process.stop() for process in self._retired))

    def _release(self, process: ServerProcess) -> None:
        process.users -= 1
        if process in self._retired and not process.users and not self._stopped:
            self._tasks.spawn(self._end_retired(process), "retired")

    async def _end_retired(self, process: ServerProcess) -> None:
        await process.stop()
        self._retired.discard(process)

    async def _ensure(self, worktree: Path | None) -> ServerProcess:
        async with self._lock:
            if self._stopped:
                raise _stopping()
            alone = self.users == 1  # the caller is counted
            outgrown = await self._is_outgrown(worktree)
            if outgrown and self._process is not None and self._process.users:
                self._retired.add(self._process)
                self._process = None
            if self.process is None or outgrown or (self._outdated and alone):
                await self._end()
                await self._start()
            assert self._process is not None
            self._process.users += 1
            return self._process

    async def _is_outgrown(self, worktree: Path | None) -> bool:
        process = self.process
        if process is None or worktree is None:
            return False
        return await asyncio.to_thread(self._host.is_outgrown, process.child, worktree)

    async def _start(self) -> None:
        if self._program is None:
            raise BackendError(
                "agent_missing", "opencode is not installed.", "Install it: npm install -g opencode-ai@1.18.33"
            )
        loop = asyncio.get_running_loop()
        closed_for_s = self._breaker.open_for_s(loop.time())
        if closed_for_s > 0:
            text = f"opencode crashed {self._settings.crash_limit} times; boocoder tries again in {closed_for_s:.0f} s."
            raise BackendError("agent_crash_loop", text, "Run `opencode serve` by hand to see why it crashes.")
        await asyncio.sleep(jittered(self._breaker.delay_s(loop.time())))
        try:
            async with asyncio.timeout(None) as self._starting:
                self._process = await launch(
                    host=self._host, program=self._program, home=self._home, settings=self._settings
                )
        except TimeoutError as error:
            raise _stopping() from error
        except BackendError as error:
            if error.code == "agent_start_failed":
                self._breaker.crashed(loop.time())
            raise
        finally:
            self._starting = None
        self._outdated = False
        self.starts += 1
        self._tasks.spawn(self._note_death(self._process), "death")
        log.info("opencode is ready", extra={"version": self._process.version, "url": self._process.url})

    async def _note_death(self, process: ServerProcess) -> None:
        await process.wait_died()
        if not process.ending:
            self._breaker.crashed(asyncio.get_running_loop().time())

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    async def _recycle_if_heavy(self) -> None:
        process = self.process
        if process is None:
            return
        rss = await asyncio.to_thread(process.child.rss_bytes)  # looks at every process of the machine
        if rss <= self._settings.rss_limit_bytes:
            return
        async with self._lock:
            if self.process is not process or self.users:
                return
            log.info("opencode is replaced: it holds too much memory", extra={"rss_bytes": rss})
            await self._end()
            try:
                await self._start()
            except BackendError as error:  # the next turn tries again and reports the error
                log.warning("opencode was not started again", extra={"reason": error.text})


def _stopping() -> BackendError:
    return BackendError("agent_stopped", "boocoder is stopping.", "Resume the turn.")
