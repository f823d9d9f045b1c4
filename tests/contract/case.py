"""One backend under the contract suite: how it is made, and what a test needs to drive turns with it."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from boocoder.backends.base import Backend
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Outcome, ResumeStep, TurnRequest
from tests.contract.port import RecordingPort

TURN_S = 120.0  # a cold agent with all cores busy


@dataclass
class BackendCase:
    """A started backend, and what differs between backends.

    Args:
        name: the backend's name; tasks name the agent by it too.
        make: makes and starts a backend object over the same store, as a restarted program would.
        permission_prompt: a script whose one tool asks for permission before it is done.
        question_prompt: a script that asks the person "Which one?" with the choices A and B.
        kill_agent: makes a running agent die, as kill -9 would.
        crash_prompt: a script during which `kill_agent` is called once "before" was said.
        directory: where worktrees are made.
        death_code: the code of a turn whose agent died.
        waiting_agents: processes that wait in a worktree for its next turn.
        second_step: how the second turn of a chat reaches its session.
    """

    name: str
    make: Callable[[], Awaitable[Backend]]
    permission_prompt: str
    question_prompt: str
    kill_agent: Callable[[], Awaitable[None]]
    crash_prompt: str
    directory: Path
    death_code: str = "agent_died"
    waiting_agents: Callable[[], list[int]] = list
    second_step: ResumeStep = ResumeStep.WARM
    backend: Backend = field(init=False)
    _worktrees: int = 0

    async def restart(self) -> None:
        """Stop the backend object and go on with a new one over the same store."""
        await self.backend.stop()
        self.backend = await self.make()

    @cached_property
    def shared(self) -> Path:
        """A git repository for all tests that need any: an agent takes up to two seconds to get to know a new one."""
        return self.worktree()

    def worktree(self) -> Path:
        """A fresh git repository with one commit."""
        self._worktrees += 1
        path = self.directory / f"worktree {self._worktrees}"
        path.mkdir(parents=True)
        (path / "README.md").write_text("A project.\n")
        identity = ("-c", "user.name=A Person", "-c", "user.email=person@example.org")
        for argv in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "Begin")):
            subprocess.run(("git", *argv), cwd=path, check=True, capture_output=True)
        return path

    def request(self, prompt: str, *, worktree: Path | None = None, **more: Any) -> TurnRequest:
        """A turn of a new chat, in the worktree that the tests of a module share unless one is given."""
        return TurnRequest(
            task_id=TaskId(new_id()),
            epoch=1,
            session_id=SessionId(new_id()),
            chat_id=ChatId(new_id()),
            agent=self.name,
            prompt=prompt,
            worktree=self.shared if worktree is None else worktree,
            **more,
        )

    async def run(self, prompt: str, *, worktree: Path | None = None, **more: Any) -> tuple[RecordingPort, Outcome]:
        """Run one turn to its end with a port that allows everything."""
        request = self.request(prompt, worktree=worktree, **more)
        port = RecordingPort(stop=request.stop)
        return port, await self.run_request(request, port)

    async def run_request(self, request: TurnRequest, port: RecordingPort) -> Outcome:
        """Run a turn; one that takes longer than any turn of this suite may is a failure."""
        async with asyncio.timeout(TURN_S):
            return await self.backend.run_turn(request, port)

    @asynccontextmanager
    async def running(self, request: TurnRequest, port: RecordingPort) -> AsyncIterator[asyncio.Task[Outcome]]:
        """The turn in the background; cancelled at the end if it is still running."""
        turn = asyncio.create_task(self.run_request(request, port))
        try:
            yield turn
        finally:
            turn.cancel()
            await asyncio.gather(turn, return_exceptions=True)
