"""A kept-open agent that runs again what its killed process left unfinished: held, and a person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.events.agent_event import Notice, PermissionAnswer
from boocoder.model.turn import AgentSessionRef, Completed, ResumeStep, TurnRequest
from tests.contract.port import ALLOWED, RecordingPort
from tests.fakes.oneshot.harness import OneShotHarness, desk, fake_agent

LEFT = "until test -e go; do sleep 0.05; done; echo over >> ran.txt"


@asynccontextmanager
async def resuming(tmp_path: Path, agent: OneShotAgent) -> AsyncIterator[tuple[OneShotHarness, TurnRequest]]:
    """A turn whose agent begins, without being told to by the person, with what was left unfinished."""
    async with desk(tmp_path, agent) as opened:
        first = opened.request("[[say hello]]")
        port = RecordingPort(stop=first.stop)
        assert await opened.run_request(first, port) == Completed()
        await opened.backend.forget(first.worktree)
        ref = AgentSessionRef(port.opened.native_id, port.opened.config_hash, unfinished=(LEFT,))
        yield (
            opened,
            opened.request("[[say fine]]", worktree=first.worktree, agent_session=ref, notes=f"[[bash {LEFT}]]"),
        )


async def test_a_refused_command_never_comes_to_an_end(tmp_path: Path) -> None:
    async with resuming(tmp_path, fake_agent(tmp_path, kept_open=True)) as (opened, request):
        port = RecordingPort(stop=request.stop, permission=PermissionAnswer(allowed=False))
        assert await opened.run_request(request, port) == Completed()
        (asked,) = port.permission_requests
        assert asked.argument == LEFT
        assert [notice.code for notice in port.of(Notice)] == ["command_runs_again"]
        (request.worktree / "go").touch()
        assert port.text == "fine"
        assert not (request.worktree / "ran.txt").exists()


async def test_an_allowed_command_runs_to_its_end(tmp_path: Path) -> None:
    async with resuming(tmp_path, fake_agent(tmp_path, kept_open=True)) as (opened, request):
        port = RecordingPort(stop=request.stop, permission=ALLOWED)
        turn = asyncio.create_task(opened.run_request(request, port))
        await port.wait_until(lambda seen: bool(seen.permission_requests))
        (request.worktree / "go").touch()
        assert await turn == Completed()
        assert (request.worktree / "ran.txt").read_text() == "over\n"


async def test_an_agent_of_that_habit_gets_a_fresh_session(tmp_path: Path) -> None:
    async with resuming(tmp_path, fake_agent(tmp_path, kept_open=True, fresh_after_kill=True)) as (opened, request):
        (request.worktree / "go").touch()
        port = RecordingPort(stop=request.stop)
        assert await opened.run_request(request, port) == Completed()
        assert port.opened.step is ResumeStep.FRESH
        assert [notice.code for notice in port.of(Notice)] == ["session_not_resumed"]
