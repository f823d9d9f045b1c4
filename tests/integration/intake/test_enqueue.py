"""Enqueueing: one task a request however often it is sent, in a session and chat that belong together."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest

from boocoder.db.conversation import chats, events, sessions
from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import claim_tasks
from boocoder.errors import BoocoderError, Conflict, InvalidInput, NotFound
from boocoder.events import frames
from boocoder.intake.enqueue import enqueue
from boocoder.intake.new_task import NewTask
from boocoder.model.ids import ChatId, ProjectId, SessionId, TaskId, new_id
from boocoder.model.session import SessionState
from boocoder.wire.tasks import EnqueuedTask
from tests.fixtures.outboxes import PublishedFrames, outbox_of
from tests.fixtures.row_builders import LEASE_S, Place, add_host, add_place


async def place_in(database: Database) -> Place:
    async with database.connection() as conn:
        return await add_place(conn)


async def stored(database: Database, task_id: TaskId) -> tasks.Task:
    async with database.connection() as conn:
        return await tasks.get_task(conn, task_id)


async def test_a_project_gets_a_session_and_a_chat(database: Database) -> None:
    place = await place_in(database)
    new = NewTask("  \n  Fix the bug  \nplease", project_id=place.project_id, agent="scripted", model="m", priority=2)
    made = await enqueue(outbox_of(database), new)
    assert made.created
    assert made.session_id != place.session_id
    task = await stored(database, made.task_id)
    async with database.connection() as conn:
        session = await sessions.get_session(conn, made.session_id)
        chat = await chats.get_chat(conn, made.chat_id)
    assert (session.title, chat.title) == ("Fix the bug", "Fix the bug")
    assert (session.project_id, chat.session_id) == (place.project_id, made.session_id)
    assert (session.pending_tasks, session.running_task_id, session.last_task_state) == (1, None, "pending")
    assert (task.prompt, task.agent, task.model, task.priority) == (new.prompt, "scripted", "m", 2)


async def test_a_session_goes_on_in_its_newest_chat(database: Database) -> None:
    place = await place_in(database)
    async with database.connection() as conn:
        newest = ChatId(new_id())
        await chats.insert_chat(conn, newest, place.session_id, "a fresh context")
    first = await enqueue(outbox_of(database), NewTask("one", session_id=place.session_id, agent="scripted"))
    second = await enqueue(outbox_of(database), NewTask("two", chat_id=place.chat_id, agent="scripted"))
    assert first.chat_id == newest
    assert second.chat_id == place.chat_id
    assert first.session_id == second.session_id == place.session_id
    async with database.connection() as conn:
        host = await add_host(conn)
        claimed = await claim_tasks(conn, host.host_id, host.instance_id, 8, LEASE_S)
    assert [task.id for task in claimed] == [first.task_id]


async def test_the_event_is_stored_with_the_number_that_is_returned(database: Database) -> None:
    place = await place_in(database)
    published = PublishedFrames()
    made = await enqueue(outbox_of(database), NewTask("one", chat_id=place.chat_id, agent="scripted"))
    second = await enqueue(outbox_of(database, published), NewTask("two", chat_id=place.chat_id, agent="scripted"))
    [frame] = published.frames
    assert isinstance(frame, frames.QueueChangedFrame)
    assert (frame.seq, frame.pending, frame.state) == (2, 2, "pending")
    async with database.connection() as conn:
        rows = await events.read_events(conn, made.session_id, 0, 10)
    assert [row.seq for row in rows] == [1, 2]
    assert rows[1].frame is not None
    assert msgspec.json.decode(rows[1].frame) == {
        "type": "queue_changed",
        "task_id": str(second.task_id),
        "state": "pending",
        "pending": 2,
    }


async def test_a_chat_remembers_its_agent(database: Database) -> None:
    place = await place_in(database)
    await enqueue(
        outbox_of(database),
        NewTask("one", chat_id=place.chat_id, agent="qwen", model="big", mode="plan", thinking="high"),
    )
    second = await stored(database, (await enqueue(outbox_of(database), NewTask("two", chat_id=place.chat_id))).task_id)
    assert (second.agent, second.model, second.mode, second.thinking) == ("qwen", "big", "plan", "high")
    third = await stored(
        database, (await enqueue(outbox_of(database), NewTask("three", chat_id=place.chat_id, agent="claude"))).task_id
    )
    assert (third.agent, third.model, third.mode, third.thinking) == ("claude", None, None, None)
    async with database.connection() as conn:
        chat = await chats.get_chat(conn, place.chat_id)
    assert (chat.agent, chat.model) == ("claude", None)


async def test_a_key_gives_one_task_however_often_it_is_sent(database: Database) -> None:
    place = await place_in(database)
    new = NewTask("one", project_id=place.project_id, agent="scripted", idempotency_key="key")
    published = PublishedFrames()
    outbox = outbox_of(database, published)
    made: list[EnqueuedTask] = await asyncio.gather(*(enqueue(outbox, new) for _ in range(30)))
    made.append(await enqueue(outbox, new))
    assert len({one.task_id for one in made}) == 1
    assert len({one.session_id for one in made}) == 1
    assert sum(one.created for one in made) == 1
    assert len(published.frames) == 1
    async with database.connection() as conn:
        assert len(await tasks.list_tasks(conn)) == 1
        assert len(await sessions.list_sessions(conn)) == 2


async def test_a_key_is_refused_for_another_request(database: Database) -> None:
    place = await place_in(database)
    new = NewTask("one", project_id=place.project_id, agent="scripted", idempotency_key="key")
    await enqueue(outbox_of(database), new)
    with pytest.raises(Conflict) as caught:
        await enqueue(outbox_of(database), replace(new, prompt="two"))
    assert caught.value.code == "idempotency_key_reused"


async def test_tasks_of_a_session_are_numbered_as_they_become_visible(database: Database) -> None:
    place = await place_in(database)
    outbox = outbox_of(database, published := PublishedFrames())
    await asyncio.gather(
        *(enqueue(outbox, NewTask(f"{n}", chat_id=place.chat_id, agent="scripted")) for n in range(40))
    )
    async with database.connection() as conn:
        found = await tasks.list_tasks(conn, session_id=place.session_id)
    by_seq = sorted(published.frames, key=lambda frame: frame.seq or 0)
    assert [task.id for task in found[::-1]] == [
        frame.task_id for frame in by_seq if isinstance(frame, frames.QueueChangedFrame)
    ]


BAD: list[tuple[dict[str, object], type[BoocoderError], str]] = [
    ({"prompt": ""}, InvalidInput, "prompt_blank"),
    ({"prompt": " \n\t\u3000"}, InvalidInput, "prompt_blank"),
    ({"prompt": "x" * 1_000_001}, InvalidInput, "prompt_too_long"),
    ({"prompt": "a\x00b"}, InvalidInput, "text_not_storable"),
    ({"prompt": "a\ud83d"}, InvalidInput, "text_not_storable"),
    ({"title": "a\x00"}, InvalidInput, "text_not_storable"),
    ({"agent": ""}, InvalidInput, "name_invalid"),
    ({"agent": "a\nb"}, InvalidInput, "name_invalid"),
    ({"model": "m" * 201}, InvalidInput, "name_invalid"),
    ({"mode": " "}, InvalidInput, "name_invalid"),
    ({"thinking": "a\x00"}, InvalidInput, "text_not_storable"),
    ({"idempotency_key": ""}, InvalidInput, "name_invalid"),
    ({"priority": 1_001}, InvalidInput, "priority_invalid"),
    ({"chat_id": None}, InvalidInput, "place_missing"),
    ({"agent": None}, InvalidInput, "agent_missing"),
    ({"chat_id": ChatId(new_id())}, NotFound, "chat_not_found"),
    ({"chat_id": None, "session_id": SessionId(new_id())}, NotFound, "session_not_found"),
    ({"chat_id": None, "project_id": ProjectId(new_id())}, NotFound, "project_not_found"),
    ({"session_id": SessionId(new_id())}, InvalidInput, "place_mismatch"),
    ({"project_id": ProjectId(new_id())}, InvalidInput, "place_mismatch"),
]


@pytest.mark.parametrize(("change", "error", "code"), BAD, ids=[f"{n}-{row[2]}" for n, row in enumerate(BAD)])
async def test_what_cannot_be_right_is_named_and_leaves_nothing(
    database: Database, change: dict[str, object], error: type[BoocoderError], code: str
) -> None:
    place = await place_in(database)
    new = replace(NewTask("one", chat_id=place.chat_id, agent="scripted"), **change)  # type: ignore[arg-type]
    with pytest.raises(error) as caught:
        await enqueue(outbox_of(database), new)
    assert caught.value.code == code
    async with database.connection() as conn:
        assert await tasks.list_tasks(conn) == []
        assert len(await sessions.list_sessions(conn)) == 1
        assert len(await chats.list_chats(conn, place.session_id)) == 1


async def test_a_prompt_of_the_full_length_is_stored_whole(database: Database) -> None:
    place = await place_in(database)
    prompt = "\N{GRINNING FACE}" * 1_000_000
    made = await enqueue(outbox_of(database), NewTask(prompt, chat_id=place.chat_id, agent="scripted"))
    assert (await stored(database, made.task_id)).prompt == prompt


async def test_archived_places_take_no_tasks(database: Database) -> None:
    place = await place_in(database)
    async with database.connection() as conn:
        await sessions.update_session(conn, place.session_id, state=SessionState.ARCHIVED)
        await conn.execute("UPDATE projects SET archived_at = now()")
    with pytest.raises(Conflict) as caught:
        await enqueue(outbox_of(database), NewTask("one", chat_id=place.chat_id, agent="scripted"))
    assert caught.value.code == "session_archived"
    with pytest.raises(Conflict) as caught:
        await enqueue(outbox_of(database), NewTask("one", project_id=place.project_id, agent="scripted"))
    assert caught.value.code == "project_archived"
    async with database.connection() as conn:
        project = await projects.get_project(conn, place.project_id)
        assert project.archived_at is not None


async def test_a_session_with_work_is_not_archived(database: Database) -> None:
    place = await place_in(database)
    await enqueue(outbox_of(database), NewTask("one", chat_id=place.chat_id, agent="scripted"))
    async with database.connection() as conn:
        with pytest.raises(Conflict) as caught:
            await sessions.update_session(conn, place.session_id, state=SessionState.ARCHIVED)
        renamed = await sessions.update_session(conn, place.session_id, title="other")
    assert caught.value.code == "session_busy"
    assert (renamed.title, renamed.state) == ("other", SessionState.OPEN)
