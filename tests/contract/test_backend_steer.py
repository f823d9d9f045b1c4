"""What every backend does with a person's message for its running turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.events.agent_event import TextDelta, ToolCall
from boocoder.model.ids import SteerId, new_id
from boocoder.model.steer import SteerResult
from boocoder.model.turn import Cancelled, Completed, StopReason, TurnRequest
from tests.contract.case import BackendCase
from tests.contract.port import RecordingPort
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAITS = "[[say one]][[bash until [ -e go ]; do sleep 0.05; done]][[say three]]"
DURING_A_TOOL = frozenset({"acp", "opencode"})
"""Backends whose agents take a message while a tool runs; the built-in ones take it when the tool has ended."""


class Message:
    """Implements SteerMessage.

    Args:
        text: the words.
        withdrawn: whether it may not be sent any more.
    """

    def __init__(self, text: str, *, withdrawn: bool = False) -> None:
        self.id = SteerId(new_id())
        self.text = text
        self.asked = 0
        self._withdrawn = withdrawn

    async def sending(self) -> bool:
        self.asked += 1
        return not self._withdrawn


def runs_a_tool(port: RecordingPort) -> bool:
    return any(call.status == "running" for call in port.of(ToolCall))


async def steered(
    case: BackendCase, message: Message, worktree: Path
) -> tuple[RecordingPort, SteerResult, TurnRequest]:
    """A turn that gets a message while its tool runs, to its end."""
    request = case.request(WAITS, worktree=worktree)
    port = RecordingPort(stop=request.stop)
    async with case.running(request, port) as turn, asyncio.timeout(PATIENCE_S):
        await port.wait_until(runs_a_tool)
        steering = asyncio.create_task(case.backend.steer(request, message))
        if case.name in DURING_A_TOOL:
            await steering
        else:
            await asyncio.sleep(0)
        (worktree / "go").touch()
        assert await turn == Completed()
        return port, await steering, request


async def test_a_message_reaches_the_running_turn(case: BackendCase) -> None:
    takes = (await case.backend.probe()).steering
    message = Message("[[say steered]]")
    port, result, _ = await steered(case, message, case.worktree())
    if not takes:
        assert (result, message.asked) == (SteerResult.REFUSED, 0)
        assert "three" in port.text and "steered" not in port.text
        return
    assert (result, message.asked) == (SteerResult.CONFIRMED, 1)
    assert port.text.count("steered") == 1
    parts = {word: {delta.part for delta in port.of(TextDelta) if word in delta.text} for word in ("one", "steered")}
    assert not parts["one"] & parts["steered"]


async def test_the_conversation_goes_on_with_the_message(case: BackendCase) -> None:
    if not (await case.backend.probe()).steering:
        return
    worktree = case.worktree()
    port, _, first = await steered(case, Message("[[say plum]]"), worktree)
    request = case.request("[[recall]]", worktree=worktree, agent_session=port.agent_session)
    again = RecordingPort(stop=request.stop)
    assert await case.run_request(request, again) == Completed()
    assert "plum" in again.text
    assert first.task_id != request.task_id


async def test_a_withdrawn_message_is_not_sent(case: BackendCase) -> None:
    message = Message("[[say steered]]", withdrawn=True)
    port, result, _ = await steered(case, message, case.worktree())
    assert result is SteerResult.REFUSED
    assert "three" in port.text and "steered" not in port.text


async def test_after_the_turn_nothing_is_sent(case: BackendCase) -> None:
    message = Message("[[say steered]]")
    request = case.request("[[say one]]")
    assert await case.run_request(request, RecordingPort(stop=request.stop)) == Completed()
    assert (await case.backend.steer(request, message), message.asked) == (SteerResult.REFUSED, 0)


async def test_a_stop_leaves_no_message_waiting(case: BackendCase) -> None:
    request = case.request("[[say one]][[hang]]")
    port = RecordingPort(stop=request.stop)
    async with case.running(request, port) as turn, asyncio.timeout(PATIENCE_S):
        await port.wait_until(lambda port: "one" in port.text)
        steering = asyncio.create_task(case.backend.steer(request, Message("[[say steered]]")))
        await asyncio.sleep(0)
        request.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        assert await steering in SteerResult
