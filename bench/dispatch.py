"""The queue alone, with the scripted agent: latency from idle, and throughput."""

from __future__ import annotations

import time
from itertools import pairwise

from bench.harness import Bench, scripted
from bench.numbers import Comparison, Row
from bench.records import Records, attached
from bench.service import Service, ServiceDirectory

SECTION = "dispatch"
PROMPT = "[[say ok]]"
HOLD = "[[sleep 0.5]][[say ok]]"  # long enough for the chain's tasks to be queued behind it
SESSIONS = 8  # as many as run at once by default
TASKS_EACH = 10


async def measure(bench: Bench) -> list[Row]:
    """One task at a time, then a chain in one session, then many sessions at once."""
    async with scripted(bench) as (service, project_id, _), attached(service.data_dir) as records:
        place = await service.open_chat(await service.open_session(project_id))
        await service.run_turn("scripted", PROMPT, place)
        rows = await _one_by_one(bench, service, records, place)
        rows.append(await _chain(bench, service, records, place))
        rows.append(await _throughput(bench, service, records, project_id))
    return rows


async def _one_by_one(bench: Bench, service: Service, records: Records, place: ServiceDirectory) -> list[Row]:
    """An idle service; the floor is a bare NOTIFY on the same server, measured between the tasks."""
    started: list[float] = []
    sent: list[float] = []
    first: list[float] = []
    ended: list[float] = []
    floor: list[float] = []
    for _ in range(bench.rounds):
        floor.append(1000 * await records.notify_round_trip_s())
        ear = service.hear(place.session_id)
        began = time.time()
        made = await service.enqueue("scripted", PROMPT, {"chat_id": place.chat_id})
        await ear.wait_ended()
        attempt = await records.attempt(made["task_id"])
        started.append(1000 * (attempt.started - began))
        sent.append(1000 * (attempt.prompt_sent - began))
        first.append(1000 * ear.first_s)
        ended.append(1000 * ear.ended_s)
    return [
        Row(SECTION, "request to claim", "ms", tuple(started), tuple(floor)),
        Row(SECTION, "request to prompt sent; floor: NOTIFY", "ms", tuple(sent), tuple(floor), target=15.0),
        Row(SECTION, "request to first text at the client", "ms", tuple(first)),
        Row(SECTION, "request to end at the client", "ms", tuple(ended)),
    ]


async def _chain(bench: Bench, service: Service, records: Records, place: ServiceDirectory) -> Row:
    """Tasks of one session queued behind one another: from the end of each to the next one's prompt."""
    body = {"chat_id": place.chat_id}
    tasks = [(await service.enqueue("scripted", HOLD, body))["task_id"]]
    tasks += [(await service.enqueue("scripted", PROMPT, body))["task_id"] for _ in range(bench.rounds)]
    await records.wait_ended(*tasks)
    attempts = [await records.attempt(task) for task in tasks]
    gaps = [1000 * (after.prompt_sent - before.ended) for before, after in pairwise(attempts)]
    return Row(SECTION, "same session: end stored to next prompt sent", "ms", tuple(gaps), target=50.0)


async def _throughput(bench: Bench, service: Service, records: Records, project_id: str) -> Row:
    """Turns a second over sessions that exist already, snapshot and settling included."""
    places = [await service.open_chat(await service.open_session(project_id)) for _ in range(SESSIONS)]
    for place in places:
        await service.run_turn("scripted", PROMPT, place)
    rates: list[float] = []
    for _ in range(max(1, bench.rounds // 10)):
        tasks = [
            (await service.enqueue("scripted", PROMPT, {"chat_id": place.chat_id}))["task_id"]
            for _ in range(TASKS_EACH)
            for place in places
        ]
        await records.wait_ended(*tasks)
        attempts = [await records.attempt(task) for task in tasks]
        span = max(attempt.ended for attempt in attempts) - min(attempt.started for attempt in attempts)
        rates.append(len(attempts) / span)
    what = f"turns that say one word, {SESSIONS} sessions of {TASKS_EACH}"
    return Row(SECTION, what, "1/s", tuple(rates), compare=Comparison.RATE)
