"""Claiming: nothing twice, nothing lost, one at a time in a session, in order, and no session starves another."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field

from boocoder.db.core.pool import Connection, Database
from boocoder.db.core.statements import load_statements
from boocoder.db.registry.project_settings import put_project_settings
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks, get_running_task
from boocoder.model.ids import HostId, InstanceId, SessionId, TaskId, new_id
from boocoder.model.task import TaskState
from boocoder.wire.projects import ProjectSettings
from tests.fixtures.row_builders import LEASE_S, Owner, add_host, add_place, add_running, add_task, end

CLAIMERS = 16
SESSIONS = 40
TASKS = 2_000
SHORT_LINE, LONG_LINE = 20, 420  # sessions that wait


@dataclass
class Watch:
    """What the claimers saw, for the judgement afterwards."""

    order: dict[SessionId, list[int]] = field(default_factory=dict)
    times: Counter[TaskId] = field(default_factory=Counter)
    running: set[SessionId] = field(default_factory=set)
    overlaps: int = 0

    def begin(self, task: ClaimedTask) -> None:
        self.overlaps += task.session_id in self.running
        self.running.add(task.session_id)
        self.times[task.id] += 1
        self.order.setdefault(task.session_id, []).append(task.ord)

    @property
    def done(self) -> int:
        return sum(self.times.values())


async def work(database: Database, host_id: HostId, watch: Watch) -> None:
    owner = Owner(host_id, InstanceId(new_id()))
    while watch.done < TASKS:
        async with database.connection() as conn:
            claimed = await claim_tasks(conn, host_id, owner.instance_id, random.randint(1, 4), LEASE_S)
        for task in claimed:
            watch.begin(task)
        for task in claimed:
            watch.running.discard(task.session_id)
            async with database.transaction() as conn:
                await end(conn, owner, task)
        await asyncio.sleep(0)


async def test_sixteen_claimers_take_every_task_once_in_order(dsn: str) -> None:
    database = Database(dsn=dsn, size=CLAIMERS)
    await database.open()
    watch = Watch()
    try:
        async with database.transaction() as conn:
            host = await add_host(conn)
            places = [await add_place(conn) for _ in range(SESSIONS)]
            for number in range(TASKS):
                await add_task(conn, places[number % SESSIONS])
        async with asyncio.timeout(90):
            await asyncio.gather(*(work(database, host.host_id, watch) for _ in range(CLAIMERS)))
        async with database.connection() as conn:
            left = await tasks.count_tasks(conn)
            wrong = await conn.fetch("SELECT id FROM tasks WHERE state <> 'completed' OR epoch <> 1")
    finally:
        await database.close()
    assert (left.pending, left.running) == (0, 0)
    assert wrong == []
    assert len(watch.times) == TASKS
    assert set(watch.times.values()) == {1}
    assert watch.overlaps == 0
    assert all(seen == sorted(seen) for seen in watch.order.values())


async def test_a_long_queue_does_not_delay_another_session(database: Database) -> None:
    async with database.transaction() as conn:
        host = await add_host(conn)
        busy, quiet = await add_place(conn), await add_place(conn)
        for _ in range(1_000):
            await add_task(conn, busy)
        last = await add_task(conn, quiet)
    async with database.connection() as conn:
        claimed = await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S)
    assert len(claimed) == 2
    assert last in {task.id for task in claimed}


async def test_priority_first_then_order_of_arrival(database: Database) -> None:
    async with database.transaction() as conn:
        host = await add_host(conn)
        places = [await add_place(conn) for _ in range(3)]
        early = await add_task(conn, places[0])
        late = await add_task(conn, places[1])
        urgent = await add_task(conn, places[2], priority=5)
    taken = []
    for _ in range(3):
        async with database.connection() as conn:
            taken += await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)
    assert [task.id for task in taken] == [urgent, early, late]


async def test_priority_does_not_overtake_inside_a_session(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)
        first = await add_task(conn, place)
        await add_task(conn, place, priority=100)
        claimed = await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S)
    assert [task.id for task in claimed] == [first]


async def test_a_host_takes_its_own_and_unassigned_sessions_only(database: Database) -> None:
    async with database.connection() as conn:
        mine, other = await add_host(conn), await add_host(conn)
        place = await add_place(conn)
        task = await add_running(conn, mine, place)
        await end(conn, mine, task)
        await add_task(conn, place)
        assert await claim_tasks(conn, other.host_id, other.instance_id, 8, LEASE_S) == []
        assert len(await claim_tasks(conn, mine.host_id, mine.instance_id, 8, LEASE_S)) == 1


async def test_a_claim_carries_what_a_turn_needs(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)
        await conn.execute(
            "INSERT INTO agent_sessions (chat_id, agent, backend, native_id, config_hash, seen_message_ord)"
            " VALUES ($1, 'scripted', 'scripted', 'native', 'hash', 7)",
            place.chat_id,
        )
        await conn.execute(
            "INSERT INTO session_worktrees VALUES ($1, '/worktree', repeat('a', 40), repeat('b', 40), 'ready')",
            place.session_id,
        )
        task = await add_running(conn, host, place)
        assert await get_running_task(conn, task.id) == task
        assert task.redact
        await put_project_settings(conn, ProjectSettings(place.project_id, redact=False))
        shown = await get_running_task(conn, task.id)
        assert shown is not None and not shown.redact
    assert (task.session_id, task.chat_id, task.epoch) == (place.session_id, place.chat_id, 1)
    assert (task.native_id, task.config_hash, task.seen_message_ord) == ("native", "hash", 7)
    assert (task.worktree_path, task.base_commit, task.worktree_state) == ("/worktree", "a" * 40, "ready")
    assert task.project_path == f"/projects/{place.project_id}"
    assert task.prompt_sent_at is None


async def test_a_lost_race_is_tried_again(database: Database) -> None:
    """Two claimers see different heads, as an earlier task becomes visible late: the second finds the first's."""
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)
    async with database.transaction() as first:
        async with database.transaction() as slow:
            earlier = await add_task(slow, place)
            later = await add_running(first, host, place)
        claim = asyncio.create_task(claim_one(database, host))
        await wait_for_blocked_backend(database)
    assert await claim == []
    async with database.transaction() as conn:
        await end(conn, host, later)
    assert [task.id for task in await claim_one(database, host)] == [earlier]


async def test_an_update_of_the_sessions_row_does_not_hide_its_task(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)
        task = await add_task(conn, place)
        await conn.execute("UPDATE sessions SET host_id = $1", host.host_id)
    async with database.transaction() as seen:
        await seen.execute("UPDATE sessions SET seen_at = now()")
        assert [one.id for one in await claim_one(database, host)] == [task]


async def claim_one(database: Database, host: Owner) -> list[ClaimedTask]:
    async with database.connection() as conn:
        return await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)


async def wait_for_blocked_backend(database: Database) -> None:
    """Until some statement waits for a lock."""
    async with asyncio.timeout(60), database.connection() as conn:
        while not await conn.fetch("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            await asyncio.sleep(0.005)


async def claim_pages(conn: Connection, host: Owner) -> int:
    """Pages that the prepared claim touches, once the server has settled on a plan for all parameters."""
    run = (
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE claim ('{host.host_id}', '{host.instance_id}', 8, 60, false)"
    )
    pages = 0
    for _ in range(7):
        plan = json.loads((await conn.fetchrow(run))[0])[0]["Plan"]
        pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        await conn.execute("UPDATE attempts SET ended_at = now(), outcome = 'pending' WHERE ended_at IS NULL")
        await conn.execute("UPDATE tasks SET state = 'pending' WHERE state = 'running'")
    return pages


async def test_claim_cost_does_not_grow_with_a_sessions_queue(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        text = load_statements("tasks")["claim_tasks"]
        await conn.execute(f"PREPARE claim (uuid, uuid, bigint, float8, boolean) AS {text}")
        await claim_pages(conn, host)  # the plan is made on empty tables
        place = await add_place(conn)
        for _ in range(3):
            await add_task(conn, place)
        short = await claim_pages(conn, host)
        await conn.execute(
            "INSERT INTO tasks (id, project_id, session_id, chat_id, prompt, agent)"
            " SELECT gen_random_uuid(), $1, $2, $3, 'do it', 'scripted' FROM generate_series(1, 100000)",
            place.project_id,
            place.session_id,
            place.chat_id,
        )
        long = await claim_pages(conn, host)
    assert long < short + 50


async def test_claim_looks_at_one_index_entry_of_a_waiting_session_that_is_not_its_turn(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        text = load_statements("tasks")["claim_tasks"]
        await conn.execute(f"PREPARE claim (uuid, uuid, bigint, float8, boolean) AS {text}")
        place = await add_place(conn)
        for number in range(SHORT_LINE):
            await add_task(conn, place if number == 0 else await add_place(conn, place.project_id))
        short = await claim_pages(conn, host)
        for _ in range(LONG_LINE - SHORT_LINE):
            await add_task(conn, await add_place(conn, place.project_id))
        long = await claim_pages(conn, host)
    assert (long - short) / (LONG_LINE - SHORT_LINE) < 4.5, "the way down the index, and the row"


async def test_finished_tasks_do_not_come_back(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)
        for state in (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELLED, TaskState.INTERRUPTED):
            await end(conn, host, await add_running(conn, host, place), state)
        assert await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S) == []


async def test_projects_share_what_is_free_whatever_they_queue(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        first = await add_place(conn)
        many = [first, *[await add_place(conn, first.project_id) for _ in range(5)]]
        for place in many:
            await add_task(conn, place)
        one = await add_place(conn)
        late = await add_task(conn, one)
        begun = await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)
        assert [task.project_id for task in begun] == [first.project_id], "in the order of arrival where nothing runs"
        assert [task.id for task in await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)] == [late]
        next_one = await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)
        assert [task.session_id for task in next_one] == [many[1].session_id]


async def test_a_higher_priority_goes_before_a_projects_share(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        busy = await add_place(conn)
        await add_running(conn, host, busy)
        urgent = await add_task(conn, await add_place(conn, busy.project_id), priority=5)
        await add_task(conn, await add_place(conn))
        assert [task.id for task in await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)] == [urgent]
