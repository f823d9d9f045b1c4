"""The MCP servers of all worktrees: started with the first turn that needs them, kept while they are used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from boocoder.backends.native.mcp.toolbox import McpProblem, McpToolbox
from boocoder.backends.shared.outcomes import unless_stopped
from boocoder.errors import BackendError
from boocoder.model.mcp_server import McpServer, McpServerUse
from boocoder.model.turn import StopSignal
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

if TYPE_CHECKING:
    from boocoder.backends.native.mcp.connection import McpConnection

IDLE_S = 900.0  # servers of a worktree without a turn for so long are ended
SWEEP_S = 30.0
WORKTREES_MAX = 16  # with servers that wait; those unused longest are ended
RETRY_S = 60.0  # a server that did not start is tried again no sooner
_CONNECTION = "boocoder.backends.native.mcp.connection"


@dataclass
class _WorktreeServers:
    """The servers of one worktree."""

    open: dict[str, McpConnection] = field(default_factory=dict)
    failed: dict[str, tuple[float, str]] = field(default_factory=dict)
    users: int = 0
    used_at: float = 0.0
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)


class McpConnections:
    """Connections by worktree and server.

    Args:
        servers: those that the person configured.
        processes: starts their programs.
    """

    def __init__(self, *, servers: tuple[McpServer, ...], processes: ProcessHost) -> None:
        self._servers = servers
        self._processes = processes
        self._worktrees: dict[Path, _WorktreeServers] = {}
        self._failures: dict[str, str] = {}
        self._connections = TaskSupervisor("mcp")
        self._sweeper = TaskSupervisor("mcp-sweep")

    async def stop(self) -> None:
        """End every connection. Safe twice."""
        await self._sweeper.stop()
        await asyncio.gather(*(self.forget(worktree) for worktree in list(self._worktrees)))
        await self._connections.stop()

    async def forget(self, worktree: Path) -> None:
        """End the servers of a worktree."""
        kept = self._worktrees.pop(worktree, None)
        if kept is not None:
            await asyncio.gather(*(connection.close() for connection in kept.open.values()))

    def uses(self) -> tuple[McpServerUse, ...]:
        """The servers for the catalogue; one that failed at its last start says why."""
        return tuple(
            McpServerUse(server.name, server.transport, given=True, reason=self._failures.get(server.name, ""))
            for server in self._servers
        )

    @asynccontextmanager
    async def use(
        self, worktree: Path, stop: StopSignal, more: Sequence[McpServer] = ()
    ) -> AsyncIterator[McpToolbox | None]:
        """The tools for a turn in a worktree; a server that does not start in time is named as a problem.

        Args:
            worktree: the session's.
            more: servers of this session in addition to those that the person configured.
            stop: while the servers start, the turn may be asked to end; there is no toolbox then.
        """
        project = self._processes.project_of(worktree)
        wanted = [*(server for server in self._servers if server.serves(project)), *more]
        if not wanted:
            yield McpToolbox()
            return
        if not len(self._sweeper):
            self._sweeper.spawn(self._sweep(), "idle")
        kept = self._worktrees.setdefault(worktree, _WorktreeServers())
        kept.users += 1
        try:
            yield await unless_stopped(stop, self._open(kept, wanted, worktree), named=(), task_group="mcp-opening")
        finally:
            kept.users -= 1
            kept.used_at = time.monotonic()

    async def _open(self, kept: _WorktreeServers, wanted: Sequence[McpServer], worktree: Path) -> McpToolbox:
        async with kept.opening:
            problems = await asyncio.gather(*(self._ensure(kept, server, worktree) for server in wanted))
        tools = (tool for connection in kept.open.values() for tool in connection.tools)
        return McpToolbox.of(tools, (problem for problem in problems if problem is not None))

    async def _ensure(self, kept: _WorktreeServers, server: McpServer, worktree: Path) -> McpProblem | None:
        """Start a server unless it runs; why it does not."""
        connection = kept.open.get(server.name)
        if connection is not None and connection.alive:
            return None
        if connection is not None:
            del kept.open[server.name]
            await connection.close()
        failed_at, why = kept.failed.get(server.name, (0.0, ""))
        if not why or time.monotonic() - failed_at > RETRY_S:
            why = await self._start(kept, server, worktree)
        self._failures[server.name] = why
        return McpProblem("mcp_server_unavailable", server.name, why) if why else None

    async def _start(self, kept: _WorktreeServers, server: McpServer, worktree: Path) -> str:
        # The SDK takes a second and 26 MB to import, which only those pay who have an MCP server.
        module = await asyncio.to_thread(import_module, _CONNECTION)
        connection: McpConnection = module.McpConnection(
            server=server, worktree=worktree, processes=self._processes, supervisor=self._connections
        )
        try:
            await connection.start()
        except BackendError as error:
            kept.failed[server.name] = (time.monotonic(), error.text)
            return error.text
        except BaseException:
            await connection.close()
            raise
        kept.failed.pop(server.name, None)
        kept.open[server.name] = connection
        return ""

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now = time.monotonic()
            idle = sorted((kept.used_at, worktree) for worktree, kept in self._worktrees.items() if not kept.users)
            surplus = len(idle) - WORKTREES_MAX
            for number, (used_at, worktree) in enumerate(idle):
                if number < surplus or now - used_at > IDLE_S:
                    await self.forget(worktree)
