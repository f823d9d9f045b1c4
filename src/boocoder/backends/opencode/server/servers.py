"""The opencode servers of a host: one that all sessions share, and one each for sessions that want their own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.backends.opencode.server.environment import ServerEnvironment
from boocoder.backends.opencode.server.places import OWN_SERVERS
from boocoder.backends.opencode.server.process import ServerProcess
from boocoder.backends.opencode.server.server import OpenCodeServer
from boocoder.backends.opencode.settings import ModelProvider, OpenCodeSettings
from boocoder.model.mcp_server import McpServer
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _OwnServer:
    """The server of one worktree."""

    server: OpenCodeServer
    home: ServerEnvironment
    used_at: float = field(default_factory=time.monotonic)


class OpenCodeServers:
    """Gives each worktree its server.

    Args:
        host: starts processes, and knows the projects of worktrees.
        program: opencode's program, None if it is not installed.
        state_dir: private to the backend; folders of servers are in it, and opencode's sessions in those.
        providers: the model servers to offer.
        settings: limits, and who has a server of their own.
        mcp_servers: those that the person configured.

    Attributes:
        shared: the server of all sessions that have none of their own.
    """

    def __init__(
        self,
        *,
        host: ProcessHost,
        program: Path | None,
        state_dir: Path,
        providers: tuple[ModelProvider, ...],
        settings: OpenCodeSettings,
        mcp_servers: tuple[McpServer, ...],
    ) -> None:
        self._host = host
        self._program = program
        self._state_dir = state_dir
        self._providers = providers
        self._settings = settings
        self._mcp_servers = mcp_servers
        self._own: dict[Path, _OwnServer] = {}
        self._ending: dict[Path, asyncio.Task[None]] = {}
        self._tasks = TaskSupervisor("opencode-servers")
        self._sweeping = False
        self._home = self._environment(state_dir, every_session=not settings.own_server(None))
        self.shared = self._server(self._home)

    @property
    def own(self) -> dict[Path, OpenCodeServer]:
        """The servers of single worktrees, for statistics and tests."""
        return {worktree: one.server for worktree, one in self._own.items()}

    @property
    def lacks_models(self) -> bool:
        """See `ServerEnvironment.lacks_models`."""
        return self._home.lacks_models

    def offer(self, providers: tuple[ModelProvider, ...]) -> None:
        """The model servers to offer from now on; running servers are replaced when they are idle."""
        self._providers = providers
        for home, server in ((self._home, self.shared), *((one.home, one.server) for one in self._own.values())):
            home.offer(providers)
            server.replace_when_idle()

    def peek(self, worktree: Path) -> ServerProcess | None:
        """The running server of a worktree, None if there is none."""
        if not self.has_own(worktree):
            return self.shared.process
        one = self._own.get(worktree)
        return one.server.process if one is not None else None

    def has_own(self, worktree: Path) -> bool:
        """Whether a worktree has a server of its own, started or not."""
        return self._settings.own_server(self._host.project_of(worktree))

    @asynccontextmanager
    async def use(self, worktree: Path | None = None) -> AsyncIterator[ServerProcess]:
        """Hold the server of a worktree, started if need be; errors as `OpenCodeServer.use`.

        Args:
            worktree: None for one that is only asked what it offers.
        """
        if worktree is None or not self.has_own(worktree):
            async with self.shared.use(worktree) as process:
                yield process
            return
        if worktree in self._ending:
            await asyncio.wait({self._ending[worktree]})
        one = self._own.get(worktree) or self._make(worktree)
        try:
            async with one.server.use(worktree) as process:
                yield process
        finally:
            one.used_at = time.monotonic()

    async def end(self, worktree: Path) -> None:
        """End a worktree's own server, if it has one."""
        if worktree in self._own:
            self._end(worktree)
        if worktree in self._ending:
            await asyncio.wait({self._ending[worktree]})

    async def stop(self) -> None:
        """End all servers. Safe twice and before any use."""
        for worktree in list(self._own):
            self._end(worktree)
        await asyncio.gather(self.shared.stop(), *self._ending.values())
        await self._tasks.stop()

    def _make(self, worktree: Path) -> _OwnServer:
        home = self._environment(self._state_dir / OWN_SERVERS / worktree.name, every_session=False, worktree=worktree)
        one = self._own[worktree] = _OwnServer(self._server(home), home)
        if not self._sweeping:
            self._sweeping = True
            self._tasks.spawn(self._sweep(), "sweep")
        return one

    def _environment(self, state_dir: Path, *, every_session: bool, worktree: Path | None = None) -> ServerEnvironment:
        return ServerEnvironment(
            state_dir=state_dir,
            providers=self._providers,
            settings=self._settings,
            mcp_servers=self._mcp_servers,
            every_session=every_session,
            worktree=worktree,
        )

    def _server(self, home: ServerEnvironment) -> OpenCodeServer:
        return OpenCodeServer(host=self._host, program=self._program, home=home, settings=self._settings)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self._settings.sweep_s)
            for worktree in self._too_many():
                log.info("an idle opencode server ends", extra={"worktree": str(worktree)})
                self._end(worktree)

    def _too_many(self) -> list[Path]:
        """Whose servers are idle for too long, or are those idle longest of too many."""
        idle = sorted((one.used_at, worktree) for worktree, one in self._own.items() if not one.server.users)
        over = len(idle) - self._settings.own_servers_idle
        oldest = time.monotonic() - self._settings.own_server_idle_s
        return [worktree for number, (used_at, worktree) in enumerate(idle) if number < over or used_at < oldest]

    def _end(self, worktree: Path) -> None:
        one = self._own.pop(worktree)
        task = self._ending[worktree] = self._tasks.spawn(one.server.stop(), f"end {worktree.name}")
        task.add_done_callback(lambda _: self._ending.pop(worktree, None))
