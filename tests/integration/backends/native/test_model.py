"""The native agent against a model server that fails, breaks off or is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boocoder.events.agent_event import Notice
from boocoder.model.agent import AgentState
from boocoder.model.turn import Completed, Failed
from tests.contract.port import RecordingPort
from tests.fakes.native_model import DONE, NativeModel, Reply, delta, event, refusing, saying
from tests.fakes.native_turn import backend_for, notices, request_in, run


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_busy_server_is_tried_again_visibly(tmp_path: Path, status: int) -> None:
    async with NativeModel(refusing(status, "busy"), refusing(status), saying("fine")) as model:
        port, outcome = await run(model, tmp_path)
    assert (port.text, outcome) == ("fine", Completed())
    assert notices(port) == ["model_retry"] * 2
    assert str(status) in port.of(Notice)[0].text and "1 of 3" in port.of(Notice)[0].text


@pytest.mark.parametrize(
    ("replies", "code", "words"),
    [
        ([refusing(500, "on fire")], "model_failed", ["500", "on fire"]),
        ([refusing(400, "bad template")], "model_failed", ["400", "bad template"]),
        ([refusing(401, "no key")], "model_failed", ["401", "no key"]),
        ([refusing(404, "Not Found")], "model_failed", ["404"]),
        ([refusing(404, "model 'x' not found")], "model_unknown", ["model 'x' not found"]),
        ([refusing(400, "could not find real modelID for x")], "model_unknown", ["real modelID"]),
        ([refusing(400, "The model `x` does not exist")], "model_unknown", ["does not exist"]),
        ([Reply([b"<html>Bad gateway</html>"], status=502, kind="text/html")], "model_failed", ["502", "Bad gateway"]),
        ([Reply([delta(content="half")], end=False)], "model_stream_cut", ["cut off"]),
        ([Reply([delta(content="half")])], "model_stream_cut", ["without saying that it is whole"]),
        ([Reply([delta(content="half"), DONE])], "model_stream_cut", ["without saying"]),
        (
            [Reply([delta(content="half"), event(error={"message": "out of memory"})])],
            "model_failed",
            ["out of memory"],
        ),
        ([Reply([b"data: {nonsense\n\n"])], "model_stream_damaged", ["no chunk", "nonsense"]),
        ([Reply([b'data: {"choices": 5}\n\n'])], "model_stream_damaged", ["no chunk", "choices"]),
        ([Reply([b'{"error": "odd"}'], kind="application/json")], "model_failed", ["odd"]),
        ([Reply([b"hello"], kind="text/plain")], "model_failed", ["hello"]),
        ([Reply([], kind="application/json")], "model_failed", ["chat completion"]),
        ([Reply([b"x"], status=204)], "model_failed", ["204"]),
        ([saying("")], "agent_gave_nothing", ["nothing"]),
        ([saying("  \n")], "agent_gave_nothing", ["nothing"]),
        ([Reply([delta(reasoning_content="hm"), delta("stop"), DONE])], "agent_gave_nothing", ["nothing"]),
        ([saying("a story without", finish="length")], "model_answer_cut", ["limit"]),
        ([refusing(400, "maximum context length is 10 tokens")], "context_overflow", ["too long"]),
    ],
)
async def test_every_failure_has_its_name(tmp_path: Path, replies: list[Reply], code: str, words: list[str]) -> None:
    async with NativeModel(*replies) as model:
        port, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Failed), outcome
    assert outcome.error.code == code, outcome.error
    assert all(word in outcome.error.text for word in words), outcome.error.text
    assert outcome.error.cure
    assert port.text in ("", "half", "a story without")


async def test_nothing_that_was_shown_is_asked_for_again(tmp_path: Path) -> None:
    async with NativeModel(Reply([delta(content="half")], end=False), saying("whole")) as model:
        port, outcome = await run(model, tmp_path)
        assert len(model.bodies) == 1
    assert isinstance(outcome, Failed) and port.text == "half"


async def test_an_answer_cut_before_its_first_word_is_asked_for_again(tmp_path: Path) -> None:
    cut = Reply([delta(role="assistant", content=""), delta(reasoning_content="hm")], end=False)
    async with NativeModel(cut, Reply([], end=False), saying("whole")) as model:
        port, outcome = await run(model, tmp_path)
    assert (port.text, outcome) == ("whole", Completed())
    assert notices(port) == ["model_retry"] * 2


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    async with NativeModel(saying("x")) as model:
        backend = backend_for(model, tmp_path, default="small")
    request = request_in(tmp_path)
    port = RecordingPort(stop=request.stop)
    outcome = await backend.run_turn(request, port)
    assert isinstance(outcome, Failed) and outcome.error.code == "model_unreachable"
    assert "Start your model server" in outcome.error.cure
    assert notices(port) == ["model_retry"] * 3
    info = await backend.probe()
    assert info.state is AgentState.ERROR and "cannot be reached" in info.reason and info.cure
    await backend.stop()


async def test_no_server_at_all(tmp_path: Path) -> None:
    backend = backend_for(None, tmp_path)
    request = request_in(tmp_path)
    outcome = await backend.run_turn(request, RecordingPort(stop=request.stop))
    assert isinstance(outcome, Failed) and "models.base_url" in outcome.error.cure
    info = await backend.probe()
    assert info.state is AgentState.UNAVAILABLE and "models.base_url" in info.cure


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://127.0.0.1:1/v1", "ftp://x/v1", "nonsense"])
async def test_urls_that_lead_nowhere(tmp_path: Path, url: str) -> None:
    backend = backend_for(None, tmp_path, base_url=url)
    info = await backend.probe()
    assert info.state is AgentState.ERROR and info.reason and info.cure
    await backend.stop()


@pytest.mark.parametrize(
    ("models", "state"),
    [
        ({"data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}, AgentState.READY),
        ({"data": []}, AgentState.ERROR),
        ({"models": []}, AgentState.ERROR),
        ([], AgentState.ERROR),
    ],
)
async def test_probe(tmp_path: Path, models: Any, state: AgentState) -> None:
    async with NativeModel(saying("x"), models=models) as model:
        backend = backend_for(model, tmp_path, default="b")
        info = await backend.probe()
        await backend.stop()
    assert info.state is state
    assert (info.models, info.default_model) == ((("a", "b"), "b") if state is AgentState.READY else ((), None))


@pytest.mark.parametrize(
    ("asked", "default", "sent"),
    [(None, "", "small"), (None, "large", "large"), ("large", "", "large"), ("llama-swap/large", "", "large")],
)
async def test_which_model_is_asked(tmp_path: Path, asked: str | None, default: str, sent: str) -> None:
    async with NativeModel(saying("x")) as model:
        backend = backend_for(model, tmp_path, default=default, api_key="k")
        request = request_in(tmp_path, model=asked)
        assert await backend.run_turn(request, RecordingPort(stop=request.stop)) == Completed()
        await backend.stop()
        assert model.bodies[0]["model"] == sent


async def test_fields_that_a_server_does_not_know_are_left_out(tmp_path: Path) -> None:
    strict = refusing(400, "Unrecognized request argument supplied: return_progress")
    stricter = refusing(422, "extra fields not permitted: stream_options")
    async with NativeModel(strict, stricter, saying("fine")) as model:
        port, outcome = await run(model, tmp_path)
        assert [("return_progress" in b, "stream_options" in b) for b in model.bodies] == [
            (True, True),
            (False, True),
            (False, False),
        ]
    assert (port.text, outcome, notices(port)) == ("fine", Completed(), [])
