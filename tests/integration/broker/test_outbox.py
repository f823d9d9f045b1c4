"""The outbox: what a transaction stores is published after its commit, and only then."""

from __future__ import annotations

import pytest

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation import events
from boocoder.db.core.pool import Database
from boocoder.errors import NotFound
from boocoder.events import frames
from boocoder.events.batch import EventItem, PartItem, StreamBatch, TextItem
from boocoder.model.ids import MessageId, SessionId, new_id
from boocoder.model.task import PartKind
from tests.fixtures.outboxes import PublishedFrames
from tests.fixtures.row_builders import add_answer, add_host, add_place, add_running


def note(session_id: SessionId, code: str) -> frames.NoticeFrame:
    return frames.session_notice(session_id, code, "text")


async def place_in(database: Database) -> SessionId:
    async with database.connection() as conn:
        return (await add_place(conn)).session_id


async def codes(database: Database, session_id: SessionId) -> list[str]:
    async with database.connection() as conn:
        rows = await events.read_events(conn, session_id, 0, 100)
    return [row.type or "" for row in rows]


@pytest.mark.parametrize("early", [True, False])
async def test_frames_are_published_after_the_commit_with_their_numbers(database: Database, early: bool) -> None:
    one, other, heard = await place_in(database), await place_in(database), PublishedFrames()
    outbox = Outbox(database=database, publisher=heard)
    async with outbox.transaction(early=early) as transaction:
        await transaction.append(one, [note(one, "a"), note(one, "b")])
        await transaction.append(other, [note(other, "c")])
        await transaction.append(one, [note(one, "d")])
        await transaction.append(one, [])
        assert heard.calls == []
    assert [(session, seqs) for session, seqs, _, _ in heard.calls] == [
        (one, range(1, 3)),
        (other, range(1, 2)),
        (one, range(3, 4)),
    ]
    assert [[(one.seq, one.at > 0) for one in sent] for _, _, sent, _ in heard.calls] == [
        [(1, True), (2, True)],
        [(1, True)],
        [(3, True)],
    ]
    assert await codes(database, one) == ["notice"] * 3


async def test_a_rolled_back_transaction_publishes_nothing(database: Database) -> None:
    session_id, heard = await place_in(database), PublishedFrames()
    outbox = Outbox(database=database, publisher=heard)
    with pytest.raises(RuntimeError):
        async with outbox.transaction() as transaction:
            await transaction.append(session_id, [note(session_id, "a")])
            raise RuntimeError
    with pytest.raises(NotFound):
        await outbox.append(SessionId(new_id()), [note(session_id, "a")])
    assert heard.calls == []
    assert await codes(database, session_id) == []


@pytest.mark.parametrize("with_block", [True, False])
async def test_a_batch_of_a_turn_is_published_with_all_its_numbers(database: Database, with_block: bool) -> None:
    heard = PublishedFrames()
    outbox = Outbox(database=database, publisher=heard)
    async with database.connection() as conn:
        host = await add_host(conn)
        task = await add_running(conn, host, await add_place(conn))
        message: MessageId = await add_answer(conn, task)
    session_id, guard = task.session_id, (task.id, task.epoch, host.instance_id)
    frame = note(session_id, "a")
    items = [
        PartItem(message, 0, PartKind.TEXT, "t"),
        TextItem(message, 0, 0, "abc"),
        EventItem("notice", frames.encode(frame)),
    ]
    batch = StreamBatch(items, [None, frame], 2)
    if with_block:
        async with outbox.recording(session_id, batch, guard) as conn:
            assert await events.last_seq(conn, session_id) == 2
            assert heard.calls == []
    else:
        await outbox.record(session_id, batch, guard)
    assert heard.calls == [(session_id, range(1, 3), [frame], 2)]
    assert frame.seq == 2
