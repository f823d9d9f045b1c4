"""Which host claims a task: the one that has its session's files, else one that has its project and its agent."""

from __future__ import annotations

import pytest

from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import start_points
from boocoder.db.tasks import hosts
from boocoder.db.tasks.claim import claim_tasks
from boocoder.errors import Conflict
from boocoder.model.agent import AgentState
from boocoder.model.ids import HostId, InstanceId, SessionId, TaskId, new_id
from tests.fixtures.row_builders import (
    LEASE_S,
    Owner,
    add_host,
    add_place,
    add_running,
    add_task,
    end,
    end_lease,
    offer,
)


async def taken(conn: Connection, host: Owner, *, substitute: bool = False) -> list[TaskId]:
    """What a host claims; it is ended at once, so that the next claim finds what is left."""
    claimed = await claim_tasks(conn, host.host_id, host.instance_id, 100, LEASE_S, substitute=substitute)
    for task in claimed:
        await end(conn, host, task)
    return [task.id for task in claimed]


async def add_worktree(conn: Connection, session_id: SessionId) -> None:
    await conn.execute(
        "INSERT INTO session_worktrees VALUES ($1, '/worktree', repeat('a', 40), repeat('b', 40), 'ready')", session_id
    )


async def test_thirty_tasks_of_a_project_that_one_host_has(database: Database) -> None:
    async with database.connection() as conn:
        has, lacks, other = [await add_host(conn) for _ in range(3)]
        first = await add_place(conn)
        await offer(conn, has, first.project_id)
        await offer(conn, lacks, first.project_id, project="missing")
        await offer(conn, other, first.project_id, project="other_repository")
        made = [await add_task(conn, await add_place(conn, first.project_id)) for _ in range(30)]
        assert await taken(conn, lacks) == await taken(conn, other) == []
        assert await taken(conn, has) == made


async def test_twenty_tasks_of_an_agent_that_one_host_has(database: Database) -> None:
    async with database.connection() as conn:
        has, lacks = await add_host(conn), await add_host(conn)
        first = await add_place(conn)
        await offer(conn, has, first.project_id)
        await offer(conn, lacks, first.project_id, state=AgentState.UNAVAILABLE)
        made = [await add_task(conn, await add_place(conn, first.project_id)) for _ in range(20)]
        assert await taken(conn, lacks) == []
        assert await taken(conn, has) == made


async def test_what_no_host_can_run_waits_until_one_can(database: Database) -> None:
    async with database.connection() as conn:
        project_here, agent_here = await add_host(conn), await add_host(conn)
        place = await add_place(conn)
        task = await add_task(conn, place)
        await offer(conn, project_here, place.project_id, state=AgentState.ERROR)
        await offer(conn, agent_here, place.project_id, project="missing")
        assert await taken(conn, project_here) == await taken(conn, agent_here) == []
        assert await taken(conn, agent_here, substitute=True) == [], "another agent does not bring the project"
        await offer(conn, agent_here, place.project_id)
        assert await taken(conn, project_here) == []
        assert await taken(conn, agent_here) == [task]


async def test_a_substitute_agent_is_used_only_where_no_host_has_the_agent(database: Database) -> None:
    async with database.connection() as conn:
        with_substitute, other = await add_host(conn), await add_host(conn)
        place = await add_place(conn)
        task = await add_task(conn, place)
        await offer(conn, with_substitute, place.project_id, agent="another")
        await offer(conn, other, place.project_id)
        assert await taken(conn, with_substitute, substitute=True) == []
        await offer(conn, other, place.project_id, state=AgentState.UNAVAILABLE)
        assert await taken(conn, with_substitute, substitute=True) == [task]


async def test_a_host_that_runs_alone_takes_what_it_lacks_to_say_so(database: Database) -> None:
    async with database.connection() as conn:
        alone, gone = await add_host(conn), await add_host(conn)
        await end_lease(conn, gone)
        task = await add_task(conn, await add_place(conn))
        assert await taken(conn, alone) == [task]


async def test_a_host_that_runs_alone_leaves_a_task_to_one_that_could_until_that_is_removed(database: Database) -> None:
    async with database.connection() as conn:
        alone, gone = await add_host(conn), await add_host(conn)
        place = await add_place(conn)
        await offer(conn, gone, place.project_id)
        await end_lease(conn, gone)
        task = await add_task(conn, place)
        assert await taken(conn, alone) == []
        with pytest.raises(Conflict, match="runs"):
            await hosts.remove_host(conn, alone.host_id)
        assert list((await hosts.remove_host(conn, gone.host_id)).projects) == ["project"]
        assert [host.id for host in await hosts.get_hosts(conn)] == [alone.host_id]
        assert await taken(conn, alone) == [task]
        await hosts.register_host(conn, gone.host_id, gone.instance_id, "test", 1, LEASE_S)
        assert len(await hosts.get_hosts(conn)) == 2, "a start brings it back"


async def test_a_session_stays_with_its_files_and_leaves_a_dead_host_without_any(database: Database) -> None:
    async with database.connection() as conn:
        alive, dead = await add_host(conn), await add_host(conn)
        kept, free = await add_place(conn), await add_place(conn)
        for place in (kept, free):
            for host in (alive, dead):
                await offer(conn, host, place.project_id)
            await end(conn, dead, await add_running(conn, dead, place))
        await add_worktree(conn, kept.session_id)
        await add_task(conn, kept)
        moved = await add_task(conn, free)
        assert await taken(conn, alive) == [], "its host runs"
        await end_lease(conn, dead)
        assert await taken(conn, alive) == [moved]
        bound = await conn.fetchval("SELECT host_id FROM sessions WHERE id = $1", free.session_id)
        assert bound == alive.host_id


async def test_a_start_is_used_by_the_host_that_looked_it_up_while_that_can(database: Database) -> None:
    async with database.connection() as conn:
        asked, other = await add_host(conn), await add_host(conn)
        places = [await add_place(conn) for _ in range(2)]
        for place in places:
            await start_points.set_start(
                conn, place.session_id, start_from="topic", start_dirty=False, host_id=asked.host_id
            )
            for host in (asked, other):
                await offer(conn, host, place.project_id)
        first = await add_task(conn, places[0])
        assert await taken(conn, other) == []
        assert await taken(conn, asked) == [first]
        second = await add_task(conn, places[1])
        await end_lease(conn, asked)
        assert await taken(conn, other) == [second]


async def test_a_drained_host_takes_no_new_session_and_goes_on_with_its_own(database: Database) -> None:
    async with database.connection() as conn:
        drained, other = await add_host(conn), await add_host(conn)
        own, fresh = await add_place(conn), await add_place(conn)
        for place in (own, fresh):
            for host in (drained, other):
                await offer(conn, host, place.project_id)
        await end(conn, drained, await add_running(conn, drained, own))
        assert (await hosts.drain_host(conn, drained.host_id, drained=True)).drained_at is not None
        follow_up, new = await add_task(conn, own), await add_task(conn, fresh)
        assert await taken(conn, drained) == [follow_up]
        assert await taken(conn, other) == [new]
        assert (await hosts.drain_host(conn, drained.host_id, drained=False)).drained_at is None
        last = await add_task(conn, await add_place(conn, fresh.project_id))
        assert await taken(conn, drained) == [last]


async def preferred_host(conn: Connection, preference: int, max_turns: int = 1) -> Owner:
    owner = Owner(HostId(new_id()), InstanceId(new_id()))
    await hosts.register_host(
        conn, owner.host_id, owner.instance_id, "test", 1, LEASE_S, preference=preference, max_turns=max_turns
    )
    return owner


async def test_new_sessions_go_to_a_preferred_host_while_it_has_room(database: Database) -> None:
    async with database.connection() as conn:
        plain, wanted = await add_host(conn), await preferred_host(conn, 5, max_turns=2)
        places = [await add_place(conn) for _ in range(4)]
        for place in places:
            for host in (plain, wanted):
                await offer(conn, host, place.project_id)
        queued = [await add_task(conn, place) for place in places[:3]]
        assert await taken(conn, plain) == [], "the other one has room"
        running = await claim_tasks(conn, wanted.host_id, wanted.instance_id, 2, LEASE_S)
        assert [task.id for task in running] == queued[:2]
        assert await taken(conn, plain) == queued[2:], "it is full"
        await end(conn, wanted, running[0])
        last = await add_task(conn, places[3])
        assert await taken(conn, plain) == []
        await hosts.drain_host(conn, wanted.host_id, drained=True)
        assert await taken(conn, plain) == [last], "it is drained"


async def test_nobody_waits_for_a_preferred_host_that_cannot_or_must_not(database: Database) -> None:
    async with database.connection() as conn:
        plain, unable, gone = await add_host(conn), await preferred_host(conn, 5), await preferred_host(conn, 9)
        place, looked_up = await add_place(conn), await add_place(conn)
        for one in (place, looked_up):
            await offer(conn, plain, one.project_id)
            await offer(conn, gone, one.project_id)
        await offer(conn, unable, looked_up.project_id)
        await end_lease(conn, gone)
        task = await add_task(conn, place)
        assert await taken(conn, plain) == [task]
        await start_points.set_start(
            conn, looked_up.session_id, start_from="topic", start_dirty=False, host_id=plain.host_id
        )
        second = await add_task(conn, looked_up)
        assert await taken(conn, unable) == [], "the start is on the host that looked it up"
        assert await taken(conn, plain) == [second]
