"""Costs of the native agent: its own tokens, memory over a long turn, and a count of the model's whole output."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections import deque
from pathlib import Path

import msgspec
import pytest

from boocoder.backends.native.context.instructions import system_prompt
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.tools.edit_form import EditForm
from boocoder.backends.native.tools.schemas import tool_schemas
from boocoder.model.turn import Completed, Failed, StopReason
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, Reply, calling, delta, saying
from tests.fakes.native_turn import backend_for, request_in, run

OWN_TOKENS_MAX = 1_200
BYTES_PER_TOKEN = 3.65
STEPS = 200


@pytest.mark.parametrize("mode", AgentMode)
@pytest.mark.parametrize("form", EditForm)
def test_the_agents_own_prompt_is_short(mode: AgentMode, form: EditForm) -> None:
    """`make local-model-test` counts them with a real tokenizer, from which the bytes of a token are taken."""
    own_bytes = len(system_prompt(mode, form).encode()) + len(msgspec.json.encode(tool_schemas(mode, form)))
    assert own_bytes / BYTES_PER_TOKEN < OWN_TOKENS_MAX


async def test_memory_stays_flat_over_a_long_turn(tmp_path: Path) -> None:
    """What grows is the conversation itself: some kilobytes a step, whatever the context's size."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a").write_text("".join(f"line {number} of the file\n" for number in range(400)))
    replies = [calling(("read", {"path": "a", "offset": step, "limit": 20})) for step in range(1, STEPS + 1)]
    model = NativeModel(*replies, saying("done"))
    model.bodies = deque(maxlen=1)  # type: ignore[assignment]
    sizes: list[int] = []

    class MeasuringPort(RecordingPort):
        async def emit(self, event: object) -> None:
            self._announce()
            if len(model.replies) in (STEPS // 2, 1):
                sizes.append(tracemalloc.get_traced_memory()[0])

    async with model:
        backend = backend_for(model, tmp_path, NativeLimits(max_steps=STEPS + 1, context_tokens=8_192))
        request = request_in(tmp_path)
        tracemalloc.start()
        try:
            outcome = await backend.run_turn(request, MeasuringPort(stop=request.stop))
        finally:
            tracemalloc.stop()
            await backend.stop()
    assert outcome == Completed()
    assert sizes[-1] - sizes[0] < 3_000_000


async def test_an_answer_that_reaches_its_limit_is_counted(tmp_path: Path) -> None:
    async with NativeModel(saying("half an ans", finish="length", prompt_tokens=77)) as model:
        port, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Failed) and outcome.error.code == "model_answer_cut"
    assert (port.usage.input_tokens, port.usage.output_tokens) == (77, 1)


async def test_an_answer_that_breaks_off_is_counted_about(tmp_path: Path) -> None:
    async with NativeModel(Reply([delta(content="w" * 350)], end=False)) as model:
        port, outcome = await run(model, tmp_path)
    assert isinstance(outcome, Failed) and outcome.error.code == "model_stream_cut"
    assert port.usage.input_tokens > 500 and port.usage.output_tokens == 100


async def test_an_answer_that_a_person_stops_is_counted_about(tmp_path: Path) -> None:
    async with NativeModel(Reply([delta(content="w" * 350)], hold=True)) as model:
        backend = backend_for(model, tmp_path)
        request = request_in(tmp_path)
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(backend.run_turn(request, port))
        await port.wait_until(lambda seen: len(seen.text) == 350)
        request.stop.set(StopReason.CANCELLED)
        await turn
        await backend.stop()
    assert port.usage.input_tokens > 500 and port.usage.output_tokens == 100
