"""How costs grow with the number of sessions, watchers, messages, files and events; draws docs/images/growth.svg."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from uuid import UUID

from bench.growth_plot import Curve, draw
from bench.harness import SCRIPTED_ONLY, Bench
from bench.numbers import Row, median
from bench.processes import CpuClock
from bench.records import Records, attached
from bench.repository import make_repository
from bench.service import Service, ServiceDirectory, running
from boocoder.db.core.statements import load_statements

SECTION = "growth"
PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "growth.svg"
SESSIONS = (1, 10, 100)
WATCHERS = (1, 20, 200)
MESSAGES = (100, 1_000, 10_000)
FILES = (200, 2_000, 20_000)
EVENTS = (10_000, 100_000, 1_000_000)
FEW_FILES = 200
WORDS = 500
PAGE = 50
READS = 20
PROMPT = "[[say ok]]"
BURST = f"[[tokens {WORDS}]]"


async def measure(bench: Bench) -> list[Row]:
    """Each cost at three sizes; the exponent is the slope of a line through them on logarithmic axes."""
    repository = await make_repository(bench.directory / "repository", files=FEW_FILES)
    async with (
        running(bench.directory / "ours", SCRIPTED_ONLY) as service,
        attached(service.data_dir) as records,
    ):
        await service.wait_agent("scripted")
        project_id = await service.add_project(repository)
        curves = [
            await _watchers(bench, service, project_id),
            await _messages(bench, service, records, project_id),
            await _events(bench, service, records, project_id),
            await _files(bench, service),
            await _sessions(bench, service, project_id),
        ]
    draw(curves, PICTURE)
    return [row for curve in curves for row in _rows(curve)]


def _rows(curve: Curve) -> list[Row]:
    sizes = [
        Row(SECTION, f"{curve.what}: {size:,} {curve.of}", curve.unit, samples)
        for size, samples in curve.samples.items()
    ]
    return [*sizes, Row(SECTION, f"  exponent over {curve.of}", "", (curve.exponent,), target=curve.target)]


async def _place(service: Service, project_id: str) -> ServiceDirectory:
    """A chat that has had a turn."""
    place = await service.open_chat(await service.open_session(project_id))
    await service.run_turn("scripted", PROMPT, place)
    return place


async def _sessions(bench: Bench, service: Service, project_id: str) -> Curve:
    """One turn in each session, all asked for at once; at most 8 run at a time."""
    samples: dict[int, tuple[float, ...]] = {}
    places: list[ServiceDirectory] = []
    for size in SESSIONS:
        places += [await _place(service, project_id) for _ in range(size - len(places))]
        spent: list[float] = []
        for _ in range(bench.rounds):
            clock = CpuClock(service.pid)
            await asyncio.gather(*(service.run_turn("scripted", PROMPT, place) for place in places))
            used = clock.spent()
            spent.append(1000 * (used.service_s + used.postgres_s) / size)
        samples[size] = tuple(spent)
    return Curve("processor time of a turn", "sessions at once", "ms", samples, 0.2)


async def _watchers(bench: Bench, service: Service, project_id: str) -> Curve:
    """A burst of words, each frame of which goes to every watcher."""
    place = await _place(service, project_id)
    samples: dict[int, tuple[float, ...]] = {}
    open_now = 1
    for size in WATCHERS:
        for _ in range(size - open_now):
            await service.listen(place.session_id)
        open_now = size
        spent: list[float] = []
        for _ in range(bench.rounds):
            clock = CpuClock(service.pid)
            await service.run_turn("scripted", BURST, place)
            spent.append(1000 * clock.spent().service_s)
        samples[size] = tuple(spent)
    return Curve(f"processor time of {WORDS:,} words at once", "watchers", "ms", samples, 1.0)


async def _messages(bench: Bench, service: Service, records: Records, project_id: str) -> Curve:
    """The newest page of a chat, as the page reads it first."""
    samples: dict[int, tuple[float, ...]] = {}
    for size in MESSAGES:
        place = await _place(service, project_id)
        await records.add_messages(place.chat_id, size)
        path = f"/api/chats/{place.chat_id}/messages?before={2**62}&limit={PAGE}"
        await service.get(path)
        spent: list[float] = []
        for _ in range(bench.rounds):
            clock = CpuClock(service.pid)
            for _ in range(READS):
                await service.get(path)
            used = clock.spent()
            spent.append(1000 * (used.service_s + used.postgres_s) / READS)
        samples[size] = tuple(spent)
    return Curve(f"processor time of the newest {PAGE} messages", "messages", "ms", samples, 0.2)


async def _events(bench: Bench, service: Service, records: Records, project_id: str) -> Curve:
    """The newest frames of a stream, as a client that comes back reads them; by an index, or the run fails."""
    samples: dict[int, tuple[float, ...]] = {}
    text = load_statements("events")["read_events"]
    for size in EVENTS:
        place = await _place(service, project_id)
        last = await records.add_events(place.session_id, size)
        arguments = (UUID(place.session_id), last - PAGE, PAGE)
        await records.require_index(text, *arguments)
        spent: list[float] = []
        for _ in range(bench.rounds):
            times: list[float] = []
            for _ in range(READS):
                began = time.monotonic()
                await records.read(text, *arguments)
                times.append(1000 * (time.monotonic() - began))
            spent.append(median(times))
        samples[size] = tuple(spent)
    return Curve(f"the newest {PAGE} frames of a stream", "events", "ms", samples, 0.2)


async def _files(bench: Bench, service: Service) -> Curve:
    """A warm turn in a worktree of so many files, to its end with both snapshots."""
    samples: dict[int, tuple[float, ...]] = {}
    for size in FILES:
        repository = await make_repository(bench.directory / f"files-{size}", files=size, lines=5)
        place = await _place(service, await service.add_project(repository))
        ended = [(await service.run_turn("scripted", PROMPT, place)).ended_s for _ in range(bench.rounds)]
        samples[size] = tuple(1000 * one for one in ended)
    return Curve("a warm turn to its end", "files", "ms", samples, 1.0)
