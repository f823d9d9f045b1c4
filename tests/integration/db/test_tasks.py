"""The moves of a task: each is allowed from its states only, and a stale epoch or instance moves nothing."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import attempts, hosts, tasks
from boocoder.db.tasks.claim import claim_tasks, get_running_task
from boocoder.errors import LeaseLost, NotFound
from boocoder.model.ids import InstanceId, TaskId, new_id
from boocoder.model.task import TaskState
from boocoder.model.turn import TurnError
from tests.fixtures.row_builders import LEASE_S, add_host, add_place, add_running, add_task, end

FINAL = [state for state in TaskState if state.final]


async def test_cancel_of_a_waiting_task_ends_it(database: Database) -> None:
    async with database.connection() as conn:
        task_id = await add_task(conn, await add_place(conn))
        assert await tasks.request_cancel(conn, task_id) is TaskState.CANCELLED
        task = await tasks.get_task(conn, task_id)
    assert task.state is TaskState.CANCELLED
    assert task.ended_at is not None
    assert task.started_at is None


async def test_cancel_of_a_running_task_asks_it_to_end(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        assert await tasks.request_cancel(conn, running.id) is TaskState.RUNNING
        first = await tasks.get_task(conn, running.id)
        assert await tasks.request_cancel(conn, running.id) is TaskState.RUNNING
        second = await tasks.get_task(conn, running.id)
        again = await get_running_task(conn, running.id)
    assert first.cancel_requested_at is not None
    assert second.cancel_requested_at == first.cancel_requested_at
    assert again is not None
    assert again.cancel_requested_at == first.cancel_requested_at


@pytest.mark.parametrize("state", FINAL)
async def test_cancel_of_a_final_task_changes_nothing(database: Database, state: TaskState) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        await end(conn, host, running, state)
        before = await tasks.get_task(conn, running.id)
        assert await tasks.request_cancel(conn, running.id) is state
        assert await tasks.get_task(conn, running.id) == before


async def test_cancel_of_an_unknown_task_is_named(database: Database) -> None:
    async with database.connection() as conn:
        with pytest.raises(NotFound) as caught:
            await tasks.request_cancel(conn, TaskId(new_id()))
    assert caught.value.code == "task_not_found"


async def test_cancel_against_claim_ends_in_one_state(database: Database) -> None:
    """The task is either cancelled unclaimed, or runs and is asked to end. Never both, never neither."""
    async with database.connection() as conn:
        host = await add_host(conn)
        place = await add_place(conn)
    outcomes = set()
    for round_number in range(60):
        async with database.connection() as conn:
            task_id = await add_task(conn, place)

        async def claim() -> int:
            async with database.connection() as conn:
                return len(await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S))

        async def cancel(task_id: TaskId = task_id) -> TaskState:
            async with database.connection() as conn:
                return await tasks.request_cancel(conn, task_id)

        pair = (claim(), cancel()) if round_number % 2 else (cancel(), claim())
        results = await asyncio.gather(*pair)
        claimed, state = results if round_number % 2 else results[::-1]
        assert (claimed, state) in ((0, TaskState.CANCELLED), (1, TaskState.RUNNING))
        outcomes.add(state)
        async with database.connection() as conn:
            task = await tasks.get_task(conn, task_id)
            assert task.cancel_requested_at is not None
            assert task.state is state
            if claimed:
                assert await tasks.finish_task(conn, task_id, 1, TaskState.CANCELLED)
    assert outcomes


@pytest.mark.parametrize("state", FINAL)
async def test_a_running_task_ends_once(database: Database, state: TaskState) -> None:
    error = None if state is TaskState.COMPLETED else TurnError("why", "what happened", "what to do")
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        assert not await tasks.finish_task(conn, running.id, running.epoch + 1, state)
        assert await tasks.finish_task(
            conn, running.id, running.epoch, state, error=error, summary="s" * 10_000, usage=b'{"input_tokens":3}'
        )
        task = await tasks.get_task(conn, running.id)
        for other in FINAL:
            assert not await tasks.finish_task(conn, running.id, running.epoch, other)
        assert await tasks.get_task(conn, running.id) == task
    assert task.state is state
    assert (task.error_code, task.error_text, task.error_cure) == (
        (None, None, None) if error is None else (error.code, error.text, error.cure)
    )
    assert task.usage is not None
    assert bytes(task.usage) == b'{"input_tokens": 3}'
    assert task.summary == "s" * 500


async def test_requeue_only_while_the_prompt_was_not_sent(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        first = await add_running(conn, host, await add_place(conn))
        assert not await tasks.requeue_task(conn, first.id, first.epoch + 1)
        async with conn.transaction():
            assert await tasks.requeue_task(conn, first.id, first.epoch)
            assert await attempts.end_attempt(conn, first.id, 1, host.instance_id, TaskState.PENDING)
        assert (await tasks.get_task(conn, first.id)).state is TaskState.PENDING
        second = (await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S))[0]
        assert (second.id, second.epoch) == (first.id, 2)
        mark = await attempts.mark_prompt_sent(conn, second.id, 2, host.instance_id)
        assert mark is not None and not mark.steers_wait
        assert not await tasks.requeue_task(conn, second.id, 2)
        assert (await tasks.get_task(conn, first.id)).state is TaskState.RUNNING


@pytest.mark.parametrize(("epoch", "mine"), [(1, False), (2, True), (0, True)])
async def test_guarded_writes_refuse_another_epoch_or_instance(database: Database, epoch: int, mine: bool) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        instance_id = host.instance_id if mine else InstanceId(new_id())
        assert not await attempts.mark_prompt_sent(conn, running.id, epoch, instance_id)
        assert not await attempts.end_attempt(conn, running.id, epoch, instance_id, TaskState.FAILED)
        with pytest.raises(LeaseLost):
            await attempts.hold_attempt(conn, running.id, epoch, instance_id)
        again = await get_running_task(conn, running.id)
    assert again is not None
    assert again.prompt_sent_at is None


async def test_an_ended_attempt_takes_no_more_writes(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        key = (running.id, running.epoch, host.instance_id)
        await attempts.hold_attempt(conn, *key)
        assert await attempts.end_attempt(conn, *key, TaskState.COMPLETED)
        assert not await attempts.end_attempt(conn, *key, TaskState.FAILED)
        assert not await attempts.mark_prompt_sent(conn, *key)
        with pytest.raises(LeaseLost):
            await attempts.hold_attempt(conn, *key)


async def test_leases_are_renewed_for_the_owner_only(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn, ttl_s=0.0)
        running = await add_running(conn, host, await add_place(conn))
        ended = await add_running(conn, host, await add_place(conn))
        await end(conn, host, ended)
        assert await hosts.renew_leases(conn, host.host_id, host.instance_id, 60.0) == [(running.id, 1)]
        assert [row.alive for row in await hosts.get_hosts(conn)] == [True]
        successor = InstanceId(new_id())
        await hosts.register_host(conn, host.host_id, successor, "test", 2, 60.0)
        with pytest.raises(LeaseLost):
            await hosts.renew_leases(conn, host.host_id, host.instance_id, 60.0)
        assert await hosts.renew_leases(conn, host.host_id, successor, 60.0) == []
        assert not await hosts.stop_host(conn, host.host_id, host.instance_id)
        assert await hosts.stop_host(conn, host.host_id, successor)
        assert [row.alive for row in await hosts.get_hosts(conn)] == [False]
        with pytest.raises(LeaseLost):
            await hosts.renew_leases(conn, host.host_id, successor, 60.0)


async def expire(conn: Connection, seconds: float) -> None:
    await conn.execute("UPDATE attempts SET lease_until = now() - make_interval(secs => $1)", seconds)


async def test_lost_attempts_are_my_hosts_older_ones_and_run_out_leases(database: Database) -> None:
    async with database.connection() as conn:
        host, other = await add_host(conn), await add_host(conn)
        mine = await add_running(conn, host, await add_place(conn))
        successor = InstanceId(new_id())

        async def lost(host_id: object, instance_id: InstanceId, grace_s: float) -> list[TaskId]:
            rows = await attempts.list_lost_attempts(conn, host_id, instance_id, grace_s)  # type: ignore[arg-type]
            return [row.task_id for row in rows]

        assert await lost(host.host_id, host.instance_id, 0.0) == []
        assert await lost(host.host_id, successor, 0.0) == [mine.id]
        assert await lost(other.host_id, other.instance_id, 0.0) == []
        await expire(conn, 10.0)
        assert await lost(other.host_id, other.instance_id, 30.0) == []
        assert await lost(other.host_id, other.instance_id, 5.0) == [mine.id]
        assert await lost(host.host_id, host.instance_id, 0.0) == []


async def test_one_of_many_hosts_takes_an_attempt_over(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        hosts = [await add_host(conn) for _ in range(5)]
        assert not await attempts.take_over_attempt(conn, running.id, 1, hosts[0].host_id, hosts[0].instance_id, 60.0)
        await expire(conn, 1.0)

    async def take(number: int) -> bool:
        async with database.connection() as conn:
            host = hosts[number]
            return await attempts.take_over_attempt(conn, running.id, 1, host.host_id, host.instance_id, 60.0)

    won = await asyncio.gather(*(take(number) for number in range(5)))
    assert sum(won) == 1
    winner = hosts[won.index(True)]
    async with database.connection() as conn:
        assert not await attempts.end_attempt(conn, running.id, 1, host.instance_id, TaskState.FAILED)
        assert await attempts.end_attempt(conn, running.id, 1, winner.instance_id, TaskState.INTERRUPTED)


async def test_a_successor_takes_over_at_once(database: Database) -> None:
    async with database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        successor = InstanceId(new_id())
        assert not await attempts.take_over_attempt(conn, running.id, 1, host.host_id, host.instance_id, 60.0)
        assert await attempts.take_over_attempt(conn, running.id, 1, host.host_id, successor, 60.0)
        assert await attempts.mark_prompt_sent(conn, running.id, 1, successor)


async def test_pages_of_tasks_cover_all_once(database: Database) -> None:
    async with database.connection() as conn:
        here, there = await add_place(conn), await add_place(conn)
        made = [
            await add_task(conn, place, prompt="p" * 600)
            for place in itertools.islice(itertools.cycle((here, there)), 7)
        ]
        await tasks.request_cancel(conn, made[0])
        seen, before = [], None
        while page := await tasks.list_tasks(conn, limit=3, before=before):
            seen += page
            before = page[-1].id
        assert [task.id for task in seen] == made[::-1]
        assert {(len(task.prompt), task.prompt_chars) for task in seen} == {(500, 600)}
        found = await tasks.list_tasks(conn, states=[TaskState.PENDING], session_id=here.session_id)
        assert [task.id for task in found] == [made[6], made[4], made[2]]
        counts = await tasks.count_tasks(conn)
        assert (counts.pending, counts.running) == (6, 0)
        assert (await tasks.count_tasks(conn, here.session_id)).pending == 3
