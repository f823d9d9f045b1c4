"""An agent that was killed in a command and runs it again when its session is resumed: held, and a person is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from boocoder.backends.acp.settings import AcpAgent
from boocoder.events.agent_event import Notice, PermissionAnswer
from boocoder.model.turn import AgentSessionRef, Cancelled, Completed, ResumeStep, StopReason, TurnRequest
from tests.contract.port import ALLOWED, RecordingPort
from tests.fakes.acp.faults import RUNNING
from tests.fakes.acp.harness import AcpHarness, desk, fake_agent

REFUSED = PermissionAnswer(allowed=False)


@asynccontextmanager
async def killed_in_a_command(tmp_path: Path, agent: AcpAgent) -> AsyncIterator[tuple[AcpHarness, TurnRequest]]:
    """A desk whose agent was killed in a command, and the next turn of the conversation."""
    async with desk(tmp_path, agent) as acp:
        first = acp.request("[[say never]]")
        port = RecordingPort(stop=first.stop)
        turn = asyncio.create_task(acp.run_request(first, port))
        await port.wait_until(lambda seen: bool(seen.tools))
        first.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        await acp.wait_gone()
        ref = AgentSessionRef(port.opened.native_id, port.opened.config_hash, unfinished=(RUNNING,))
        yield acp, acp.request("[[say fine]]", worktree=first.worktree, agent_session=ref, handover="Before: hello.")


def codes(port: RecordingPort) -> list[str]:
    """What was noticed."""
    return [notice.code for notice in port.of(Notice)]


@pytest.mark.parametrize("flags", [(), ("--without", "resume")])
async def test_what_is_refused_never_comes_to_an_end(tmp_path: Path, flags: tuple[str, ...]) -> None:
    async with killed_in_a_command(tmp_path, fake_agent(tmp_path, "runs-again", *flags)) as (acp, request):
        port = RecordingPort(stop=request.stop, permission=REFUSED)
        assert await acp.run_request(request, port) == Completed()
        (asked,) = port.permission_requests
        assert (asked.argument, asked.part) == (RUNNING, port.final_tools[0].part)
        assert asked.title.startswith("Run again what was left unfinished: until test")
        assert [one.kind for one in asked.options] == ["allow_once", "reject_once"]
        assert "command_runs_again" in codes(port)
        (request.worktree / "go").touch()
        assert port.text == "done"
        assert not (request.worktree / "ran.txt").exists()


async def test_nothing_runs_while_the_person_is_asked(tmp_path: Path) -> None:
    async with killed_in_a_command(tmp_path, fake_agent(tmp_path, "runs-again")) as (acp, request):
        port = RecordingPort(stop=request.stop, permission=None)
        turn = asyncio.create_task(acp.run_request(request, port))
        await port.wait_until(lambda seen: bool(seen.permission_requests))
        (request.worktree / "go").touch()
        await asyncio.wait({turn}, timeout=0.3)
        assert not (request.worktree / "ran.txt").exists()
        request.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        await acp.backend.stop()
        await acp.wait_gone()
        assert not (request.worktree / "ran.txt").exists()


async def test_what_is_allowed_runs_to_its_end(tmp_path: Path) -> None:
    async with killed_in_a_command(tmp_path, fake_agent(tmp_path, "runs-again")) as (acp, request):
        port = RecordingPort(stop=request.stop, permission=ALLOWED)
        turn = asyncio.create_task(acp.run_request(request, port))
        await port.wait_until(lambda seen: bool(seen.permission_requests))
        (request.worktree / "go").touch()
        assert await turn == Completed()
        assert (request.worktree / "ran.txt").read_text() == "over\n"


async def test_an_agent_that_asks_itself_is_answered_once(tmp_path: Path) -> None:
    async with killed_in_a_command(tmp_path, fake_agent(tmp_path, "runs-again-asking")) as (acp, request):
        port = RecordingPort(stop=request.stop, permission=REFUSED)
        assert await acp.run_request(request, port) == Completed()
        assert [asked.key for asked in port.permission_requests] == ["permission-1"]
        assert "command_runs_again" in codes(port)


async def test_a_prompt_that_names_the_command_wants_it(tmp_path: Path) -> None:
    async with killed_in_a_command(tmp_path, fake_agent(tmp_path, "runs-again")) as (acp, request):
        (request.worktree / "go").touch()
        request = replace(request, prompt=f"Run it again: {RUNNING}")
        port = RecordingPort(stop=request.stop, permission=REFUSED)
        assert await acp.run_request(request, port) == Completed()
        assert (port.permission_requests, "command_runs_again" in codes(port)) == ([], False)
        assert (request.worktree / "ran.txt").read_text() == "over\n"


async def test_another_command_is_not_held(tmp_path: Path) -> None:
    async with killed_in_a_command(tmp_path, fake_agent(tmp_path, "runs-again")) as (acp, request):
        (request.worktree / "go").touch()
        assert request.agent_session is not None
        request = replace(request, agent_session=replace(request.agent_session, unfinished=("make test",)))
        port = RecordingPort(stop=request.stop, permission=REFUSED)
        assert await acp.run_request(request, port) == Completed()
        assert (port.permission_requests, "command_runs_again" in codes(port)) == ([], False)


async def test_an_agent_of_that_habit_gets_a_fresh_session(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, "runs-again", fresh_after_kill=True)
    async with killed_in_a_command(tmp_path, agent) as (acp, request):
        (tmp_path / "conversations" / "left-unfinished").unlink()
        (request.worktree / "go").touch()
        port = RecordingPort(stop=request.stop)
        assert await acp.run_request(request, port) == Completed()
        assert port.opened.step is ResumeStep.HANDED_OVER
        (told,) = (notice.text for notice in port.of(Notice) if notice.code == "session_not_resumed")
        assert "left a command unfinished" in told
