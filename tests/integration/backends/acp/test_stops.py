"""How the ACP backend stops an agent: obedient, deaf, dying, asking once more; and what a stop finds at each stage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from boocoder.errors import LeaseLost
from boocoder.events.agent_event import Notice, TextDelta, ToolStatus
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, StopReason, TimedOut
from tests.contract.port import RecordingPort
from tests.fakes.acp.harness import LIMITED, SETTINGS, AcpHarness, desk, fake_agent

HANGING = "[[say begun]][[hang]]"


async def stop_once(
    acp: AcpHarness,
    prompt: str,
    ready: Callable[[RecordingPort], bool],
    reason: StopReason = StopReason.CANCELLED,
    permission: bool = True,
) -> tuple[RecordingPort, Outcome, float]:
    """Run a turn, stop it when it is ready; port, outcome and the seconds that the stop took."""
    request = acp.request(prompt)
    port = RecordingPort(stop=request.stop, **({} if permission else {"permission": None}))
    turn = asyncio.create_task(acp.run_request(request, port))
    await port.wait_until(ready)
    request.stop.set(reason)
    asked_at = time.monotonic()
    outcome = await turn
    return port, outcome, time.monotonic() - asked_at


def begun(port: RecordingPort) -> bool:
    """The agent has said its first words."""
    return "begun" in port.text


async def next_turn_works(acp: AcpHarness, port: RecordingPort) -> None:
    """The conversation goes on in the same worktree."""
    after, outcome = await acp.run("[[say fine]]", agent_session=port.agent_session)
    assert (after.text, outcome) == ("fine", Completed())


async def test_an_obedient_agent_stays_warm(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, outcome, _ = await stop_once(acp, HANGING, begun)
        assert outcome == Cancelled()
        assert [process.usable for process in acp.backend.pool.processes()] == [True]
        assert not port.of(Notice)


@pytest.mark.parametrize("prompt", [HANGING, "[[say begun]][[stubborn]]"])
async def test_a_deaf_agent_is_killed_after_its_grace(tmp_path: Path, prompt: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "cancel-ignored")) as acp:
        port, outcome, took_s = await stop_once(acp, prompt, begun)
        assert outcome == Cancelled()
        assert took_s >= LIMITED["cancel-ignored"].cancel_grace_s
        assert [notice.code for notice in port.of(Notice)] == ["agent_killed"]
        await acp.wait_gone()


async def test_an_agent_that_dies_of_the_cancel(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "cancel-dies")) as acp:
        _, outcome, _ = await stop_once(acp, HANGING, begun)
        assert outcome == Cancelled()
        await acp.wait_gone()


async def test_an_error_instead_of_cancelled_costs_the_process(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "cancel-error")) as acp:
        request = acp.request("[[say never]]")
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(acp.run_request(request, port))
        await port.wait_until(lambda seen: len(seen.events) >= 2)
        await asyncio.wait({turn}, timeout=0.3)
        request.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        await acp.wait_gone()


async def test_what_a_tool_left_running_costs_the_process(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "cancel-leaves-child")) as acp:
        port, outcome, _ = await stop_once(acp, "[[bash sleep 60]]", lambda seen: len(seen.tools) == 1)
        assert outcome == Cancelled()
        assert port.final_tools[0].status is ToolStatus.CANCELLED
        await acp.wait_gone()


async def test_a_permission_after_the_cancel_is_answered_as_cancelled(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "permission-after-cancel")) as acp:
        port, outcome, _ = await stop_once(acp, HANGING, begun)
        assert outcome == Cancelled()
        assert port.permission_requests == []


async def test_an_open_permission_is_answered_before_the_cancel(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, outcome, _ = await stop_once(
            acp, "[[permission bash|touch x]]", lambda seen: len(seen.permission_requests) == 1, permission=False
        )
        assert outcome == Cancelled()
        assert port.final_tools[0].status in (ToolStatus.CANCELLED, ToolStatus.FAILED)
        await next_turn_works(acp, port)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [(StopReason.SHUTDOWN, Interrupted), (StopReason.SILENT, TimedOut), (StopReason.LEASE_LOST, Interrupted)],
)
async def test_reasons_have_outcomes_of_their_own(tmp_path: Path, reason: StopReason, kind: type[Outcome]) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        _, outcome, _ = await stop_once(acp, HANGING, begun, reason)
        assert isinstance(outcome, kind)


@pytest.mark.parametrize("fault", ["no-initialize-answer", "new-hangs"])
async def test_stopped_while_the_agent_starts(tmp_path: Path, fault: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, fault), SETTINGS) as acp:
        request = acp.request("[[say never]]")
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(acp.run_request(request, port))
        await asyncio.wait({turn}, timeout=0.5)
        request.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        assert port.events == []


async def test_a_silent_agent_is_asked_and_then_timed_out(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "prompt-silence")) as acp:
        request = acp.request("[[say never]]")
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(acp.run_request(request, port))
        await port.wait_until(lambda seen: len(seen.events) >= 2)
        assert await acp.backend.reconcile(request, port)
        request.stop.set(StopReason.SILENT)
        assert isinstance(await turn, TimedOut)
        assert not await acp.backend.reconcile(request, port)
        await acp.wait_gone()


async def test_an_agent_that_does_not_read_is_no_reason_to_wait(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, "stops-reading")) as acp:
        _, outcome = await acp.run("x" * 500_000)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == "agent_died"
        assert "took no input" in outcome.error.text
        await acp.wait_gone()


async def test_a_lost_lease_ends_the_process_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        request = acp.request("[[delay 0.01]][[tokens 500]]")
        port = RecordingPort(stop=request.stop, lose_lease_at=lambda event: isinstance(event, TextDelta))
        with pytest.raises(LeaseLost):
            await acp.run_request(request, port)
        await acp.wait_gone()


async def test_a_hundred_cancels_at_any_moment(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run("[[say hi]]", worktree=worktree)
        session = first.agent_session
        for number in range(100):
            request = acp.request("[[delay 0.001]][[tokens 40]]", worktree=worktree, agent_session=session)
            port = RecordingPort(stop=request.stop)
            asyncio.get_running_loop().call_later(number * 0.0015, request.stop.set, StopReason.CANCELLED)
            outcome = await acp.run_request(request, port)
            assert outcome in (Cancelled(), Completed())
            assert "".join(f"w{n} " for n in range(40)).startswith(port.text)
            session = port.agent_session if port.events else session
        assert len(acp.backend.pool.processes()) == 1
