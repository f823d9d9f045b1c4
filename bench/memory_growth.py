"""Short turns one after another: what each adds to the memory of the service's process."""

from __future__ import annotations

import asyncio

from bench.harness import Bench, scripted
from bench.numbers import Row
from bench.processes import pss_mib
from bench.service import Service, ServiceDirectory

SECTION = "memory_growth"
SESSIONS = 4
PROMPT = "[[say ok]]"
WARM_TURNS = 1_000  # caches and pools are full by then
TURNS_A_ROUND = 1_000
TARGET_KIB_A_TURN = 1.0  # 10 MiB in 10,000 turns


async def measure(bench: Bench) -> list[Row]:
    """One sample a round: the growth over TURNS_A_ROUND turns, in all sessions at once."""
    grown: list[float] = []
    async with scripted(bench) as (service, project_id, _):
        places = [await service.open_chat(await service.open_session(project_id)) for _ in range(SESSIONS)]
        await _turns(service, places, WARM_TURNS)
        before = pss_mib(service.pid)
        for _ in range(bench.rounds):
            await _turns(service, places, TURNS_A_ROUND)
            after = pss_mib(service.pid)
            grown.append(1024 * (after - before) / TURNS_A_ROUND)
            before = after
    what = f"memory that a one-word turn adds, after {WARM_TURNS:,}"
    return [Row(SECTION, what, "KiB", tuple(grown), target=TARGET_KIB_A_TURN)]


async def _turns(service: Service, places: list[ServiceDirectory], number: int) -> None:
    async def chain(place: ServiceDirectory) -> None:
        for _ in range(number // len(places)):
            await service.run_turn("scripted", PROMPT, place)

    await asyncio.gather(*map(chain, places))
