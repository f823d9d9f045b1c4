"""The text of a streamed answer, whatever the places at which the server cuts it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.loop.reporter import NativeReporter
from boocoder.backends.native.loop.usage_meter import UsageMeter
from boocoder.backends.native.model.client import ModelClient, parse_chunk
from boocoder.backends.native.model.errors import ModelError
from boocoder.backends.native.model.response import AnswerComplete, ResponseAccumulator
from boocoder.backends.native.model.tool_calls import interpret_call
from boocoder.backends.native.model.wait_status import WaitStatus
from boocoder.backends.native.model.wire import PromptProgress, read_chunk
from boocoder.backends.shared.event_journal import TurnJournal
from boocoder.events.agent_event import Progress
from boocoder.events.json_coerce import NUMBER_MAX
from boocoder.model.ids import TaskId, new_id
from boocoder.model.turn import StopSignal
from boocoder.model_servers.client import ModelServerClient
from boocoder.model_servers.server import ModelServer
from tests.contract.port import RecordingPort
from tests.waiting import until

TOP_NAMES = ("choices", "usage", "error", "prompt_progress", "timings")
NAMES = (
    *TOP_NAMES,
    *("delta", "message", "finish_reason", "content", "reasoning", "reasoning_content", "text", "tool_calls", "index"),
    *("id", "function", "name", "arguments", "prompt_tokens", "completion_tokens", "prompt_tokens_details"),
    *("cached_tokens", "total", "cache", "processed", "predicted_per_second"),
)
NOWHERE = ModelServer("http://127.0.0.1:1/v1")
NO_CLIENT = ModelClient(state=ModelServerClient(NOWHERE), server=NOWHERE, limits=NativeLimits())


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (["a \ud83d", "\ude00 b"], "a 😀 b"),
        (["a \ud83d", " b"], "a � b"),
        (["\ude00 b", "c\ud83d"], "� bc�"),
    ],
)
async def test_an_emoji_whose_halves_come_in_two_events_is_whole(pieces: list[str], whole: str, tmp_path: Path) -> None:
    port = RecordingPort(stop=StopSignal())
    journal = TurnJournal(path=tmp_path / "journal", task_id=TaskId(new_id()))
    answer = ResponseAccumulator(reporter=NativeReporter(port=port, journal=journal))
    for piece in pieces:
        await answer.take(read_chunk(json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": piece}}]})))
    assert (await answer.finish()).text == whole
    assert port.text == whole
    journal.close()


class SlowClient(ModelClient):
    """Of a server that takes its time to say what it is busy with."""

    def __init__(self) -> None:
        super().__init__(state=ModelServerClient(NOWHERE), server=NOWHERE, limits=NativeLimits())
        self.asked, self.may_answer, self.answered = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def busy_with(self, model: str) -> str:
        self.asked.set()
        await self.may_answer.wait()
        return "its one slot is busy"

    async def answers(self) -> bool:
        self.answered.set()
        return True


async def test_a_prompt_that_is_read_waits_for_no_slot_and_is_not_silent(tmp_path: Path) -> None:
    port, client = RecordingPort(stop=StopSignal()), SlowClient()
    journal = TurnJournal(path=tmp_path / "journal", task_id=TaskId(new_id()))
    reporter = NativeReporter(port=port, journal=journal)
    status = WaitStatus(client=client, model="m", reporter=reporter, first_after_s=0.0)
    async with asyncio.timeout(60):
        watch = asyncio.create_task(status.run())
        await client.asked.wait()
        await status.prompt_read(PromptProgress(total=1_000, cache=0, processed=430))
        client.may_answer.set()
        await client.answered.wait()
        await until(lambda: len(port.of(Progress)) >= 2)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
    assert {event.text for event in port.of(Progress)} == {"Reading the prompt, 43 %"}
    journal.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(TOP_NAMES, JSON)) | JSON, max_size=8)


@given(events=EVENTS)
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_no_event_ends_an_answer_with_anything_but_a_named_error(
    events: list[object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    asyncio.run(answered(events, tmp_path_factory.getbasetemp() / "any-journal"))


async def answered(events: list[object], journal_path: Path) -> None:
    port = RecordingPort(stop=StopSignal())
    journal = TurnJournal(path=journal_path, task_id=TaskId(new_id()))
    reporter = NativeReporter(port=port, journal=journal)
    status = WaitStatus(client=NO_CLIENT, model="m", reporter=reporter)
    accumulator = ResponseAccumulator(reporter=reporter, on_prompt=status.prompt_read)
    meter = UsageMeter()
    try:
        for event in events:
            await accumulator.take(parse_chunk(json.dumps(event), "m"))
        answer = await accumulator.finish()
        for call in answer.calls:
            interpret_call(call)
        meter.add(answer, took_s=1.0)
    except (ModelError, AnswerComplete):
        await accumulator.abandon()
    finally:
        journal.close()
    assert 0 <= meter.usage.input_tokens <= NUMBER_MAX
