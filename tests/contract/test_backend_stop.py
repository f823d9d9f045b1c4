"""What every backend does when a turn is disturbed: stopped, cancelled, its lease lost, its agent killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from boocoder.backends.shared.outcomes import stopped
from boocoder.errors import LeaseLost
from boocoder.events.agent_event import AgentEvent, TextDelta, ToolCall, ToolStatus
from boocoder.model.turn import (
    Cancelled,
    Completed,
    Failed,
    Interrupted,
    Outcome,
    StopReason,
    TimedOut,
    TurnRequest,
)
from tests.contract.case import BackendCase
from tests.contract.port import RecordingPort
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLEEPING = "[[bash touch started; sleep 300]]"


async def stop_when(
    case: BackendCase, request: TurnRequest, port: RecordingPort, ready: Awaitable[object], reason: StopReason
) -> Outcome:
    """Run the turn, stop it as soon as it is `ready`; one that goes on is a failure."""
    async with case.running(request, port) as turn:
        await ready
        request.stop.set(reason)
        return await turn


async def said(port: RecordingPort, text: str) -> None:
    """Wait until the agent has said a text."""
    await port.wait_until(lambda seen: text in seen.text)


async def wait_started(worktree: Path, timeout_s: float = PATIENCE_S) -> None:
    """Wait until the command of SLEEPING sleeps."""
    deadline = time.monotonic() + timeout_s
    while not (worktree / "started").exists():
        assert time.monotonic() < deadline, "the command never started"
        await asyncio.sleep(0.02)
    assert working_in(worktree)


def working_in(worktree: Path) -> list[int]:
    """The processes that have their current directory in a worktree; zombies have none."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if Path(process.cwd()).is_relative_to(worktree):
                found.append(process.pid)
    return found


async def wait_left(case: BackendCase, worktree: Path, timeout_s: float = PATIENCE_S) -> None:
    """Wait until no process works in a worktree any more but an agent that waits there for the next turn."""
    deadline = time.monotonic() + timeout_s
    while (left := set(working_in(worktree)) - set(case.waiting_agents())) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert not left


async def test_cancel_in_the_middle_of_text(case: BackendCase) -> None:
    request = case.request("[[delay 0.02]][[tokens 5000]]")
    port = RecordingPort(stop=request.stop)
    outcome = await stop_when(case, request, port, said(port, "w10 "), StopReason.CANCELLED)
    assert outcome == Cancelled()
    whole = "".join(f"w{index} " for index in range(5000))
    assert whole.startswith(port.text)
    assert len(port.text) < len(whole)
    after, outcome = await case.run("[[say still here]]", worktree=request.worktree, agent_session=port.agent_session)
    assert (after.text, outcome) == ("still here", Completed())


async def test_cancel_in_the_middle_of_a_command(case: BackendCase) -> None:
    request = case.request(SLEEPING, worktree=case.worktree())
    port = RecordingPort(stop=request.stop)
    running = wait_started(request.worktree)
    assert await stop_when(case, request, port, running, StopReason.CANCELLED) == Cancelled()
    (tool,) = port.final_tools
    assert tool.status.final
    await wait_left(case, request.worktree)


async def test_cancel_a_silent_agent(case: BackendCase) -> None:
    request = case.request("[[say here it comes]][[hang]]")
    port = RecordingPort(stop=request.stop)
    outcome = await stop_when(case, request, port, said(port, "comes"), StopReason.CANCELLED)
    assert outcome == Cancelled()
    assert port.text.strip() == "here it comes"


@pytest.mark.asks_a_person
async def test_cancel_while_a_permission_is_asked(case: BackendCase) -> None:
    request = case.request(case.permission_prompt)
    port = RecordingPort(stop=request.stop, permission=None)
    asked = port.wait_until(lambda seen: len(seen.permission_requests) == 1)
    assert await stop_when(case, request, port, asked, StopReason.CANCELLED) == Cancelled()
    assert [tool.status for tool in port.final_tools] in ([ToolStatus.CANCELLED], [ToolStatus.FAILED])
    assert not (request.worktree / "asked.txt").exists()


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (StopReason.SHUTDOWN, "host_stopped"),
        (StopReason.SILENT, "agent_silent"),
        (StopReason.LEASE_LOST, "lease_lost"),
    ],
)
async def test_a_stop_reason_gives_the_same_outcome_with_every_backend(
    case: BackendCase, reason: StopReason, code: str
) -> None:
    request = case.request("[[say going]][[hang]]")
    port = RecordingPort(stop=request.stop)
    outcome = await stop_when(case, request, port, said(port, "going"), reason)
    assert isinstance(outcome, TimedOut if reason is StopReason.SILENT else Interrupted)
    assert outcome == stopped(reason)
    assert outcome.error.code == code
    assert outcome.error.text and outcome.error.cure


async def test_stopped_before_it_began(case: BackendCase) -> None:
    request = case.request("[[say never]]")
    request.stop.set(StopReason.CANCELLED)
    port = RecordingPort(stop=request.stop)
    assert await case.run_request(request, port) == Cancelled()


async def test_lost_lease_passes_through_and_stops_the_agent(case: BackendCase) -> None:
    request = case.request(SLEEPING + "[[write late.txt|too late]]", worktree=case.worktree())

    def running_tool(event: AgentEvent) -> bool:
        started = (request.worktree / "started").exists()
        return started or (isinstance(event, ToolCall) and event.status is ToolStatus.RUNNING)

    port = RecordingPort(stop=request.stop, lose_lease_at=running_tool)
    with pytest.raises(LeaseLost):
        await case.run_request(request, port)
    assert port.lease_lost
    await wait_left(case, request.worktree)
    assert not (request.worktree / "late.txt").exists()


async def test_lost_lease_in_the_middle_of_text(case: BackendCase) -> None:
    request = case.request("[[delay 0.01]][[tokens 500]]")
    port = RecordingPort(
        stop=request.stop, lose_lease_at=lambda event: isinstance(event, TextDelta) and "w5 " in event.text
    )
    with pytest.raises(LeaseLost):
        await case.run_request(request, port)
    assert "w5 " not in port.text


async def test_task_cancellation_passes_through(case: BackendCase) -> None:
    request = case.request(SLEEPING, worktree=case.worktree())
    port = RecordingPort(stop=request.stop)
    async with case.running(request, port) as turn:
        await wait_started(request.worktree)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
    await wait_left(case, request.worktree)
    _, outcome = await case.run("[[say fine]]")
    assert outcome == Completed()


async def test_death_of_the_agent_is_a_named_failure(case: BackendCase) -> None:
    request = case.request(case.crash_prompt)
    port = RecordingPort(stop=request.stop)
    async with case.running(request, port) as turn:
        await port.wait_until(lambda seen: "before" in seen.text)
        await case.kill_agent()
        outcome = await turn
    assert isinstance(outcome, Failed)
    assert outcome.error.code == case.death_code
    assert outcome.error.text and outcome.error.cure
    after, outcome = await case.run("[[say alive again]]")
    assert (after.text, outcome) == ("alive again", Completed())


async def test_stop_ends_turns_and_leaves_no_process(case: BackendCase) -> None:
    request = case.request(SLEEPING, worktree=case.worktree())
    port = RecordingPort(stop=request.stop)
    try:
        async with case.running(request, port) as turn:
            await wait_started(request.worktree)
            await case.backend.stop()
            outcome = await turn
        await case.backend.stop()
    finally:
        await case.restart()
    assert isinstance(outcome, (Interrupted, Failed))
    await wait_left(case, request.worktree)
    _, outcome = await case.run("[[say fine]]")
    assert outcome == Completed()


async def test_stop_before_start(case: BackendCase) -> None:
    backend = await case.make()
    await backend.stop()
    await backend.stop()
    assert (await case.backend.probe()).name == case.name
