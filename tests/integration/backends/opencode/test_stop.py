"""Turns of the real opencode that are stopped in the middle, for every reason and in every phase."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import psutil
import pytest

from boocoder.errors import LeaseLost
from boocoder.events.agent_event import AgentEvent, PromptSending, TextDelta, ToolCall, ToolStatus
from boocoder.model.turn import (
    Cancelled,
    Completed,
    Interrupted,
    Outcome,
    StopReason,
    TimedOut,
    TurnRequest,
)
from boocoder.scripted_model.request_log import RequestState
from tests.contract.port import RecordingPort
from tests.fixtures.opencode import OpenCodeDesk
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]

SLOW = "[[delay 0.05]] [[tokens 400]]"


async def stopped(
    desk: OpenCodeDesk, request: TurnRequest, port: RecordingPort, ready: Awaitable[object], reason: StopReason
) -> Outcome:
    """Run a turn and stop it when it is ready; one that goes on is a failure."""
    turn = asyncio.create_task(desk.backend.run_turn(request, port))
    try:
        await ready
        request.stop.set(reason)
        return await asyncio.wait_for(turn, PATIENCE_S)
    finally:
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)


def started(port: RecordingPort, name: str) -> Awaitable[None]:
    """A tool of this name runs."""
    return port.wait_until(
        lambda p: any(call.name == name and call.status is ToolStatus.RUNNING for call in p.of(ToolCall))
    )


async def gone(pid: int) -> None:
    """Wait until a process has ended.

    Raises:
        TimeoutError: it still runs after 10 s.
    """
    async with asyncio.timeout(60):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


async def test_cancel_in_mid_text_keeps_it_and_the_next_prompt_is_answered(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    session = None
    for number in range(5):
        request = opencode.request(SLOW, worktree, agent_session=session)
        port = RecordingPort(stop=request.stop)
        ready = port.wait_until(lambda p: len(p.of(TextDelta)) >= 5)
        assert await stopped(opencode, request, port, ready, StopReason.CANCELLED) == Cancelled()
        words = port.text.split()
        assert words[:5] == ["w0", "w1", "w2", "w3", "w4"]
        assert words == [f"w{n}" for n in range(len(words))]
        session = port.agent_session
        after, outcome = await opencode.run(f"[[say next {number}]]", worktree, agent_session=session)
        assert (outcome, after.text) == (Completed(), f"next {number}")
        assert after.opened.native_id == port.opened.native_id


async def test_cancel_in_mid_command_ends_the_command(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    request = opencode.request("[[bash echo $$ > pid; echo begun; sleep 300]] [[say never]]", worktree)
    port = RecordingPort(stop=request.stop)
    ready = port.wait_until(lambda p: any("begun" in call.output for call in p.of(ToolCall)))
    assert await stopped(opencode, request, port, ready, StopReason.CANCELLED) == Cancelled()
    assert port.final_tools[0].status.final
    assert port.text == ""
    await gone(int((worktree / "pid").read_text()))
    after, outcome = await opencode.run("[[say next]]", worktree, agent_session=port.agent_session)
    assert (outcome, after.text) == (Completed(), "next")


async def test_cancel_while_a_permission_is_open(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    request = opencode.request("[[read /etc/hostname]] [[say never]]", worktree)
    port = RecordingPort(stop=request.stop, permission=None)
    ready = port.wait_until(lambda p: len(p.permission_requests) == 1)
    assert await stopped(opencode, request, port, ready, StopReason.CANCELLED) == Cancelled()
    assert port.final_tools[0].status in (ToolStatus.FAILED, ToolStatus.CANCELLED)
    after, outcome = await opencode.run("[[say next]]", worktree, agent_session=port.agent_session)
    assert (outcome, after.text) == (Completed(), "next")
    assert after.permission_requests == [], "a request that an abort left behind is nobody's"


async def test_shutdown_interrupts(opencode: OpenCodeDesk) -> None:
    request = opencode.request(SLOW, opencode.shared)
    port = RecordingPort(stop=request.stop)
    ready = port.wait_until(lambda p: len(p.of(TextDelta)) >= 3)
    outcome = await stopped(opencode, request, port, ready, StopReason.SHUTDOWN)
    assert isinstance(outcome, Interrupted)


async def test_a_silent_model_is_still_worked_on_until_the_watchdog_ends_it(opencode: OpenCodeDesk) -> None:
    worktree = opencode.shared
    request = opencode.request("[[say words]] [[hang]]", worktree)
    port = RecordingPort(stop=request.stop)
    turn = asyncio.create_task(opencode.backend.run_turn(request, port))
    await port.wait_until(lambda p: p.text == "words")
    assert await opencode.backend.reconcile(request, port), "opencode's own store says that it is busy"
    request.stop.set(StopReason.SILENT)
    outcome = await asyncio.wait_for(turn, PATIENCE_S)
    assert isinstance(outcome, TimedOut)
    assert port.text == "words"
    assert not await opencode.backend.reconcile(request, port), "nobody works on a turn that is over"


async def test_a_lost_lease_passes_through_and_stops_the_agent(opencode: OpenCodeDesk) -> None:
    def third_word(event: AgentEvent) -> bool:
        return isinstance(event, TextDelta) and event.text.startswith("w3")

    request = opencode.request(f"{SLOW} lease-lost", opencode.shared)
    port = RecordingPort(stop=request.stop, lose_lease_at=third_word)
    with pytest.raises(LeaseLost):
        await opencode.backend.run_turn(request, port)
    call = await opencode.model.wait_request("lease-lost")
    assert await opencode.model.wait_settled(call) is RequestState.GONE


async def test_a_cancelled_task_stops_the_agent(opencode: OpenCodeDesk) -> None:
    request = opencode.request(f"{SLOW} task-cancelled", opencode.shared)
    port = RecordingPort(stop=request.stop)
    turn = asyncio.create_task(opencode.backend.run_turn(request, port))
    await port.wait_until(lambda p: len(p.of(TextDelta)) >= 3)
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    call = await opencode.model.wait_request("task-cancelled")
    assert await opencode.model.wait_settled(call) is RequestState.GONE


async def test_a_stop_before_the_prompt_sends_nothing(opencode: OpenCodeDesk) -> None:
    request = opencode.request("[[say never]] stopped-before", opencode.shared)
    request.stop.set(StopReason.CANCELLED)
    port = RecordingPort(stop=request.stop)
    assert await opencode.backend.run_turn(request, port) == Cancelled()
    assert PromptSending() not in port.events
    assert not any(b"stopped-before" in call.body for call in opencode.model.requests)
