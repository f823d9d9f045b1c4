"""Start-up time of `boocoder serve` and its idle memory."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import psutil

from bench.harness import SCRIPTED_ONLY, Bench
from bench.numbers import Row
from bench.processes import pss_mib
from bench.service import connected, serving

SECTION = "startup"
SETTLE_S = 2.0  # imports of the first requests and PostgreSQL's first vacuum are done by then


async def measure(bench: Bench) -> list[Row]:
    """A first start, which makes the database, then warm ones; no agent's program is ever started."""
    data_dir = bench.directory / "ours"
    first, _ = await _start(data_dir)
    warm: list[float] = []
    memory: list[tuple[float, float]] = []
    for _ in range(bench.rounds):
        seconds, held = await _start(data_dir)
        warm.append(seconds)
        memory.append(held)
    return [
        Row(SECTION, "first start to healthy (makes the database)", "s", (first,)),
        Row(SECTION, "warm start to healthy", "s", tuple(warm), target=1.5),
        Row(SECTION, "idle memory, service and PostgreSQL (PSS)", "MiB", tuple(a + b for a, b in memory), target=120.0),
        Row(SECTION, "  of it the service's process", "MiB", tuple(service for service, _ in memory)),
        Row(SECTION, "  of it all PostgreSQL processes", "MiB", tuple(postgres for _, postgres in memory)),
    ]


async def _start(data_dir: Path) -> tuple[float, tuple[float, float]]:
    """Seconds from spawning to the first healthy answer; and MiB of the service and of its children when idle."""
    began = time.monotonic()
    async with serving(data_dir, SCRIPTED_ONLY) as started, connected(started, data_dir):
        seconds = time.monotonic() - began
        await asyncio.sleep(SETTLE_S)
        children = psutil.Process(started.pid).children(recursive=True)
        held = pss_mib(started.pid), sum(pss_mib(child.pid) for child in children)
    return seconds, held
