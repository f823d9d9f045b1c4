"""What a real llama-server sent once is understood: streams, counts, errors, what it says of itself."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import msgspec
import pytest

from boocoder.backends.native.limits import NativeLimits
from boocoder.events.agent_event import Progress, ToolStatus
from boocoder.model.turn import Completed, Failed
from boocoder.model_servers.answers import ServerProps, ServerSlot, read_models, slots_text
from tests.fakes.native_model import NativeModel, Reply, saying
from tests.fakes.native_turn import notices, run
from tests.paths import ROOT

RECORDED = ROOT / "tests" / "golden" / "llama_cpp"


def recorded(name: str) -> Reply:
    return Reply([(RECORDED / name).read_bytes()])


def refused(name: str, status: int) -> Reply:
    return Reply([(RECORDED / name).read_bytes()], status=status, kind="application/json")


async def test_a_call_and_the_answer_to_its_result(tmp_path: Path) -> None:
    async with NativeModel(recorded("tool-call.sse"), recorded("text-after-tool.sse")) as model:
        port, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Completed)
    assert (tmp_path / "work" / "hello.txt").read_text() == "hi"
    assert [call.status for call in port.final_tools] == [ToolStatus.COMPLETED]
    assert port.text.startswith("Done.")
    usage = port.usage
    assert (usage.input_tokens, usage.cache_read_tokens) == (1_382 + 30, 1_504)
    assert usage.output_tokens > 36 and 30 < usage.tokens_per_s < 50
    shown = dict.fromkeys(progress.text for progress in port.of(Progress) if progress.text)
    assert list(shown) == ["Reading the prompt, 0 %", "Reading the prompt, 100 %"]


async def test_an_endless_answer_is_stopped(tmp_path: Path) -> None:
    endless = gzip.decompress((RECORDED / "many-equal-calls-then-text.sse.gz").read_bytes())
    async with NativeModel(Reply([endless])) as model:
        port, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Failed) and outcome.error.code == "model_loop"
    assert len(port.text) < 5_000


async def test_loading_is_waited_for(tmp_path: Path) -> None:
    async with NativeModel(refused("loading-503.json", 503), saying("done")) as model:
        port, outcome = await run(model, tmp_path, NativeLimits(retries=0))
    assert outcome == Completed() and not notices(port)


async def test_a_context_that_is_too_small_is_named_with_its_size(tmp_path: Path) -> None:
    async with NativeModel(refused("context-400.json", 400), saying("done")) as model:
        _, outcome = await run(model, tmp_path, NativeLimits(context_tokens=32_768))
        assert model.bodies[1]["max_tokens"] == 8_192 // 4
    assert outcome == Completed()


async def test_a_wrong_key_names_the_setting(tmp_path: Path) -> None:
    async with NativeModel(refused("key-401.json", 401)) as model:
        _, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Failed)
    assert "Invalid API Key" in outcome.error.text and "models.api_key_env" in outcome.error.cure


def test_what_the_server_says_of_itself() -> None:
    props = msgspec.json.decode((RECORDED / "props.json").read_bytes(), type=ServerProps)
    assert (props.slot_tokens, props.total_slots, props.tools) == (4_096, 2, False)
    slots = msgspec.json.decode((RECORDED / "slots.json").read_bytes(), type=tuple[ServerSlot, ...])
    assert slots_text(slots, before=0) == ""
    rows = read_models((RECORDED / "models.json").read_bytes())
    assert [row.id for row in rows] == ["gemma-base"] and rows[0].context_tokens > 0


@pytest.mark.parametrize("name", ["tool-call.sse", "text-after-tool.sse", "tool-call-cached-prompt.sse"])
def test_recordings_are_whole(name: str) -> None:
    events = [line for line in (RECORDED / name).read_text().split("\n\n") if line]
    assert events[-1] == "data: [DONE]"
    assert "timings" in json.loads(events[-2].removeprefix("data: "))
