"""One backend whose agents are processes of their own, and what a test drives it with."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.oneshot.backend import OneShotBackend
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Outcome, TurnRequest
from boocoder.process.host import COOKIE, ProcessHost
from boocoder.process.proc_table import marked
from tests.contract.port import RecordingPort
from tests.waiting import PATIENCE_S

_numbers = itertools.count(1)
B = TypeVar("B", AcpBackend, OneShotBackend)


@dataclass
class BackendHarness(Generic[B]):
    """A backend.

    Args:
        backend: started.
        host: what its processes are started by.
        directory: where worktrees are made.
        budget_s: a turn that takes longer is a failure.
    """

    backend: B
    host: ProcessHost
    directory: Path
    budget_s: float

    def worktree(self) -> Path:
        """A fresh directory."""
        path = self.directory / "worktrees" / str(next(_numbers))
        path.mkdir(parents=True)
        (path / "README.md").write_text("A project.\n")
        return path

    def request(self, prompt: str, *, worktree: Path | None = None, **more: Any) -> TurnRequest:
        """A turn of a new chat."""
        return TurnRequest(
            task_id=TaskId(new_id()),
            epoch=1,
            session_id=SessionId(new_id()),
            chat_id=ChatId(new_id()),
            agent=self.backend.agent.name,
            prompt=prompt,
            worktree=worktree or self.worktree(),
            **more,
        )

    async def run(self, prompt: str, *, worktree: Path | None = None, **more: Any) -> tuple[RecordingPort, Outcome]:
        """Run one turn with a port that allows everything."""
        request = self.request(prompt, worktree=worktree, **more)
        port = RecordingPort(stop=request.stop)
        return port, await self.run_request(request, port)

    async def run_request(self, request: TurnRequest, port: RecordingPort) -> Outcome:
        """Run one turn within the budget."""
        async with asyncio.timeout(self.budget_s):
            return await self.backend.run_turn(request, port)

    def alive(self) -> list[int]:
        """Every process that this desk's host has started, directly or not."""
        return [process.pid for process in marked(f"{COOKIE}={self.host.cookie}")]

    async def wait_gone(self, timeout_s: float = PATIENCE_S) -> None:
        """Wait until none of them is left."""
        deadline = time.monotonic() + timeout_s
        while self.alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        assert self.alive() == []


@asynccontextmanager
async def open_desk(
    directory: Path, make: Callable[[ProcessHost], B], *, budget_s: float
) -> AsyncIterator[BackendHarness[B]]:
    """A desk at a backend that is started now; nothing of it is left afterwards.

    Args:
        make: the backend, not started.
    """
    host = ProcessHost(state_dir=directory / "host", instance=f"desk-{next(_numbers)}")
    await host.start()
    backend = make(host)
    await backend.start()
    opened = BackendHarness(backend, host, directory, budget_s)
    try:
        yield opened
        await backend.stop()
        await opened.wait_gone()
    finally:
        await backend.stop()
        await host.stop()
