"""A turn of the native agent: what it and the service around it add to the model's own time to the first text."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx2

from bench.harness import Bench
from bench.model import MODELS, scripted_model
from bench.native.runner import BenchPort
from bench.numbers import Comparison, Row
from bench.repository import make_repository
from bench.service import running
from boocoder.backends.native.backend import NativeBackend
from boocoder.backends.native.limits import NativeLimits
from boocoder.events.agent_event import AgentEvent, TextDelta
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import TurnRequest
from boocoder.model_servers.server import ModelServer
from boocoder.model_servers.server_models import ServerModels
from boocoder.process.host import ProcessHost

SECTION = "native_turn"
PROMPT = "[[say one two three]]"
WARM_UP = 3
TARGET_MS = 15.0


class FirstText(BenchPort):
    """Notes when the first text came."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    async def emit(self, event: AgentEvent) -> None:
        """Keep the time of the first text."""
        if isinstance(event, TextDelta) and not self.at:
            self.at = time.perf_counter()
        await super().emit(event)


async def measure(bench: Bench) -> list[Row]:
    """Time each kind by turns, so that a busy machine is busy for all."""
    repository = await make_repository(bench.directory / "repository")
    settings = {"AGENTS_OPENCODE_ENABLED": "false", "MODELS_DEFAULT": MODELS[0]}
    bare: list[float] = []
    agent: list[float] = []
    service_ms: list[float] = []
    async with (
        scripted_model(bench.directory) as url,
        httpx2.AsyncClient(timeout=30) as http,
        running(bench.directory / "ours", settings | {"MODELS_BASE_URL": url}) as service,
    ):
        await service.wait_agent("native")
        place = await service.open_chat(await service.open_session(await service.add_project(repository)))
        processes = ProcessHost(state_dir=bench.directory / "run", instance="bench")
        server = ServerModels(ModelServer(url, default=MODELS[0]))
        backend = NativeBackend(
            servers=(server,), state_dir=bench.directory / "state", limits=NativeLimits(), processes=processes
        )
        for _ in range(bench.rounds + WARM_UP):
            bare.append(await _bare_ms(http, url))
            agent.append(await _agent_ms(backend, repository))
            service_ms.append((await service.run_turn("native", PROMPT, place)).first_s * 1_000)
        await backend.stop()
    floor = tuple(bare[WARM_UP:])
    return [
        Row(SECTION, what, "ms", tuple(mine[WARM_UP:]), floor, Comparison.DIFFERENCE, target)
        for what, mine, target in (
            ("agent alone: turn to first text", agent, TARGET_MS),
            ("through the service: request to first text", service_ms, None),
        )
    ]


async def _bare_ms(http: httpx2.AsyncClient, url: str) -> float:
    """The model's own time: from a request to its first text."""
    body = {"model": MODELS[0], "stream": True, "messages": [{"role": "user", "content": PROMPT}]}
    began = time.perf_counter()
    async with http.stream("POST", f"{url}/chat/completions", json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {") and any(
                choice.get("delta", {}).get("content") for choice in json.loads(line[6:])["choices"]
            ):
                return (time.perf_counter() - began) * 1_000
    raise RuntimeError("the model said nothing")


async def _agent_ms(backend: NativeBackend, worktree: Path) -> float:
    """The agent's time: from a turn's begin to its first text, in a conversation of its own."""
    request = TurnRequest(
        task_id=TaskId(new_id()),
        epoch=1,
        session_id=SessionId(new_id()),
        chat_id=ChatId(new_id()),
        agent="native",
        prompt=PROMPT,
        worktree=worktree,
    )
    port = FirstText()
    began = time.perf_counter()
    await backend.run_turn(request, port)
    return (port.at - began) * 1_000
