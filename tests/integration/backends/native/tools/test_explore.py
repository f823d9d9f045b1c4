"""A helper of the native agent: its context is its own, it only reads, and its end does not end the turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.loop.exploration import STEPS_MAX
from boocoder.events.agent_event import ToolCall, ToolKind, ToolStatus
from boocoder.model.turn import Completed, Failed, StopReason
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, Reply, calling, delta, saying
from tests.fakes.native_turn import QUICK, backend_for, request_in, run

SECRET_LINE = "the port is 4711"
EXPLORE = calling(("explore", {"question": "Which port?"}))


def worktree(directory: Path) -> Path:
    (directory / "work").mkdir()
    (directory / "work" / "config.txt").write_text(f"{SECRET_LINE}\n")
    return directory / "work"


def tools_of(body: dict[str, Any]) -> list[str]:
    return [tool["function"]["name"] for tool in body["tools"]]


async def test_only_the_answer_of_a_helper_comes_back(tmp_path: Path) -> None:
    worktree(tmp_path)
    search = calling(("search", {"pattern": "port"}), text="Let me see.")
    async with NativeModel(EXPLORE, search, saying("4711, in config.txt:1"), saying("Done.")) as model:
        port, outcome = await run(model, tmp_path, prompt="what is the port?")
    assert outcome == Completed() and port.text == "Done."
    asked, first, second, last = model.bodies
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert first["messages"][1]["content"] == "Which port?"
    assert tools_of(first) == ["read", "list", "search"] and "explore" in tools_of(asked)
    assert SECRET_LINE in str(second["messages"]), "the helper sees what it found"
    assert SECRET_LINE not in str(last["messages"]) and last["messages"][-1]["content"] == "4711, in config.txt:1"
    explore, nested = sorted(port.final_tools, key=lambda call: call.parent)
    assert (explore.kind, explore.title, explore.status) == (ToolKind.AGENT, "Which port?", ToolStatus.COMPLETED)
    assert (nested.name, nested.parent) == ("search", explore.part)
    assert port.usage.input_tokens == 100 * 2, "every call that the server counted"


async def test_a_helper_changes_nothing_and_has_no_helper(tmp_path: Path) -> None:
    root = worktree(tmp_path)
    forbidden = calling(
        ("write", {"path": "new", "content": "x"}), ("explore", {"question": "?"}), ("shell", {"command": "touch new"})
    )
    async with NativeModel(EXPLORE, forbidden, saying("no"), saying("Done.")) as model:
        port, outcome = await run(model, tmp_path, mode="yolo")
    assert outcome == Completed() and not (root / "new").exists()
    refused = [message["content"] for message in model.bodies[2]["messages"] if message["role"] == "tool"]
    assert len(refused) == 3 and all("not allowed in the mode explore" in text for text in refused)
    assert [call.status for call in port.final_tools if call.parent] == [ToolStatus.FAILED] * 3


async def test_a_helper_that_goes_round_in_circles_ends_and_the_turn_goes_on(tmp_path: Path) -> None:
    worktree(tmp_path)
    circle = [calling(("list", {}))] * 5
    async with NativeModel(EXPLORE, *circle, saying("I look by myself.")) as model:
        port, outcome = await run(model, tmp_path)
        assert len(model.bodies) == 7
    assert outcome == Completed()
    assert "The helper found no answer: The model made the same tool call 5 times" in port.final_tools[0].output


async def test_a_helper_has_a_limit_of_steps(tmp_path: Path) -> None:
    worktree(tmp_path)
    endless = [calling(("search", {"pattern": f"p{number}"})) for number in range(STEPS_MAX)]
    async with NativeModel(EXPLORE, *endless, saying("so be it")) as model:
        port, outcome = await run(model, tmp_path, NativeLimits(max_steps=3))
        assert len(model.bodies) == STEPS_MAX + 2
    assert outcome == Completed() and f"{STEPS_MAX} places" in port.final_tools[0].output


async def test_a_model_server_that_fails_fails_the_turn(tmp_path: Path) -> None:
    worktree(tmp_path)
    cut = Reply([delta(content="half an ans")], end=False)
    async with NativeModel(EXPLORE, cut) as model:
        _, outcome = await run(model, tmp_path, NativeLimits(retries=0))
    assert isinstance(outcome, Failed) and outcome.error.code == "model_stream_cut"


async def test_a_stop_ends_the_helper_with_its_calls(tmp_path: Path) -> None:
    worktree(tmp_path)
    async with NativeModel(EXPLORE, calling(("list", {})), Reply([delta(content="hm")], hold=True)) as model:
        backend = backend_for(model, tmp_path, QUICK)
        request = request_in(tmp_path)
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(backend.run_turn(request, port))
        await port.wait_until(lambda _: len(model.bodies) == 3)
        request.stop.set(StopReason.CANCELLED)
        async with asyncio.timeout(30):
            await turn
            await model.gone.wait()
        await backend.stop()
    last = {event.part: event for event in port.events if isinstance(event, ToolCall)}
    assert [call.status for call in last.values()] == [ToolStatus.CANCELLED, ToolStatus.COMPLETED]
