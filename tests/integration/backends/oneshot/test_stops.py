"""Stopping commands: hanging ones, ones that ignore signals, and the processes that they leave running."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.events.agent_event import ToolStatus
from boocoder.model.turn import Cancelled, Interrupted, Outcome, StopReason, TimedOut, TurnRequest
from tests.contract.port import RecordingPort
from tests.fakes.oneshot.harness import OneShotHarness, desk, fake_agent
from tests.waiting import until


async def stop_when_there(
    opened: OneShotHarness, request: TurnRequest, port: RecordingPort, mark: str, reason: StopReason
) -> Outcome:
    """Run a turn and stop it as soon as a file is in its worktree, or, without one, as soon as it has a process."""
    turn = asyncio.create_task(opened.run_request(request, port))
    await until(lambda: (request.worktree / mark).exists() if mark else bool(opened.alive()))
    request.stop.set(reason)
    return await turn


@pytest.mark.parametrize("kept_open", [False, True])
async def test_a_deaf_agent_is_killed(kept_open: bool, tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "deaf", kept_open=kept_open)) as opened:
        request = opened.request("[[say hello]]")
        port = RecordingPort(stop=request.stop)
        outcome = await stop_when_there(opened, request, port, "deaf", StopReason.CANCELLED)
        assert outcome == Cancelled()
        await opened.wait_gone()


async def test_a_hanging_agent_is_ended_as_silent(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "hang")) as opened:
        request = opened.request("[[say hello]]")
        port = RecordingPort(stop=request.stop)
        outcome = await stop_when_there(opened, request, port, "", StopReason.SILENT)
        assert isinstance(outcome, TimedOut)
        assert outcome.error.cure
        await opened.wait_gone()


@pytest.mark.parametrize("kept_open", [False, True])
async def test_what_a_tool_left_running_ends_with_the_turn(kept_open: bool, tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=kept_open)) as opened:
        left = "[[bash (setsid sh -c 'touch there; exec sleep 300' >/dev/null 2>&1 &) ; sleep 300]]"
        request = opened.request(left)
        port = RecordingPort(stop=request.stop)
        outcome = await stop_when_there(opened, request, port, "there", StopReason.CANCELLED)
        assert outcome == Cancelled()
        assert [tool.status for tool in port.final_tools] == [ToolStatus.CANCELLED] or kept_open
        await opened.wait_gone()


async def test_an_agent_that_ignores_the_interrupt_is_ended(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "ignores-interrupt", kept_open=True)) as opened:
        request = opened.request("[[bash touch there; sleep 300]]")
        port = RecordingPort(stop=request.stop)
        outcome = await stop_when_there(opened, request, port, "there", StopReason.CANCELLED)
        assert outcome == Cancelled()
        await opened.wait_gone()


async def test_stop_before_the_agent_is_ready(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "no-initialize-answer", kept_open=True)) as opened:
        request = opened.request("[[say hello]]")
        port = RecordingPort(stop=request.stop)
        outcome = await stop_when_there(opened, request, port, "", StopReason.SHUTDOWN)
        assert isinstance(outcome, Interrupted)
        assert port.events == []
        await opened.wait_gone()
