"""Two services on one database share the work: nothing overlaps, is lost, runs twice or out of order."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from boocoder.events import frames
from tests.acceptance.crowd import Crowd
from tests.acceptance.desk import Desk, text_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation
from tests.invariants import World, fingerprint, processes_of, violations

SESSIONS, TASKS = 40, 10
OVERLAPS = """
    SELECT a.id AS earlier, b.id AS later FROM tasks a JOIN tasks b ON a.session_id = b.session_id AND a.ord < b.ord
    WHERE b.started_at < a.ended_at
"""
BY_HOST = "SELECT host_id, count(*) AS tasks FROM attempts GROUP BY host_id"
ATTEMPTS = "SELECT count(*) FROM attempts"
ANSWERS = """
    SELECT t.id, string_agg(c.text, '' ORDER BY c.part, c."offset") AS text
    FROM tasks t JOIN messages m ON m.task_id = t.id AND m.role = 'assistant'
    JOIN part_chunks c ON c.message_id = m.id AND c.field = 'text' GROUP BY t.id
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_forty_sessions_of_ten_tasks_over_two_services(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    hosts = [installation({"BOOCODER_DATABASE_URL": dsn}, name=f"host {n}") for n in (1, 2)]
    for host in hosts:
        host.start()
    crowd = Crowd(project.path)
    async with hosts[0].client() as first, hosts[1].client() as second:
        sessions = await crowd.begin(first, SESSIONS)
        for round_ in range(TASKS):
            client = (first, second)[round_ % 2]
            await asyncio.gather(*(crowd.queue(client, session, "scripted") for session in sessions))
        states = await crowd.wait_ended(second, timeout_s=200)
    assert {state.state for state in states.values()} == {"completed"}
    for host in hosts:
        assert host.stop() == 0
        assert processes_of(host.data_dir) == []
    conn = await asyncpg.connect(dsn)
    try:
        assert await conn.fetch(OVERLAPS) == []
        assert await conn.fetchval(ATTEMPTS) == SESSIONS * TASKS
        shares = {row["host_id"]: row["tasks"] for row in await conn.fetch(BY_HOST)}
        answers = {str(row["id"]): row["text"] for row in await conn.fetch(ANSWERS)}
    finally:
        await conn.close()
    assert len(shares) == 2, "one of the hosts did nothing"
    for word, task_id in crowd.tasks.items():
        assert answers[task_id].count(word) == 2, "said once at its beginning and once at its end"
    world = World(dsn, hosts[0].data_dir, {project.path: before})
    assert await violations(world) == []


async def test_a_turn_on_one_host_is_watched_and_cancelled_through_the_other(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    owner, other = (installation({"BOOCODER_DATABASE_URL": dsn}, name=f"host {n}") for n in (1, 2))
    await asyncio.to_thread(owner.start)
    async with owner.client() as client:
        desk = Desk(client, project.path)
        created = await desk.queue("[[say words to see]] [[hang]]")
        await desk.follow(created, until=frames.Delta)
        await asyncio.to_thread(other.start)
        async with other.client() as far:
            remote = Desk(far, project.path)
            seen = await remote.follow(created, until=frames.Delta)
            assert text_of(seen)
            await remote.cancel(created)
            seen = await remote.follow(created)
            assert isinstance(seen[-1], frames.TurnEnded) and seen[-1].outcome == "cancelled"
            assert text_of(seen) == await desk.answer(created) == "words to see"
    for host in (owner, other):
        assert await asyncio.to_thread(host.stop) == 0
    assert await violations(World(dsn, owner.data_dir)) == []
