"""Protocol, caching and tokens of the native agent with a real llama-server; never what its small model says."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import httpx2

from boocoder.backends.native.context.instructions import system_prompt
from boocoder.backends.native.limits import NativeLimits
from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.tools.schemas import tool_schemas
from boocoder.events.agent_event import AgentEvent, Progress, ToolCall, ToolStatus
from boocoder.model.agent import AgentState
from boocoder.model.turn import Completed, Failed
from tests.contract.port import RecordingPort
from tests.fakes.native_turn import backend_for, notices, request_in
from tests.local_model.conftest import CONTEXT_TOKENS, SLOTS, LlamaServer
from tests.local_model.relay import Relay

LIMITS = NativeLimits(answer_wait_s=900.0, max_steps=1, retries=0, answer_tokens=128)
SILENCE_S = 10.0
CALL_S = 60.0
LOADING_S = 45.0
SHARED_TOKENS_MAX = 150
OWN_TOKENS_MAX = 1_200
OF_THE_MODEL = ("model_loop", "model_answer_cut", "step_limit", "agent_gave_nothing")
PROMPT = "Write four.txt."


class TimedPort(RecordingPort):
    """Knows when each event came."""

    def __init__(self, **given: object) -> None:
        super().__init__(**given)  # type: ignore[arg-type]
        self.times: list[float] = []

    async def emit(self, event: AgentEvent) -> None:
        await super().emit(event)
        self.times.append(time.monotonic())


async def run_at(base_url: str, directory: Path) -> TimedPort:
    """One turn. Its small model may go round in circles, but nothing else may go wrong."""
    backend = backend_for(None, directory, LIMITS, base_url=base_url)
    request = request_in(directory, PROMPT)
    port = TimedPort(stop=request.stop)
    try:
        outcome = await backend.run_turn(request, port)
    finally:
        await backend.stop()
    assert isinstance(outcome, Completed) or (isinstance(outcome, Failed) and outcome.error.code in OF_THE_MODEL), (
        outcome
    )
    return port


async def check_a_call_that_streams_for_a_minute_is_seen_growing(llama_server: LlamaServer, tmp_path: Path) -> None:
    async with Relay(llama_server.port, pace_s=3.0, paced_s=CALL_S + 15) as relay:
        port = await run_at(relay.base_url, tmp_path)
    events = list(zip(port.times, port.events, strict=True))
    states = [(at, event) for at, event in events if isinstance(event, ToolCall) and event.part == "tool-1"]
    begun, ended = states[0][0], next(at for at, state in states if state.status is not ToolStatus.PENDING)
    assert ended - begun >= CALL_S
    during = [at for at in port.times if begun <= at <= ended]
    gap_s = max(later - at for at, later in pairwise(during))
    grown = {state.diffs[0].new_text for _, state in states if state.status is ToolStatus.PENDING and state.diffs}
    print(f"call of {ended - begun:.0f} s, longest silence {gap_s:.1f} s, {len(grown)} sizes of its content seen")
    assert gap_s < SILENCE_S and len(grown) >= 3
    assert states[-1][1].status is ToolStatus.COMPLETED


async def check_a_second_session_reads_only_what_is_new_in_it(llama_server: LlamaServer, tmp_path: Path) -> None:
    counts = []
    for name in ("one", "two"):
        worktree = tmp_path / name / "work"
        worktree.mkdir(parents=True)
        (worktree / "AGENTS.md").write_text("Use tabs.\n" * 20)
        async with Relay(llama_server.port) as relay:
            await run_at(relay.base_url, tmp_path / name)
        counts.append(relay.prompts[0])
    (_, _), (total, cached) = counts
    evaluated = total - cached
    print(f"prompt of the first session: {counts[0]} (tokens, cached); of the second: {counts[1]}")
    assert evaluated < SHARED_TOKENS_MAX < cached


async def check_loading_is_waited_for_and_shown(llama_server: LlamaServer, tmp_path: Path) -> None:
    async with Relay(llama_server.port, loading_s=LOADING_S) as relay:
        begun = time.monotonic()
        port = await run_at(relay.base_url, tmp_path)
        assert time.monotonic() - begun >= LOADING_S
    shown = [progress.text for progress in port.of(Progress) if "loading the model" in progress.text]
    print(f"{len(shown)} reports of loading, the last: {shown[-1]}")
    assert len(shown) >= LOADING_S / 3 and not notices(port)


async def check_the_reading_of_a_new_prompt_is_shown(llama_server: LlamaServer, tmp_path: Path) -> None:
    worktree = tmp_path / "work"
    worktree.mkdir()
    (worktree / "AGENTS.md").write_text("\n".join(f"Rule {n}: {'be careful ' * 8}" for n in range(30)))
    port = await run_at(f"http://127.0.0.1:{llama_server.port}/v1", tmp_path)
    shown = [progress.text for progress in port.of(Progress) if progress.text.startswith("Reading the prompt")]
    print(shown)
    assert shown and shown[-1].endswith("100 %")


async def check_the_context_of_a_slot_is_known(llama_server: LlamaServer, tmp_path: Path) -> None:
    async with Relay(llama_server.port) as relay:
        backend = backend_for(None, tmp_path, LIMITS, base_url=relay.base_url)
        info = await backend.probe()
        await backend.stop()
        await run_at(relay.base_url, tmp_path)
    (details,) = info.model_details
    slot_tokens = CONTEXT_TOKENS // SLOTS
    print(info.reason)
    assert info.state is AgentState.READY and details.tools is True
    assert (details.context_tokens, details.slots) == (slot_tokens, SLOTS)
    assert all(body["max_tokens"] <= slot_tokens // 4 for body in relay.bodies)


async def check_the_agents_own_prompt_is_short(llama_server: LlamaServer) -> None:
    tools = "\n".join(json.dumps(tool) for tool in tool_schemas())  # as chat templates write them
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as http:
        content = {"content": f"{system_prompt(AgentMode.BUILD)}\n{tools}"}
        answer = await http.post(f"http://127.0.0.1:{llama_server.port}/tokenize", json=content)
    tokens = len(answer.json()["tokens"])
    print(f"{tokens} tokens of its own")
    assert tokens < OWN_TOKENS_MAX
