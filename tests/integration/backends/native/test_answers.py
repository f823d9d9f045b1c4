"""The native agent against answers that are odd, empty, cut off or go in circles."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.backends.native.limits import NativeLimits
from boocoder.errors import BoocoderError
from boocoder.events.agent_event import Progress, ToolCall, ToolStatus
from boocoder.model.turn import AgentSessionRef, Completed, Failed, StopReason
from tests.contract.port import RecordingPort
from tests.fakes.native_model import DONE, NativeModel, Reply, calling, delta, event, refusing, saying
from tests.fakes.native_turn import SlowPerson, backend_for, notices, request_in, run


async def test_an_answer_that_is_not_streamed(tmp_path: Path) -> None:
    whole = (
        b'{"choices": [{"message": {"content": "all at once"}, "finish_reason": "stop"}], '
        b'"usage": {"prompt_tokens": 7}}'
    )
    async with NativeModel(Reply([whole], kind="application/json")) as model:
        port, outcome = await run(model, tmp_path)
    assert (port.text, outcome, port.usage.input_tokens) == ("all at once", Completed(), 7)


async def test_odd_streams_are_understood(tmp_path: Path) -> None:
    pieces = [
        b": a comment\n\n",
        event(choices=[]),
        event(prompt_progress={"total": 10, "processed": 5}, choices=[]),
        delta(reasoning="think "),
        delta(reasoning_content="more"),
        delta(content=[{"type": "text", "text": "list "}]),
        b'data: {"choices": [{"delta": {"content": "half \\ud83d"}}]}\r\n\r\n',
        delta(content="\U0001f600"),
        delta("stop", content=None),
        event(
            choices=[],
            usage={"prompt_tokens": 50, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 20}},
        ),
    ]
    async with NativeModel(Reply([b"".join(pieces)])) as model:
        port, outcome = await run(model, tmp_path)
    assert (outcome, port.text, port.reasoning) == (Completed(), "list half \ufffd\U0001f600", "think more")
    assert (port.usage.input_tokens, port.usage.cache_read_tokens, port.usage.context_tokens) == (30, 20, 59)
    assert port.of(Progress)


@pytest.mark.parametrize("with_index", ["right", "zero", "none"])
async def test_calls_in_pieces_however_they_are_numbered(tmp_path: Path, with_index: str) -> None:
    (tmp_path / "work").mkdir()
    for name in ("a", "b"):
        (tmp_path / "work" / name).write_text(f"in {name}")
    pieces = []
    for number, name in enumerate("ab"):
        index = {"right": {"index": number}, "zero": {"index": 0}, "none": {}}[with_index]
        head = {"id": f"x{name}", "function": {"name": "read", "arguments": ""}}
        pieces.append(delta(tool_calls=[index | head]))
        pieces += [
            delta(tool_calls=[index | {"function": {"arguments": part}}]) for part in ('{"path"', f': "{name}"}}')
        ]
    async with NativeModel(Reply([*pieces, delta("tool_calls"), DONE]), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
    assert outcome == Completed()
    assert [tool.output for tool in port.final_tools] == ["in a", "in b"]


async def test_an_empty_answer_is_asked_for_once_more(tmp_path: Path) -> None:
    async with NativeModel(calling(("list", {})), saying(""), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
        assert "empty" in model.bodies[2]["messages"][-1]["content"]
        assert model.bodies[2]["messages"][:-1] == model.bodies[1]["messages"]
    assert (port.text, outcome) == ("done", Completed())


async def test_calls_written_as_text_are_made_and_not_shown(tmp_path: Path) -> None:
    written = '<tool_call>\n{"name": "write", "arguments": {"path": "a", "content": "x"}}\n</tool_call>'
    async with NativeModel(saying("I will.\n", *written), saying("done")) as model:
        port, outcome = await run(model, tmp_path)
        roles = [message["role"] for message in model.bodies[1]["messages"]]
        call = model.bodies[1]["messages"][2]["tool_calls"][0]
    assert (outcome, port.text) == (Completed(), "I will.\ndone")
    assert (tmp_path / "work" / "a").read_text() == "x"
    assert roles == ["system", "user", "assistant", "tool"] and len(call["id"]) == 9


async def test_a_call_that_was_cut_off_is_not_made(tmp_path: Path) -> None:
    cut = calling(("write", '{"path": "a", "content": "half a fi'), finish="length")
    async with NativeModel(cut, saying("I see")) as model:
        port, outcome = await run(model, tmp_path)
        assert "in the middle of this call" in model.bodies[1]["messages"][-1]["content"]
    assert outcome == Completed() and not (tmp_path / "work" / "a").exists()
    assert port.final_tools[0].status is ToolStatus.FAILED


async def test_bad_calls_go_back_to_the_model(tmp_path: Path) -> None:
    async with NativeModel(calling(("fly", {}), ("read", "{}")), saying("sorry")) as model:
        port, outcome = await run(model, tmp_path)
        told = [message["content"] for message in model.bodies[1]["messages"] if message["role"] == "tool"]
    assert "no tool 'fly'" in told[0] and "needs path" in told[1]
    assert outcome == Completed() and [tool.status for tool in port.final_tools] == [ToolStatus.FAILED] * 2


async def test_a_model_that_goes_in_circles_is_stopped(tmp_path: Path) -> None:
    async with NativeModel(calling(("list", {}))) as model:
        port, outcome = await run(model, tmp_path)
        assert len(model.bodies) == 5
        assert "Do something else" in model.bodies[-1]["messages"][-1]["content"]
    assert isinstance(outcome, Failed) and outcome.error.code == "model_loop"
    assert len(port.final_tools) == 5


async def test_two_calls_in_turns_are_a_circle_too(tmp_path: Path) -> None:
    async with NativeModel(*[calling(("list", {})), calling(("read", {"path": "x"}))] * 20) as model:
        _, outcome = await run(model, tmp_path)
        assert len(model.bodies) <= 10
    assert isinstance(outcome, Failed) and outcome.error.code == "model_loop"


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (NativeLimits(max_steps=3), "step_limit"),
        (NativeLimits(turn_tokens=250), "token_limit"),
        (NativeLimits(time_limit_s=0.3), "time_limit"),
    ],
)
async def test_limits_of_a_turn(tmp_path: Path, limits: NativeLimits, code: str) -> None:
    def step(number: int) -> Reply:
        call = delta(
            tool_calls=[{"id": f"c{number}", "function": {"name": "shell", "arguments": f"sleep 0.0{number}"}}]
        )
        usage = event(choices=[], usage={"prompt_tokens": 100, "completion_tokens": 1})
        return Reply([call, delta("tool_calls"), usage, DONE])

    async with NativeModel(*[step(number) for number in range(1, 200)]) as model:
        port, outcome = await run(model, tmp_path, limits)
    assert isinstance(outcome, Failed) and outcome.error.code == code
    assert "go on" in outcome.error.cure
    assert all(tool.status.final for tool in port.final_tools)


async def test_the_time_of_a_turn_stands_still_while_a_person_is_asked(tmp_path: Path) -> None:
    async with NativeModel(
        calling(("ask", {"question": "Which?"}), ("read", {"path": "/etc/hostname"})), saying("x")
    ) as model:
        backend = backend_for(model, tmp_path, NativeLimits(time_limit_s=0.5))
        request = request_in(tmp_path)
        port = SlowPerson(stop=request.stop)
        assert await backend.run_turn(request, port) == Completed()
        await backend.stop()
    assert port.waited_s > 0.8


async def test_an_overflow_makes_the_conversation_smaller(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "big").write_text("word " * 4_000)
    overflow = refusing(400, "the request exceeds the available context size, n_ctx = 2048")
    reads = [calling(("read", {"path": "big", "offset": n})) for n in (1, 1, 1)]
    async with NativeModel(*reads, overflow, saying("fits")) as model:
        port, outcome = await run(model, tmp_path)
        sizes = [len(str(body["messages"])) for body in model.bodies]
    assert (port.text, outcome) == ("fits", Completed())
    assert sizes[-1] < sizes[-2] / 2
    assert notices(port) == ["context_trimmed"]


async def test_progress_while_a_model_is_loaded(tmp_path: Path) -> None:
    loaded = asyncio.Event()
    late = saying("at last")
    late.before = loaded
    async with NativeModel(late) as model:
        backend = backend_for(model, tmp_path)
        request = request_in(tmp_path)
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(backend.run_turn(request, port))
        await model.asked.wait()
        assert await backend.reconcile(request, port)
        assert len(port.of(Progress)) == 1
        loaded.set()
        assert await turn == Completed()
        assert not await backend.reconcile(request, port)
        await backend.stop()


async def test_a_hanging_model_is_let_go_at_a_stop(tmp_path: Path) -> None:
    async with NativeModel(Reply([delta(content="so far ```js")], hold=True)) as model:
        backend = backend_for(model, tmp_path)
        request = request_in(tmp_path)
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(backend.run_turn(request, port))
        await port.wait_until(lambda seen: "so far" in seen.text)
        request.stop.set(StopReason.CANCELLED)
        outcome = await turn
        await asyncio.wait_for(model.gone.wait(), 5)
        ref = AgentSessionRef(port.opened.native_id, port.opened.config_hash)
        model.replies = [saying("again")]
        after_request = request_in(tmp_path, agent_session=ref)
        after = RecordingPort(stop=after_request.stop)
        assert await backend.run_turn(after_request, after) == Completed()
        said = [message["content"] for message in model.bodies[-1]["messages"] if message["role"] == "assistant"]
        await backend.stop()
    assert type(outcome).__name__ == "Cancelled" and port.text == "so far ```js"
    assert said == ["so far ```js"]


async def test_errors_of_the_port_pass_through_once(tmp_path: Path) -> None:
    async with NativeModel(calling(("read", {"path": "a"}), ("read", {"path": "b"})), saying("x")) as model:
        backend = backend_for(model, tmp_path)
        request = request_in(tmp_path)
        port = RecordingPort(
            stop=request.stop, lose_lease_at=lambda e: isinstance(e, ToolCall) and e.status is ToolStatus.FAILED
        )
        with pytest.raises(BoocoderError) as caught:
            await backend.run_turn(request, port)
        await backend.stop()
    assert caught.value.code == "lease_lost"
