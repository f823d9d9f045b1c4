"""The words for why a task waits follow the rules by which hosts claim tasks."""

from __future__ import annotations

import random

from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import claim_tasks
from boocoder.model.agent import AgentState
from boocoder.model.ids import TaskId
from boocoder.placement.waiting import explain_queued, explain_waiting
from tests.fixtures.row_builders import LEASE_S, Owner, add_host, add_place, add_task, end_lease, offer

WORLDS = 150
REASONS = {"host_absent", "able_host_absent", "no_host_can"}


async def make_world(conn: Connection, chance: random.Random) -> tuple[list[Owner], TaskId]:
    """Up to three hosts in any state, and a task of a session that is new or bound to one of them."""
    place = await add_place(conn)
    task_id = await add_task(conn, place)
    owners = [await add_host(conn) for _ in range(chance.randint(1, 3))]
    for owner in owners:
        if chance.random() < 0.9:
            project = chance.choice(("ready", "ready", "missing", "other_repository"))
            state = chance.choice((AgentState.READY, AgentState.READY, AgentState.UNAVAILABLE, AgentState.LOADING))
            await offer(conn, owner, place.project_id, state=state, project=project)
        if chance.random() < 0.15:
            await conn.execute("UPDATE hosts SET drained_at = now() WHERE id = $1", owner.host_id)
    if chance.random() < 0.6:
        bound = chance.choice(owners).host_id
        await conn.execute("UPDATE sessions SET host_id = $1 WHERE id = $2", bound, place.session_id)
        if chance.random() < 0.6:
            await conn.execute(
                "INSERT INTO session_worktrees VALUES ($1, '/w', repeat('a', 40), repeat('b', 40), 'ready')",
                place.session_id,
            )
    for owner in owners[1:]:
        if chance.random() < 0.5:
            await end_lease(conn, owner)
            if chance.random() < 0.3:
                await conn.execute("UPDATE hosts SET removed_at = now() WHERE id = $1", owner.host_id)
    return owners, task_id


async def test_a_task_waits_for_a_host_exactly_when_no_host_claims_it(database: Database) -> None:
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    seen: set[str] = set()
    for number in range(10 * WORLDS):
        if number >= WORLDS and seen == REASONS:  # a few of 1,000 seeds meet one of them late
            break
        async with database.connection() as conn:
            world = conn.transaction()
            await world.start()
            owners, task_id = await make_world(conn, chance)
            reason = (await explain_waiting(conn, [await tasks.get_task(conn, task_id)])).get(task_id)
            session_id = (await tasks.get_task(conn, task_id)).session_id
            assert await explain_queued(conn, task_id, session_id) == reason, (seed, number)
            alive = await conn.fetch("SELECT id FROM hosts WHERE lease_until > now()")
            running = [owner for owner in owners if owner.host_id in {row["id"] for row in alive}]
            claimed = [
                await claim_tasks(conn, owner.host_id, owner.instance_id, 8, LEASE_S)
                for owner in chance.sample(running, len(running))
            ]
            await world.rollback()
        assert any(claimed) == (reason is None), (seed, number, reason)
        if reason is not None:
            assert reason.text.endswith(".") and reason.cure, (seed, number, reason)
            seen.add(reason.code)
    assert seen == REASONS, seed
