"""Turns of agents that say or do very much: how long they take, what they cost, whether the service still answers."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import flooding_agent
from bench.harness import SCRIPTED_ONLY, Bench
from bench.numbers import Row, quantile
from bench.processes import CpuClock, CpuSeconds, pss_mib
from bench.repository import make_repository
from bench.service import Service, running
from boocoder.service import TaskSupervisor

SECTION = "floods"
TEXT_CHUNKS = 16_400  # of 64 KiB: 1 GiB
CALLS = 100_000
OUTPUT_BYTES = 200_000_000
SAMPLE_S = 0.1
FLOODS = (  # in words, the agent, what it is asked, and seconds that it may take
    ("200 MB of output lines", "printer", "print", 120.0),
    (f"{CALLS:,} tool calls", "flood", f"calls {CALLS}", None),
    ("1 GiB of text", "flood", f"text {TEXT_CHUNKS}", None),
)
HEALTH_TARGET_MS = 250.0
MEMORY_TARGET_MIB = 300.0


@dataclass(slots=True)
class FloodSamples:
    """What was seen of the service during a turn.

    Args:
        seconds: of the turn.
        health_ms: of each health request.
        memory_mib: of the service's process above what it had before, each time.
        outcome: of the turn.
        cpu: processor time that the service and its PostgreSQL took.
    """

    seconds: float = 0.0
    health_ms: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    outcome: str = ""
    cpu: CpuSeconds = field(default_factory=lambda: CpuSeconds(0.0, 0.0))


async def measure(bench: Bench) -> list[Row]:
    """One turn of each kind, whatever the rounds: they are long."""
    repository = await make_repository(bench.directory / "repository", files=20, lines=20)
    data_dir = bench.directory / "ours"
    settings = data_dir / "no-config" / "boocoder" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(_agents())
    async with running(data_dir, SCRIPTED_ONLY) as service:
        project = await service.add_project(repository)
        rows: list[Row] = []
        for what, agent, prompt, target in FLOODS:
            rows += _rows(what, await _flood(service, project, agent, prompt), target)
            print("  " + ", ".join(f"{row.what} {row.result:.4g} {row.unit}" for row in rows[-4:]), flush=True)
    return rows


def _agents() -> str:
    program = [sys.executable, "-I", str(Path(flooding_agent.__file__))]
    printer = ["sh", "-c", f"yes 'a line of output' | head -c {OUTPUT_BYTES}", "{prompt}"]
    return f'[agents.flood]\ncommand = {program}\n\n[agents.printer]\ntransport = "oneshot"\ncommand = {printer}\n'


def _rows(what: str, seen: FloodSamples, seconds: float | None) -> list[Row]:
    assert seen.outcome == "completed", f"{what}: {seen.outcome}"
    cpu_s = seen.cpu.service_s + seen.cpu.postgres_s
    p99 = (quantile(seen.health_ms, 0.99),)
    return [
        Row(SECTION, f"{what}: the turn", "s", (seen.seconds,), target=seconds),
        Row(SECTION, f"{what}: processor time of the service and PostgreSQL", "s", (cpu_s,)),
        Row(SECTION, f"{what}: answer to a health request, p99", "ms", p99, target=HEALTH_TARGET_MS),
        Row(SECTION, f"{what}: memory above idle, peak", "MiB", (max(seen.memory_mib),), target=MEMORY_TARGET_MIB),
    ]


async def _flood(service: Service, project: str, agent: str, prompt: str) -> FloodSamples:
    seen = FloodSamples()
    idle, clock = pss_mib(service.pid), CpuClock(service.pid)
    async with _watched(service, seen, idle):
        began = time.monotonic()
        task = await service.enqueue(agent, prompt, {"project_id": project})
        while not seen.outcome:
            await asyncio.sleep(SAMPLE_S)
            found = await service.get(f"/api/tasks/{task['task_id']}")
            seen.outcome = "" if found["ended_at"] is None else found["state"]
        seen.seconds, seen.cpu = time.monotonic() - began, clock.spent()
    return seen


@asynccontextmanager
async def _watched(service: Service, seen: FloodSamples, idle: float) -> AsyncIterator[None]:
    async def watch() -> None:
        while True:
            began = time.monotonic()
            await service.get("/api/health")
            seen.health_ms.append(1000 * (time.monotonic() - began))
            seen.memory_mib.append(pss_mib(service.pid) - idle)
            await asyncio.sleep(SAMPLE_S)

    tasks = TaskSupervisor("floods")
    tasks.spawn(watch(), "watch")
    try:
        yield
    finally:
        await tasks.stop()
