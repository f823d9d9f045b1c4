"""Processor time of boocoder itself while agents speak: its service and PostgreSQL, without agents and git."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from bench.harness import Bench, opencode_settings
from bench.model import stamping_model
from bench.numbers import Row
from bench.processes import CpuClock
from bench.recorder import TextRecorder
from bench.repository import make_repository
from bench.service import Service, running

SECTION = "streaming"
SESSIONS = 10
WORDS = 200
PACE = "[[delay 0.005]]"
PER_WORDS = 1_000
SHORT = "[[say warm]]"


async def measure(bench: Bench) -> list[Row]:
    """Turns of paced words, all sessions at once and one alone; every session has had a turn before."""
    repository = await make_repository(bench.directory / "repository")
    many: list[tuple[float, float]] = []
    alone: list[tuple[float, float]] = []
    async with (
        stamping_model(bench.directory) as model_url,
        running(
            bench.directory / "ours", opencode_settings(bench.opencode, model_url, {"MAX_TURNS": str(SESSIONS)})
        ) as service,
    ):
        await service.wait_agent("opencode")
        project_id = await service.add_project(repository)
        places = [await service.open_chat(await service.open_session(project_id)) for _ in range(SESSIONS)]
        for place in places:
            await service.run_turn("opencode", SHORT, place)
        paced, long = f"{PACE}[[tokens {WORDS}]]", f"{PACE}[[tokens {PER_WORDS}]]"
        for _ in range(bench.rounds):
            turns = [service.run_turn("opencode", paced, place) for place in places]
            many.append(await _cost(service, turns, SESSIONS * WORDS))
            alone.append(await _cost(service, [service.run_turn("opencode", long, places[0])], PER_WORDS))
    return [
        *_rows(f"{SESSIONS} sessions x {WORDS} words", many, 0.3),
        *_rows(f"one session, {PER_WORDS:,} words", alone, None),
    ]


async def _cost(service: Service, turns: Sequence[Awaitable[TextRecorder]], words: int) -> tuple[float, float]:
    """Seconds of processor time per PER_WORDS words: of the service's process, and of PostgreSQL's."""
    clock = CpuClock(service.pid)
    await asyncio.gather(*turns)
    spent = clock.spent()
    return spent.service_s * PER_WORDS / words, spent.postgres_s * PER_WORDS / words


def _rows(what: str, spent: Sequence[tuple[float, float]], target: float | None) -> list[Row]:
    head = f"processor time per {PER_WORDS:,} words, {what}"
    return [
        Row(SECTION, head, "s", tuple(ours + store for ours, store in spent), target=target),
        Row(SECTION, "  of it the service's process", "s", tuple(ours for ours, _ in spent)),
        Row(SECTION, "  of it all PostgreSQL processes", "s", tuple(store for _, store in spent)),
    ]
