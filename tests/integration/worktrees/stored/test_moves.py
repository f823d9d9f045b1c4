"""Who goes on with a session, where several could or its host is busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import applies, changes, worktree_locks
from boocoder.db.tasks import hosts, takeovers
from boocoder.db.tasks.claim import claim_tasks
from boocoder.db.tasks.session_host import hold_session
from boocoder.errors import Conflict
from boocoder.model.change import ApplyState
from boocoder.model.task import ChangeState
from tests.fixtures.row_builders import LEASE_S, add_task, end
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness
from tests.integration.worktrees.stored.hosts import (
    OtherHost,
    commit_as_agent,
    die,
    other_host,
    turn,
    writer,
)


async def test_two_hosts_cannot_both_win(
    desk: WorktreeHarness, other: OtherHost, home: Database, dsn: str, tmp_path: Path
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    async with other_host(desk, dsn, tmp_path / "third") as third:
        await die(desk)
        async with home.connection() as conn:
            await conn.execute(
                "UPDATE hosts SET lease_until = now() - interval '1 h' WHERE id = $1", desk.owner.host_id
            )
        won = await asyncio.gather(*(host.adopter.adopt(desk.session_id, asked=False) for host in (other, third)))
    assert sorted(won) == [False, True]
    assert len([frame for host in (other, third) for frame in host.heard.notices() if frame == "taken_over"]) == 1


async def test_one_host_that_is_asked_twice_goes_on_once(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    head = commit_as_agent(desk, "Its own")
    await turn(desk, "two.txt")
    await writer(desk, home).store_all()
    adopter = other.adopter
    won = await asyncio.gather(*(adopter.adopt(desk.session_id, asked=True) for _ in range(3)))
    assert sorted(won) == [False, False, True]
    files = await other.make_worktree()
    assert desk.project.git("rev-parse", "HEAD", cwd=files).decode().strip() == head
    assert not list(files.parent.glob("*.kept-*"))


@pytest.mark.parametrize("busy", ["apply", "worktree"])
async def test_a_session_whose_host_works_on_it_stays_and_nothing_is_left_of_the_try(
    desk: WorktreeHarness, other: OtherHost, home: Database, busy: str
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    assert await other.adopter.adopt(desk.session_id, asked=True)
    (await other.make_worktree() / "unsaved.txt").write_text("kept")
    async with home.connection() as conn:
        if busy == "apply":
            await conn.execute(
                "INSERT INTO change_applies (change_id, project_id, pre_tree, post_tree)"
                " SELECT id, $2, base_tree, tree FROM pending_changes WHERE session_id = $1 AND state = 'pending'",
                desk.session_id,
                desk.place.project_id,
            )
        else:
            await conn.execute(
                "UPDATE session_worktrees SET busy_instance = $2, busy_why = 'rewind' WHERE session_id = $1",
                desk.session_id,
                other.owner.instance_id,
            )
    back = OtherHost(desk, home, desk.project, desk.owner, desk.shadows, desk.root, desk.heard)
    with pytest.raises(Conflict) as refused:
        await back.adopter.adopt(desk.session_id, asked=True)
    assert refused.value.code == "session_busy"
    assert not list(desk.files.parent.glob("*.kept-*")), "the files of before are in their place"
    assert (desk.files / "one.txt").exists()
    assert desk.project.git("status", "--porcelain", cwd=desk.files)


async def test_a_claim_and_a_move_at_one_moment_exclude_one_another(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    async with home.connection() as conn:
        await add_task(conn, desk.place)

    async def move() -> bool:
        async with other.database.transaction() as conn:
            assert await takeovers.lock_binding(conn, desk.session_id) is not None
            return await takeovers.move_session(
                conn,
                desk.session_id,
                before=desk.owner.host_id,
                host_id=other.owner.host_id,
                instance_id=other.owner.instance_id,
                asked=True,
                after_s=0.0,
            )

    for _ in range(40):
        async with home.connection() as conn:
            await conn.execute("UPDATE sessions SET host_id = $1", desk.owner.host_id)
            claim = claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S)
            claimed, moved = await asyncio.gather(claim, move())
            bound = await conn.fetchval("SELECT host_id FROM sessions")
            assert bool(claimed) != moved or (not claimed and not moved)
            assert bound == (other.owner.host_id if moved else desk.owner.host_id)
            for task in claimed:
                await end(conn, desk.owner, task)
                await add_task(conn, desk.place)


async def test_a_moved_session_is_claimed_by_its_new_host_only(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")
    await writer(desk, home).store_all()
    async with home.connection() as conn:
        await add_task(conn, desk.place)
        await hosts.drain_host(conn, desk.owner.host_id, drained=True)
        assert await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S) == []
        listed = await takeovers.list_takeovers(conn, other.owner.host_id, after_s=0.0, limit=5, retry_s=60.0)
        assert [one.session_id for one in listed] == [desk.session_id]
        await takeovers.put_failure(conn, desk.session_id, other.owner.host_id, "No.", "")
        assert await takeovers.list_takeovers(conn, other.owner.host_id, after_s=0.0, limit=5, retry_s=60.0) == []
        (mine,) = await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S)
        await end(conn, desk.owner, mine)
        await add_task(conn, desk.place)
    assert await other.adopter.adopt(desk.session_id, asked=False)
    async with home.connection() as conn:
        await hosts.drain_host(conn, desk.owner.host_id, drained=False)
        assert await claim_tasks(conn, desk.owner.host_id, desk.owner.instance_id, 8, LEASE_S) == []
        assert len(await claim_tasks(conn, other.owner.host_id, other.owner.instance_id, 8, LEASE_S)) == 1


async def blocked_or_done(conn: Connection, task: asyncio.Task[object]) -> bool:
    """Whether `task` waits for a lock; False once it ended without."""
    deadline = time.monotonic() + 20
    while not task.done():
        if await conn.fetchval(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database()"
        ):
            return True
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    return False


async def move_now(conn: Connection, desk: WorktreeHarness, other: OtherHost) -> bool:
    await takeovers.lock_binding(conn, desk.session_id)
    return await takeovers.move_session(
        conn, desk.session_id, before=desk.owner.host_id, host_id=other.owner.host_id,
        instance_id=other.owner.instance_id, asked=True, after_s=0.0,
    )  # fmt: skip


async def begin_lock(desk: WorktreeHarness, conn: Connection) -> bool:
    held = await hold_session(conn, desk.session_id)
    return await worktree_locks.lock_worktree(held, desk.owner.instance_id, desk.owner.host_id, "rewind")


async def begin_rewind(desk: WorktreeHarness, conn: Connection) -> bool:
    held = await desk.locks.hold(conn, desk.session_id)
    snapshot = await conn.fetchval("SELECT id FROM snapshots LIMIT 1")
    return await worktree_locks.begin_rewind(held, snapshot)


async def begin_update(desk: WorktreeHarness, conn: Connection) -> bool:
    tree = await conn.fetchval("SELECT base_tree FROM session_worktrees")
    return await changes.begin_update(await desk.locks.hold(conn, desk.session_id), tree, tree)


async def begin_apply(desk: WorktreeHarness, conn: Connection) -> bool:
    change = await conn.fetchrow("SELECT id, base_tree, tree FROM pending_changes WHERE state = 'pending'")
    held = await hold_session(conn, desk.session_id)
    place = (desk.place.project_id, desk.owner.host_id)
    return await applies.begin_apply(held, change["id"], *place, change["base_tree"], change["tree"])


async def begin_revert(desk: WorktreeHarness, conn: Connection) -> bool:
    change = await conn.fetchrow("SELECT id, base_tree, tree FROM pending_changes")
    held = await hold_session(conn, desk.session_id)
    return await applies.begin_revert(held, change["id"], change["tree"], change["base_tree"])


Begin = Callable[[WorktreeHarness, Connection], Awaitable[bool]]


async def applied(desk: WorktreeHarness) -> None:
    """An apply that has ended."""
    async with desk.database.transaction() as conn:
        assert await begin_apply(desk, conn)
        change_id = await conn.fetchval("SELECT id FROM pending_changes")
        await applies.end_apply(conn, change_id, ApplyState.DONE)
        await changes.decide_change(conn, change_id, ChangeState.APPLIED)


@pytest.mark.parametrize("begin", [begin_lock, begin_rewind, begin_update])
async def test_work_on_files_that_begins_while_its_session_moves_is_refused(
    desk: WorktreeHarness, other: OtherHost, home: Database, begin: Begin
) -> None:
    await turn(desk, "one.txt")

    async def begun() -> bool:
        async with desk.database.transaction() as conn:
            return await begin(desk, conn)

    async with home.connection() as watching, other.database.transaction() as moving:
        assert await move_now(moving, desk, other)
        work = asyncio.create_task(begun())
        assert await blocked_or_done(watching, work), "it did not wait for the move"
    if begin is begin_lock:
        assert not await work
    else:
        with pytest.raises(Conflict) as refused:
            await work
        assert refused.value.code == "session_elsewhere"


@pytest.mark.parametrize("begin", [begin_lock, begin_apply, begin_revert])
async def test_a_session_does_not_move_while_work_on_it_begins(
    desk: WorktreeHarness, other: OtherHost, home: Database, begin: Begin
) -> None:
    await turn(desk, "one.txt")
    if begin is begin_revert:
        await applied(desk)

    async def move() -> bool:
        async with other.database.transaction() as conn:
            return await move_now(conn, desk, other)

    async with home.connection() as watching, desk.database.transaction() as working:
        assert await begin(desk, working)
        moving = asyncio.create_task(move())
        assert await blocked_or_done(watching, moving), "the move did not wait"
    assert not await moving


async def test_an_apply_that_begins_while_its_session_moves_waits_and_then_holds_the_session(
    desk: WorktreeHarness, other: OtherHost, home: Database
) -> None:
    await turn(desk, "one.txt")

    async def apply() -> bool:
        async with desk.database.transaction() as conn:
            return await begin_apply(desk, conn)

    async with home.connection() as watching, other.database.transaction() as moving:
        assert await move_now(moving, desk, other)
        work = asyncio.create_task(apply())
        assert await blocked_or_done(watching, work), "it did not wait for the move"
    assert await work
    async with home.connection() as conn:
        assert [one.session_id for one in await applies.list_writing_applies(conn, desk.owner.host_id)] == [
            desk.session_id
        ]
        assert await applies.list_writing_applies(conn, other.owner.host_id) == []
        assert await conn.fetchval("SELECT is_worked_on($1)", desk.session_id)
