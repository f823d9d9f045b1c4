"""What a person sees while the model still writes, and streams that break, stutter or wait."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.model import call_preview
from boocoder.events.agent_event import AgentEvent, Notice, Progress, ToolCall, ToolStatus, Usage
from boocoder.model.turn import Completed, Failed
from tests.contract.port import RecordingPort
from tests.fakes.native_model import DONE, NativeModel, Reply, calling, delta, event, refusing, saying
from tests.fakes.native_turn import QUICK, backend_for, notices, request_in, run

CONTENT = "".join(f"line {number} of the file\n" for number in range(40))


def call_piece(arguments: str, *, name: str | None = None) -> bytes:
    head = {"id": "w1", "type": "function"} if name else {}
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return delta(tool_calls=[{"index": 0, **head, "function": function}])


def write_in_pieces(finish: str = "tool_calls", *, keep: float = 1.0) -> list[bytes]:
    """A call of write, one event for each four characters; `keep` is the share that comes before the end."""
    text = json.dumps({"path": "new.txt", "content": CONTENT})
    text = text[: int(len(text) * keep)]
    pieces = [call_piece(text[at : at + 4]) for at in range(0, len(text), 4)]
    return [call_piece("", name="write"), *pieces, delta(finish), DONE]


class PacedPort(RecordingPort):
    """Wakes waiters for the next state of a call."""

    def __init__(self, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.shown = asyncio.Event()

    async def emit(self, event: AgentEvent) -> None:
        await super().emit(event)
        if isinstance(event, ToolCall):
            self.shown.set()


async def test_a_call_is_seen_growing_path_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_EVERY_S", "EVERY_S", "AT_LEAST_EVERY_S", "GROWTH"):
        monkeypatch.setattr(call_preview, name, 0.0)
    async with NativeModel(Reply(write_in_pieces()), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
    assert outcome == Completed()
    states = [call for call in port.of(ToolCall) if call.part == "tool-1"]
    growing = [call for call in states if call.status is ToolStatus.PENDING and call.diffs]
    assert len(growing) > 50
    assert {call.diffs[0].path for call in growing[3:]} == {"new.txt"}
    assert next(call.title for call in states if call.title != "write").startswith("n"), "the path comes first"
    texts = [call.diffs[0].new_text for call in growing]
    assert all(CONTENT.startswith(text) for text in texts) and texts == sorted(texts, key=len)
    assert [call.status for call in states][-1] is ToolStatus.COMPLETED
    assert len({call.part for call in port.of(ToolCall)}) == 1
    assert (tmp_path / "work" / "new.txt").read_text() == CONTENT


async def test_a_growing_call_is_not_reported_with_every_token(tmp_path: Path) -> None:
    async with NativeModel(Reply(write_in_pieces()), saying("done")) as model:
        begun = time.monotonic()
        port, _ = await run(model, tmp_path)
        took_s = time.monotonic() - begun
    assert len(port.of(ToolCall)) <= 4 + took_s / call_preview.FIRST_EVERY_S


async def test_a_call_written_as_text_is_seen_growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_EVERY_S", "EVERY_S", "AT_LEAST_EVERY_S", "GROWTH"):
        monkeypatch.setattr(call_preview, name, 0.0)
    text = (
        f"<tool_call>{json.dumps({'name': 'write', 'arguments': {'path': 'new.txt', 'content': CONTENT}})}</tool_call>"
    )
    pieces = [delta(content=text[at : at + 5]) for at in range(0, len(text), 5)]
    async with NativeModel(Reply([*pieces, delta("stop"), DONE]), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
    assert outcome == Completed() and port.text == "done"
    assert len([call for call in port.of(ToolCall) if call.status is ToolStatus.PENDING and call.diffs]) > 20
    assert (tmp_path / "work" / "new.txt").read_text() == CONTENT


@pytest.mark.parametrize("finish", ["tool_calls", "stop", "length"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
async def test_half_a_call_writes_no_half_file(tmp_path: Path, finish: str, keep: float) -> None:
    async with NativeModel(Reply(write_in_pieces(finish, keep=keep)), saying("I see")) as model:
        port, outcome = await run(model, tmp_path)
        told = model.bodies[1]["messages"][-1]["content"]
    assert outcome == Completed()
    assert not (tmp_path / "work" / "new.txt").exists()
    assert "Send it again" in told or "needs" in told
    assert [call.status for call in port.final_tools] == [ToolStatus.FAILED]


@pytest.mark.parametrize(
    "written",
    [
        '<tool_call>{"name": "write", "arguments": {"path": "new.txt", "content": "half a fi',
        "<function=write><parameter=path>new.txt</parameter><parameter=content>half a fi",
        '<invoke name="write"><parameter name="path">new.txt</parameter><parameter name="content">half a fi',
        "<tool_call>write<arg_key>path</arg_key><arg_value>new.txt</arg_value><arg_key>content</arg_key><arg_value>hal",
        '<|channel|>commentary to=functions.write<|message|>{"path": "new.txt", "content": "half a fi',
    ],
)
async def test_half_a_call_written_as_text_is_not_made(tmp_path: Path, written: str) -> None:
    async with NativeModel(saying(written), saying("I see")) as model:
        await run(model, tmp_path)
    assert not (tmp_path / "work" / "new.txt").exists()


async def test_equal_calls_in_one_answer_are_made_once_and_the_stream_is_left(tmp_path: Path) -> None:
    same = [("shell", {"command": "echo x >> log"})] * 32
    async with NativeModel(calling(*same), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
        results = [message["content"] for message in model.bodies[1]["messages"] if message["role"] == "tool"]
    assert outcome == Completed()
    assert (tmp_path / "work" / "log").read_text() == "x\n"
    assert len(results) == 3 and "made once" in results[1]
    assert port.of(Usage)[0].output_tokens > 0, "the answer that was left is counted about"
    assert all(call.status.final for call in port.final_tools)


async def test_text_without_end_ends_with_a_name(tmp_path: Path) -> None:
    async with NativeModel(Reply([delta(content="x ") for _ in range(5_000)])) as model:
        port, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Failed) and outcome.error.code == "model_loop" and outcome.error.cure
    assert len(port.text) < 3_000


REAL_ERROR = event(
    error={"code": 500, "message": "The model produced output that does not match the expected peg-native format"}
)


async def test_an_error_in_the_stream_is_tried_again_as_long_as_nothing_was_said(tmp_path: Path) -> None:
    async with NativeModel(Reply([REAL_ERROR]), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
    assert outcome == Completed() and notices(port) == ["model_retry"]
    (notice,) = port.of(Notice)
    assert "peg-native" in notice.text and ".." not in notice.text


async def test_an_overflow_in_the_stream_makes_the_conversation_smaller(tmp_path: Path) -> None:
    full = event(error={"code": 400, "message": "request exceeds the available context size", "n_ctx": 4096})
    async with NativeModel(Reply([full]), saying("done")) as model:
        _, outcome = await run(model, tmp_path)
        assert model.bodies[1]["max_tokens"] <= 4096 // 4
    assert outcome == Completed()


async def test_a_call_that_breaks_off_is_ended_and_made_anew(tmp_path: Path) -> None:
    broken = Reply([*write_in_pieces(keep=0.5)[:-2], REAL_ERROR])
    async with NativeModel(broken, Reply(write_in_pieces()), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
    assert outcome == Completed()
    assert [call.status for call in port.final_tools] == [ToolStatus.CANCELLED, ToolStatus.COMPLETED]
    assert port.usage.output_tokens > 0, "what the broken answer took is counted"


async def test_half_a_character_in_each_of_two_events(tmp_path: Path) -> None:
    def raw(text: str) -> bytes:
        return b'data: {"choices": [{"delta": {"content": "%b"}}]}\n\n' % text.encode()

    pieces = [raw("a \\ud83d"), raw("\\ude00 b"), delta("stop"), DONE]
    async with NativeModel(Reply(pieces)) as model:
        port, outcome = await run(model, tmp_path)
    assert (port.text, outcome) == ("a \U0001f600 b", Completed())


@pytest.mark.parametrize(
    "odd",
    [
        {"usage": "many"},
        {"usage": {"prompt_tokens": "12", "completion_tokens": 3.0}},
        {"prompt_progress": [1]},
        {"timings": {"predicted_per_second": "fast"}},
        {"error": None},
        {"error": {}},
        {"error": ""},
    ],
)
async def test_fields_of_the_wrong_type_break_no_answer(tmp_path: Path, odd: dict[str, object]) -> None:
    async with NativeModel(Reply([event(choices=[{"delta": {"content": "x"}}], **odd), delta("stop"), DONE])) as model:
        port, outcome = await run(model, tmp_path)
    assert (port.text, outcome) == ("x", Completed())


async def test_thinking_without_an_opening_tag_is_learnt(tmp_path: Path) -> None:
    answer = saying("I think</think>", "It is done")
    async with NativeModel(answer, answer) as model:
        backend = backend_for(model, tmp_path)
        ports = []
        for _ in range(2):
            request = request_in(tmp_path)
            port = RecordingPort(stop=request.stop)
            assert await backend.run_turn(request, port) == Completed()
            ports.append(port)
        await backend.stop()
    assert ports[1].text == "It is done" and ports[1].reasoning == "I think"
    assert "</think>" not in ports[0].text


async def test_a_server_that_loads_is_waited_for_and_shown(tmp_path: Path) -> None:
    loading = refusing(503, "Loading model")
    async with NativeModel(*[loading] * 3, saying("done")) as model:
        port, outcome = await run(model, tmp_path, NativeLimits(retries=0))
    assert outcome == Completed() and not notices(port)
    assert "loading the model" in "".join(progress.text for progress in port.of(Progress))


async def test_a_server_that_loads_for_ever_is_given_up(tmp_path: Path) -> None:
    async with NativeModel(refusing(503, "Loading model")) as model:
        _, outcome = await run(model, tmp_path, NativeLimits(retries=0, load_timeout_s=0.0))
    assert isinstance(outcome, Failed) and "Loading model" in outcome.error.text


async def test_the_reading_of_the_prompt_is_shown(tmp_path: Path) -> None:
    progress = [event(choices=[], prompt_progress={"total": 1500, "cache": 500, "processed": n}) for n in (500, 930)]
    async with NativeModel(Reply([*progress, *saying("x").body])) as model:
        port, _ = await run(model, tmp_path)
    assert [one.text for one in port.of(Progress)] == ["Reading the prompt, 0 %", "Reading the prompt, 43 %"]


async def test_retry_after_is_obeyed_in_both_its_forms(tmp_path: Path) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    async with NativeModel(refusing(429, retry_after=when), saying("done")) as model:
        begun = time.monotonic()
        port, outcome = await run(model, tmp_path, QUICK)
        assert time.monotonic() - begun >= 0.8
    assert outcome == Completed() and notices(port) == ["model_retry"]
    async with NativeModel(refusing(429, retry_after="3600"), saying("done")) as model:
        _, outcome = await run(model, tmp_path, QUICK)
        assert len(model.bodies) == 1
    assert isinstance(outcome, Failed) and "429" in outcome.error.text


@pytest.mark.parametrize("mode", ["plan", "read-only"])
async def test_a_mode_that_only_reads_changes_nothing(tmp_path: Path, mode: str) -> None:
    calls = calling(
        ("write", {"path": "a", "content": "x"}), ("shell", {"command": "touch b"}), ("list", {"path": "."})
    )
    async with NativeModel(calls, saying("a plan")) as model:
        port, outcome = await run(model, tmp_path, mode=mode)
        offered = {tool["function"]["name"] for tool in model.bodies[0]["tools"]}
    assert outcome == Completed() and offered.isdisjoint({"write", "edit", "shell"})
    assert [call.status for call in port.final_tools] == [ToolStatus.FAILED, ToolStatus.FAILED, ToolStatus.COMPLETED]
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize(("field", "code"), [("mode", "agent_mode_unknown"), ("thinking", "agent_thinking_unknown")])
async def test_an_unknown_mode_or_thinking_level_is_refused(tmp_path: Path, field: str, code: str) -> None:
    wanted: dict[str, Any] = {field: "turbo"}
    async with NativeModel(saying("x")) as model:
        _, outcome = await run(model, tmp_path, **wanted)
        assert not model.bodies
    assert isinstance(outcome, Failed) and outcome.error.code == code
