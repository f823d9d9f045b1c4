"""Waiting tasks are edited and moved, also while sixteen hands claim: nothing lost, nothing twice, no word too late."""

from __future__ import annotations

import asyncio
import random

import pytest

from boocoder.db.conversation import events
from boocoder.db.core.pool import Database
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.errors import Conflict, InvalidInput, NotFound
from boocoder.intake.pending import edit_task, move_task
from boocoder.model.ids import InstanceId, TaskId, new_id
from tests.fixtures.api import Api
from tests.fixtures.outboxes import PublishedFrames, outbox_of
from tests.fixtures.row_builders import LEASE_S, Owner, Place, add_host, add_place, add_task, end

SESSIONS = 6
TASKS = 120


async def line(database: Database, count: int) -> tuple[Place, list[TaskId]]:
    async with database.connection() as conn:
        place = await add_place(conn)
        return place, [await add_task(conn, place, prompt=f"task {number}") for number in range(count)]


async def waiting(database: Database, place: Place) -> list[TaskId]:
    async with database.connection() as conn:
        rows = await tasks.list_tasks(conn, session_id=place.session_id)
    return [row.id for row in sorted(rows, key=lambda row: row.place)]


async def test_a_task_moves_before_another_to_the_front_and_to_the_end(database: Database) -> None:
    place, (a, b, c, d) = await line(database, 4)
    await move_task(outbox_of(database), d, b)
    assert await waiting(database, place) == [a, d, b, c]
    await move_task(outbox_of(database), c, a)
    assert await waiting(database, place) == [c, a, d, b]
    await move_task(outbox_of(database), a, None)
    assert await waiting(database, place) == [c, d, b, a]
    await move_task(outbox_of(database), b, b)
    assert await waiting(database, place) == [c, d, b, a]


async def test_tasks_run_in_the_order_that_a_person_made(database: Database) -> None:
    place, (a, b, c) = await line(database, 3)
    await move_task(outbox_of(database), c, a)
    async with database.connection() as conn:
        late = await add_task(conn, place)
        host = await add_host(conn)
    await move_task(outbox_of(database), late, b)
    ran = []
    for _ in range(4):
        async with database.connection() as conn:
            [task] = await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S)
            await end(conn, host, task)
        ran.append(task.id)
    assert ran == [c, a, late, b]


async def test_what_began_is_neither_edited_nor_moved(database: Database) -> None:
    place, (a, b, c) = await line(database, 3)
    async with database.connection() as conn:
        host = await add_host(conn)
        await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S)
    for change in (
        edit_task(outbox_of(database), a, "too late"),
        move_task(outbox_of(database), a, c),
        move_task(outbox_of(database), c, a),
    ):
        with pytest.raises(Conflict) as caught:
            await change
        assert caught.value.code == "task_not_pending"
    async with database.connection() as conn:
        assert (await tasks.get_task(conn, a)).prompt == "task 0"
        assert await tasks.requeue_task(conn, a, 1)  # given back: its prompt is in the conversation already
    with pytest.raises(Conflict, match="tried again"):
        await edit_task(outbox_of(database), a, "too late")
    with pytest.raises(Conflict):
        await move_task(outbox_of(database), b, a)
    assert await waiting(database, place) == [a, b, c]


async def test_wrong_requests_are_refused_by_name(database: Database) -> None:
    _, (a, _) = await line(database, 2)
    _, (other,) = await line(database, 1)
    with pytest.raises(InvalidInput, match="is of session"):
        await move_task(outbox_of(database), a, other)
    with pytest.raises(NotFound):
        await move_task(outbox_of(database), TaskId(new_id()), None)
    with pytest.raises(NotFound):
        await edit_task(outbox_of(database), TaskId(new_id()), "words")
    with pytest.raises(InvalidInput, match="blank"):
        await edit_task(outbox_of(database), a, "  \n")


async def test_an_edit_is_told_with_its_number(database: Database) -> None:
    place, (a, _) = await line(database, 2)
    published = PublishedFrames()
    task = await edit_task(outbox_of(database, published), a, "other words")
    [frame] = published.frames
    assert (task.prompt, frame.seq) == ("other words", 1)
    async with database.connection() as conn:
        [row] = await events.read_events(conn, place.session_id, 0, 10)
    assert row.seq == 1


class Race:
    """Claimers that write down what they got, and people who edit and move all the while."""

    def __init__(self, database: Database, host: Owner, lines: list[list[TaskId]]) -> None:
        self.database, self.host, self.lines = database, host, lines
        self.ran: list[ClaimedTask] = []
        self.words: dict[TaskId, str] = {}

    @property
    def over(self) -> bool:
        return len(self.ran) >= sum(map(len, self.lines))

    async def claim(self) -> None:
        owner = Owner(self.host.host_id, InstanceId(new_id()))
        while not self.over:
            async with self.database.connection() as conn:
                claimed = await claim_tasks(conn, owner.host_id, owner.instance_id, random.randint(1, 3), LEASE_S)
            self.ran += claimed
            for task in claimed:
                async with self.database.transaction() as conn:
                    await end(conn, owner, task)
            await asyncio.sleep(0)

    async def edit(self) -> None:
        number = 0
        while not self.over:
            task = random.choice(random.choice(self.lines))
            number += 1
            try:
                await edit_task(outbox_of(self.database), task, f"edit {number}")
            except Conflict:
                continue
            self.words[task] = f"edit {number}"

    async def move(self) -> None:
        while not self.over:
            one, other = random.sample(random.choice(self.lines), 2)
            try:
                await move_task(outbox_of(self.database), one, random.choice([other, None]))
            except Conflict:
                continue


async def test_claims_edits_and_moves_at_once(dsn: str) -> None:
    database = Database(dsn=dsn, size=16)
    await database.open()
    try:
        lines = [(await line(database, TASKS // SESSIONS))[1] for _ in range(SESSIONS)]
        async with database.connection() as conn:
            race = Race(database, await add_host(conn), lines)
        async with asyncio.timeout(90):
            # One editor only: the order of two edits is not recorded.
            await asyncio.gather(*(race.claim() for _ in range(6)), race.edit(), *(race.move() for _ in range(5)))
        async with database.connection() as conn:
            wrong = await conn.fetch("SELECT id FROM tasks WHERE state <> 'completed' OR epoch <> 1")
            doubled = await conn.fetch("SELECT place FROM tasks GROUP BY place HAVING count(*) > 1")
    finally:
        await database.close()
    assert (wrong, doubled) == ([], [])
    assert sorted(task.id for task in race.ran) == sorted(task for line in lines for task in line)
    told = {task.id: task.prompt for task in race.ran}
    assert {task: told[task] for task in race.words} == race.words


async def test_a_claim_that_comes_after_a_move_takes_the_new_head(database: Database) -> None:
    """The claim has read the queue when the move commits: it must not run what is second now."""
    for _ in range(30):
        place, ids = await line(database, 3)
        async with database.connection() as conn:
            host = await add_host(conn)

        async def claim(owner: Owner = host) -> list[ClaimedTask]:
            async with database.connection() as conn:
                return await claim_tasks(conn, owner.host_id, owner.instance_id, 8, LEASE_S)

        claimed, _ = await asyncio.gather(
            claim(), move_task(outbox_of(database), ids[2], ids[0]), return_exceptions=True
        )
        assert not isinstance(claimed, BaseException)
        order = await waiting(database, place)
        assert [task.id for task in claimed if task.session_id == place.session_id] in ([], [order[0]])
        async with database.connection() as conn:
            await conn.execute("UPDATE tasks SET state = 'cancelled', ended_at = now() WHERE ended_at IS NULL")
            await conn.execute("UPDATE attempts SET ended_at = now(), outcome = 'cancelled' WHERE ended_at IS NULL")


async def test_the_routes_edit_and_move(api: Api) -> None:
    _, (a, b) = await line(api.database, 2)
    edited = await api.http.patch(f"/api/tasks/{b}", json={"prompt": "other words"})
    assert (edited.status_code, edited.json()["prompt"]) == (200, "other words")
    moved = await api.http.post(f"/api/tasks/{b}/move", json={"before": str(a)})
    first = (await api.http.get(f"/api/tasks/{a}")).json()
    assert moved.status_code == 200
    assert moved.json()["place"] < first["place"]
    await api.http.post(f"/api/tasks/{a}/cancel")
    late = await api.http.patch(f"/api/tasks/{a}", json={"prompt": "too late"})
    assert (late.status_code, late.json()["code"]) == (409, "task_not_pending")
