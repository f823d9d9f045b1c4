"""A turn begins by one statement: both messages, numbered frames and the count of the queue, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from boocoder.broker.database_reader import DatabaseReader
from boocoder.db.conversation import messages
from boocoder.db.conversation.events import last_seq
from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import attempts, tasks
from boocoder.db.tasks.claim import ClaimedTask, claim_tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.turn.prepare import open_turn
from boocoder.errors import LeaseLost
from boocoder.events import frames
from boocoder.model.ids import InstanceId, new_id
from boocoder.model.task import MessageRole, MessageStatus, TaskState
from tests.fixtures.outboxes import PublishedFrames, outbox_of
from tests.fixtures.row_builders import LEASE_S, Owner, add_host, add_place, add_task

FIRST = ["queue_changed", "turn_started", "message_started", "message_started"]


async def claimed(conn: Connection) -> tuple[ClaimedTask, AttemptKey]:
    """A claimed task behind which another one waits."""
    owner, place = await add_host(conn), await add_place(conn)
    await add_task(conn, place)
    await add_task(conn, place)
    return await claim(conn, owner)


async def claim(conn: Connection, owner: Owner) -> tuple[ClaimedTask, AttemptKey]:
    (task,) = await claim_tasks(conn, owner.host_id, owner.instance_id, 1, LEASE_S)
    return task, AttemptKey(task.id, task.epoch, owner.host_id, owner.instance_id)


async def test_what_is_published_is_what_is_stored(database: Database) -> None:
    published = PublishedFrames()
    async with database.connection() as conn:
        task, key = await claimed(conn)
        before = await last_seq(conn, task.session_id)
        opened = await open_turn(task, key, agent="scripted", outbox=outbox_of(database, published))
        said = await messages.list_messages(conn, task.chat_id)
        stored = await DatabaseReader(database=database).read_events(task.session_id, before, 10)
    assert [(one.row.role, one.row.status) for one in said] == [
        (MessageRole.USER, MessageStatus.COMPLETE),
        (MessageRole.ASSISTANT, MessageStatus.STREAMING),
    ]
    assert (said[1].row.id, said[1].row.ord) == (opened.ids.message_id, opened.message_ord)
    assert (said[1].row.agent, said[0].row.text) == ("scripted", task.prompt)
    assert [frames.type_of(one) for one in published.frames] == FIRST
    for one, other in zip(stored, published.frames, strict=True):
        one.at = other.at  # the clocks of the database and of the service
        assert one == other
    queue = published.frames[0]
    assert isinstance(queue, frames.QueueChangedFrame) and (queue.pending, queue.state) == (1, "running")


async def test_a_second_attempt_keeps_the_persons_message(database: Database) -> None:
    async with database.connection() as conn:
        task, key = await claimed(conn)
        opened = await open_turn(task, key, agent="scripted", outbox=outbox_of(database))
        await messages.finish_message(conn, opened.ids.message_id, MessageStatus.INTERRUPTED)
        assert await tasks.requeue_task(conn, task.id, task.epoch)
        assert await attempts.end_attempt(conn, *key.guard, TaskState.PENDING)
        again, new_key = await claim(conn, Owner(key.host_id, key.instance_id))
        published = PublishedFrames()
        await open_turn(again, new_key, agent="scripted", outbox=outbox_of(database, published))
        said = await messages.list_messages(conn, task.chat_id)
    assert (again.id, again.epoch) == (task.id, 2)
    assert [one.row.role for one in said] == [MessageRole.USER, MessageRole.ASSISTANT, MessageRole.ASSISTANT]
    assert [frames.type_of(one) for one in published.frames] == FIRST[:3]


async def test_another_owner_stores_and_publishes_nothing(database: Database) -> None:
    published = PublishedFrames()
    async with database.connection() as conn:
        task, key = await claimed(conn)
        before = await last_seq(conn, task.session_id)
        stranger = replace(key, instance_id=InstanceId(new_id()))
        with pytest.raises(LeaseLost):
            await open_turn(task, stranger, agent="scripted", outbox=outbox_of(database, published))
        assert await messages.list_messages(conn, task.chat_id) == []
        assert await last_seq(conn, task.session_id) == before
    assert published.calls == []
