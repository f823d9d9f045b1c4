"""Two services on one database share the work: nothing overlaps, is lost, runs twice or out of order."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from boocoder.client.attachments import send_files
from boocoder.errors import Conflict
from boocoder.events import frames
from boocoder.wire.service import HostInfo
from boocoder.wire.sessions import Session
from tests.acceptance.harness import ServiceHarness, text_of
from tests.acceptance.many_tasks import Created, TaskLoad
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
async def test_forty_sessions_of_ten_tasks_over_two_services(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    hosts = [installation({"BOOCODER_DATABASE_URL": dsn}, name=f"host {n}") for n in (1, 2)]
    for host in hosts:
        host.start()
    crowd = TaskLoad(project.path)
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
    world = World(dsn, hosts[0].data_dir, {project.path: before}, other_data_dirs=(hosts[1].data_dir,))
    assert await violations(world) == []


async def test_a_file_that_one_host_took_reaches_an_agent_of_the_other(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, tmp_path: Path
) -> None:
    project = repository()
    note = tmp_path / "note.txt"
    note.write_text("words")
    first, second = (installation({"BOOCODER_DATABASE_URL": dsn}, name=f"host {n}") for n in (1, 2))
    await asyncio.to_thread(first.start)
    async with first.client() as client:
        attached = await send_files(client, [note])
    assert await asyncio.to_thread(first.stop) == 0
    await asyncio.to_thread(second.start)
    async with second.client() as client:
        desk = ServiceHarness(client, project.path)
        resting, _ = await desk.run("[[say hello]]")
        body = {"prompt": "[[say read it]]", "agent": "scripted", "session_id": resting.session_id}
        created = await client.post("/api/tasks", Created, {**body, "attachments": attached})
        await desk.follow(created)
        assert (await desk.task(created)).state == "completed"
        assert await client.request("GET", f"/api/attachments/{attached[0]}") == b"words"
    (copy,) = (second.data_dir / "attachments").glob("*/note.txt")
    assert copy.read_text() == "words"
    assert await asyncio.to_thread(second.stop) == 0


async def test_a_turn_on_one_host_is_watched_and_cancelled_through_the_other(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    owner, other = installation({"BOOCODER_DATABASE_URL": dsn}, name="host 1"), installation(name="host 2")
    await asyncio.to_thread(owner.start)
    async with owner.client() as client:
        desk = ServiceHarness(client, project.path)
        created = await desk.queue("[[say words to see]] [[hang]]")
        await desk.follow(created, until=frames.DeltaFrame)
        await asyncio.to_thread(other.start, "--join", dsn)
        async with other.client() as far:
            remote = ServiceHarness(far, project.path)
            seen = await remote.follow(created, until=frames.DeltaFrame)
            assert text_of(seen)
            await remote.cancel(created)
            seen = await remote.follow(created)
            assert isinstance(seen[-1], frames.TurnEndedFrame) and seen[-1].outcome == "cancelled"
            assert text_of(seen) == await desk.answer(created) == "words to see"
    for host in (owner, other):
        assert await asyncio.to_thread(host.stop) == 0
    assert await violations(World(dsn, owner.data_dir)) == []


async def test_a_session_whose_host_is_gone_says_so_by_name(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    owner, other = (installation({"BOOCODER_DATABASE_URL": dsn}, name=f"host {n}") for n in (1, 2))
    await asyncio.to_thread(owner.start)
    async with owner.client() as client:
        created, _ = await ServiceHarness(client, project.path).run("[[write a.txt|one]]")
        (mine,) = await client.items("/api/hosts", HostInfo)
        assert (mine.alive, mine.current, mine.gone_at, mine.sessions) == (True, True, None, 1)
        assert "scripted" in mine.agents
        assert (await client.get(f"/api/sessions/{created.session_id}", Session)).absent_host is None
    assert await asyncio.to_thread(owner.stop) == 0
    await asyncio.to_thread(other.start)
    async with other.client() as client:
        desk = ServiceHarness(client, project.path)
        waiting = await desk.queue("[[say later]]", session=created.session_id)
        assert (await client.get(f"/api/sessions/{created.session_id}", Session)).absent_host == mine.name
        listed = {str(one.id): one for one in await client.items("/api/hosts", HostInfo)}
        gone = listed[str(mine.id)]
        assert (gone.alive, gone.current, gone.pending_tasks) == (False, False, 1) and gone.gone_at is not None
        with pytest.raises(Conflict, match=f"are on {mine.name}, which does not run") as refused:
            await client.post(f"/api/sessions/{created.session_id}/fork", Created, {})
        assert refused.value.code == "session_elsewhere"
        assert refused.value.cure.startswith(f"Start boocoder on {mine.name}. Or go on here: boocoder sessions adopt")
        (change,) = await desk.changes(created)
        for method, path in (
            ("GET", f"/api/changes/{change.id}/files"),
            ("GET", f"/api/changes/{change.id}/review"),
            ("POST", f"/api/changes/{change.id}/apply"),
            ("GET", f"/api/sessions/{created.session_id}/snapshots/compare"),
            ("POST", f"/api/sessions/{created.session_id}/rewind"),
        ):
            with pytest.raises(Conflict, match=f"are on {mine.name}") as refused:
                sides = {"from": "base", "to": "now"} if path.endswith("compare") else None
                await client.request(method, path, params=sides, body={"turns": 1} if path.endswith("rewind") else None)
            assert refused.value.code == "session_elsewhere", path
        shown = await asyncio.to_thread(other.run, "hosts")
        assert "1 task waits" in shown.stdout and mine.name in shown.stdout
        shown = await asyncio.to_thread(other.run, "tasks", "show", waiting.task_id)
        assert "It waits for a host. The files of this session are on" in shown.stdout
        assert f"Start boocoder on {mine.name}." in shown.stdout
        shown = await asyncio.to_thread(other.run, "sessions", "show", created.session_id)
        assert "does not run: its tasks wait" in shown.stdout
        await desk.cancel(waiting)
    assert await asyncio.to_thread(other.stop) == 0
