"""Notes for an agent: delivered with the next prompt that is really sent, once, and in order."""

from __future__ import annotations

from boocoder.db.conversation import agent_notes as notes
from boocoder.db.core.pool import Database
from boocoder.db.tasks import attempts
from boocoder.db.tasks.claim import claim_tasks
from boocoder.model.task import TaskState
from tests.fixtures.row_builders import LEASE_S, add_host, add_place, add_running, add_task, end


async def test_a_note_is_told_until_a_prompt_with_it_was_sent(database: Database) -> None:
    async with database.connection() as conn:
        host, place, other = await add_host(conn), await add_place(conn), await add_place(conn)
        first = await add_running(conn, host, place)
        assert not first.has_notes
        await notes.add_note(conn, place.session_id, "one")
        await notes.add_note(conn, place.session_id, "two")
        await notes.add_note(conn, other.session_id, "of another session")
        assert await notes.take_notes(conn, place.session_id, first.id) == ["one", "two"]
        await end(conn, host, first, TaskState.FAILED)  # before its prompt was sent
        second = await add_running(conn, host, place)
        assert second.has_notes
        assert await notes.take_notes(conn, place.session_id, second.id) == ["one", "two"]
        assert await attempts.mark_prompt_sent(conn, second.id, second.epoch, host.instance_id)
        assert await notes.take_notes(conn, place.session_id, second.id) == []
        await notes.add_note(conn, place.session_id, "three")
        await end(conn, host, second)
        third = await add_running(conn, host, place)
        assert await notes.take_notes(conn, place.session_id, third.id) == ["three"]


async def test_a_task_that_went_back_into_the_queue_tells_it_the_next_time(database: Database) -> None:
    async with database.connection() as conn:
        host, place = await add_host(conn), await add_place(conn)
        await notes.add_note(conn, place.session_id, "one")
        await add_task(conn, place)
        (task,) = await claim_tasks(conn, host.host_id, host.instance_id, 1, LEASE_S)
        assert await notes.take_notes(conn, place.session_id, task.id) == ["one"]
        assert await notes.take_notes(conn, place.session_id, task.id) == ["one"]
