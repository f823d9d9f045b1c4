"""Turns at a server that swaps models: each keeps its model, those of one model go together, waiting is bounded."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from boocoder.backends.native.backend import NativeBackend
from boocoder.events.agent_event import Progress
from boocoder.model.turn import Completed, Outcome, StopReason, StopSignal
from boocoder.model_servers.server import ModelOptions, ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.model_servers.turn_gate import TurnGate
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fakes.model_servers.llama_server import LlamaServer
from tests.fakes.model_servers.swap_server import SwapServer
from tests.fakes.native_turn import QUICK, request_in
from tests.fixtures.processes import idle_host
from tests.waiting import until

STEPS = "[[plan a]] [[plan b]] [[plan c]] [[say done]]"


async def ignore(text: str) -> None:
    """What is waited for."""


def gate_of(
    known: ServerModels, *, wait_s: float = 60.0, limit: int = 0, clock: Callable[[], float] = time.monotonic
) -> TurnGate:
    return TurnGate(client=known.client, limit=lambda _: limit, wait_s=wait_s, group_s=60.0, clock=clock)


async def run_turns(directory: Path, known: ServerModels, models: list[str]) -> list[tuple[RecordingPort, Outcome]]:
    """Turns of the native agent side by side, begun in this order."""
    backend = NativeBackend(
        servers=(known,), state_dir=directory / "store", limits=QUICK, processes=idle_host(directory)
    )

    async def one(model: str) -> tuple[RecordingPort, Outcome]:
        request = request_in(directory, STEPS, model=model)
        port = RecordingPort(stop=request.stop)
        return port, await backend.run_turn(request, port)

    try:
        return await asyncio.gather(*(one(model) for model in models))
    finally:
        await backend.stop()


async def test_two_models_do_not_swap_with_every_step(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, SwapServer(scripted, "a", "b") as server:
        known = ServerModels(ModelServer(server.base_url))
        done = await run_turns(tmp_path, known, ["a", "b", "a", "b", "a", "b"])
        assert [outcome for _, outcome in done] == [Completed()] * 6
        assert sorted(server.loads) == ["a", "b"], "each is loaded once, for 3 turns of 4 steps"
        waited = [event.text for port, _ in done for event in port.events if isinstance(event, Progress)]
        assert any("Waiting for the model server (" in text and "before)" in text for text in waited)


async def test_models_that_are_loaded_together_run_together(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, SwapServer(scripted, "a", "b", together=True) as server:
        server.states = {"a": "ready", "b": "ready"}
        gate = gate_of(ServerModels(ModelServer(server.base_url)))
        async with (
            asyncio.timeout(30),
            gate.turn("a", stop=StopSignal(), report=ignore),
            gate.turn("b", stop=StopSignal(), report=ignore) as entered,
        ):
            assert entered


async def test_a_model_gets_as_many_turns_as_it_has_slots(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, id="a", slots=2) as server:
        known = ServerModels(ModelServer(server.base_url))
        await known.refresh()
        running = most = 0

        async def turn() -> None:
            nonlocal running, most
            async with known.gate.turn("a", stop=StopSignal(), report=ignore):
                running += 1
                most = max(most, running)
                await asyncio.sleep(0)
                running -= 1

        async with asyncio.timeout(60):
            await asyncio.gather(*(turn() for _ in range(8)))
        assert most == 2
        one = ServerModels(ModelServer(server.base_url, options=ModelOptions(turns_at_once=1)))
        assert one.gate is not known.gate and one.server.options_of("a").turns_at_once == 1
        await known.close()


async def test_a_server_gets_no_more_turns_than_a_person_set() -> None:
    async with ScriptedModel() as scripted, LlamaServer(scripted, id="a", slots=2) as server:
        known = ServerModels(ModelServer(server.base_url, all_turns_at_once=3))
        await known.refresh()
        running: Counter[str] = Counter()
        most: Counter[str] = Counter()

        async def turn(model: str) -> None:
            async with known.gate.turn(model, stop=StopSignal(), report=ignore):
                running[model] += 1
                most[model] = max(most[model], running[model])
                most["all"] = max(most["all"], running.total())
                await asyncio.sleep(0)
                running[model] -= 1

        async with asyncio.timeout(60):
            await asyncio.gather(*(turn(model) for model in "aabbcc" * 2))
        assert most["all"] == 3 and most["a"] <= 2
        await known.close()


async def test_another_model_has_its_turn_after_the_group(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, SwapServer(scripted, "a", "b") as server:
        server.states = {"a": "ready"}
        now_s = 0.0  # by hand, so that a busy machine does not let the group's time pass
        gate = gate_of(ServerModels(ModelServer(server.base_url)), wait_s=600.0, clock=lambda: now_s)
        order: list[str] = []
        first, second = asyncio.Event(), asyncio.Event()

        async def turn(model: str, end: asyncio.Event) -> None:
            async with gate.turn(model, stop=StopSignal(), report=ignore):
                order.append(model)
                await end.wait()

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            group.create_task(turn("a", first))
            await until(lambda: order == ["a"])
            group.create_task(turn("b", second))
            await until(lambda: len(gate.waiting) == 1)
            group.create_task(turn("a", first))
            await until(lambda: order == ["a", "a"])
            now_s = 61.0
            group.create_task(turn("a", first))
            await until(lambda: len(gate.waiting) == 2)
            first.set()
            await until(lambda: len(order) == 3)
            server.states = {"b": "ready"}
            second.set()
        assert order == ["a", "a", "b", "a"]


async def test_waiting_ends_at_its_bound_and_when_the_turn_is_stopped(tmp_path: Path) -> None:
    async with ScriptedModel() as scripted, SwapServer(scripted, "a", "b") as server:
        server.states = {"a": "ready"}
        gate = gate_of(ServerModels(ModelServer(server.base_url)), wait_s=1.5)
        said: list[str] = []

        async def report(text: str) -> None:
            said.append(text)

        async with gate.turn("a", stop=StopSignal(), report=ignore), asyncio.timeout(60):
            async with gate.turn("b", stop=StopSignal(), report=report) as entered:
                assert entered and said == ["Waiting for the model server (1 before)"]
            stop = StopSignal()
            stop.set(StopReason.CANCELLED)
            async with gate.turn("b", stop=stop, report=ignore) as entered:
                assert not entered
        assert gate.waiting == ()
