"""One ACP backend on some agent, and what a test drives it with."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Outcome, TurnRequest
from boocoder.process.host import COOKIE, ProcessHost
from boocoder.process.table import marked
from tests.contract.port import RecordingPort

FAKE = Path(__file__).resolve().parents[1] / "acp_agent.py"
QUICK = AcpSettings(
    start_timeout_s=3.0,
    open_timeout_s=3.0,
    request_timeout_s=2.0,
    write_timeout_s=2.0,
    replay_quiet_s=0.1,
    replay_limit_s=2.0,
    cancel_grace_s=1.0,
    close_grace_s=1.0,
    spare=False,
    probe_timeout_s=8.0,
)
BUDGET_S = 30.0
_numbers = itertools.count(1)


@dataclass
class AcpDesk:
    """A backend.

    Args:
        backend: started.
        host: what its processes are started by.
        directory: where worktrees are made.
        budget_s: a turn that takes longer is a failure.
    """

    backend: AcpBackend
    host: ProcessHost
    directory: Path
    budget_s: float = BUDGET_S

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

    async def wait_gone(self, timeout_s: float = 5.0) -> None:
        """Wait until none of them is left."""
        deadline = time.monotonic() + timeout_s
        while self.alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        assert self.alive() == []


@asynccontextmanager
async def desk(directory: Path, agent: AcpAgent, settings: AcpSettings = QUICK) -> AsyncIterator[AcpDesk]:
    """A desk on an agent; the same directory again is a restart with the same records."""
    host = ProcessHost(state_dir=directory / "host", instance=f"acp-{next(_numbers)}")
    await host.start()
    backend = AcpBackend(host=host, agent=agent, state_dir=directory / "state", settings=settings)
    await backend.start()
    opened = AcpDesk(backend, host, directory)
    try:
        yield opened
        await backend.stop()
        await opened.wait_gone()
    finally:
        await backend.stop()
        await host.stop()


def fake_agent(directory: Path, fault: str = "none", *flags: str, **more: Any) -> AcpAgent:
    """The fake with a fault; its conversations are kept in the directory."""
    argv = (sys.executable, str(FAKE), "--fault", fault, "--store", str(directory / "conversations"), *flags)
    return replace(AcpAgent("fake", argv, login="fake login", install="Install the fake."), **more)
