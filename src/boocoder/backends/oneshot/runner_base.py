"""Base of both runners: one command per turn, and kept-open processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from boocoder.backends.oneshot.command.mcp_file import write_mcp_file
from boocoder.backends.oneshot.session_setup import OneShotReadySession
from boocoder.backends.oneshot.session_store import OneShotSessionStore
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.backends.oneshot.turn_record import TurnRecord
from boocoder.model.ids import TaskId
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import TurnRequest
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost


class RunningTurn(Protocol):
    """A turn that is under way."""

    @property
    def running(self) -> bool:
        """Whether its process runs."""


R = TypeVar("R", bound=RunningTurn)


class Runner(Generic[R]):
    """The turns of one agent.

    Args:
        host: starts processes.
        agent: who it is.
        state_dir: ours alone.
        store: where sessions are known.
        settings: limits.
        mcp_servers: those that the person configured.
    """

    def __init__(
        self,
        *,
        host: ProcessHost,
        agent: OneShotAgent,
        state_dir: Path,
        store: OneShotSessionStore,
        settings: OneShotSettings,
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        self._mcp_servers = mcp_servers
        self._host = host
        self._state_dir = state_dir
        self._store = store
        self.agent = agent
        self.settings = settings
        self.turns: dict[tuple[TaskId, int], R] = {}

    def running(self, task_id: TaskId, epoch: int) -> bool:
        """Whether a turn's process runs."""
        turn = self.turns.get((task_id, epoch))
        return turn is not None and turn.running

    def mcp_file(self, worktree: Path) -> Path | None:
        """The file with the MCP servers of a worktree's project; None if it has none, or the agent takes none.

        Raises:
            OSError: it cannot be written.
        """
        if not self.agent.mcp_args:
            return None
        project = self._host.project_of(worktree)
        servers = [server for server in self._mcp_servers if server.serves(project)]
        return write_mcp_file(self._state_dir / "mcp", servers)

    def command(
        self, argv: tuple[str, ...], request: TurnRequest, env: Mapping[str, str], mcp_file: Path | None
    ) -> Command:
        """A process of the agent.

        Args:
            argv: its command line.
            request: the turn that it starts with.
            env: added to its usual environment.
            mcp_file: that it reads.
        """
        use = self.agent.sandbox_use(request.worktree)
        if mcp_file is not None:
            use = replace(use, readable=(*use.readable, mcp_file))
        return Command(argv, request.worktree, agent_environment(env, keep=self.agent.keep_env), use)

    def record(self, request: TurnRequest, opening: OneShotReadySession) -> TurnRecord:
        """An open record of a turn.

        Raises:
            OSError: it cannot be written.
        """
        return TurnRecord(
            state_dir=self._state_dir,
            agent=self.agent,
            request=request,
            opening=opening,
            store=self._store,
            settings=self.settings,
        )
