"""The numbered stream: one round trip stores a batch, numbers have no gap, and a lost lease stores nothing."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

import msgspec
import pytest

from boocoder.db.conversation import events, messages
from boocoder.db.conversation.events import EventRow, last_seq, read_events, record_batch
from boocoder.db.conversation.messages import TextField, read_part_text
from boocoder.db.core.pool import Connection, Database
from boocoder.db.tasks import attempts
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.errors import InvalidInput, LeaseLost, NotFound
from boocoder.events import frames
from boocoder.events.batch import BatchItem, EventItem, PartItem, TextItem, ToolTextItem
from boocoder.model.ids import InstanceId, MessageId, SessionId, new_id
from boocoder.model.task import PartKind, TaskState
from tests.fixtures.row_builders import Owner, add_answer, add_host, add_place, add_running


class Turn(msgspec.Struct):
    """A running task with its message and what its writer is guarded by."""

    host: Owner
    task: ClaimedTask
    message_id: MessageId

    @property
    def owner(self) -> events.AttemptGuard:
        return (self.task.id, self.task.epoch, self.host.instance_id)


async def begin(conn: Connection) -> Turn:
    host = await add_host(conn)
    task = await add_running(conn, host, await add_place(conn))
    return Turn(host, task, await add_answer(conn, task))


def text_part(turn: Turn, part: int = 0) -> PartItem:
    return PartItem(turn.message_id, part, PartKind.TEXT, f"text-{part}", None)


def shape(row: EventRow) -> tuple[int, str]:
    return (row.seq, row.text if row.text is not None else f"<{row.type}>")


async def test_events_and_texts_share_the_numbers_in_the_order_given(database: Database) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        items: list[BatchItem] = [
            EventItem("notice", b'{"type":"notice","code":"a","text":"x"}'),
            text_part(turn),
            TextItem(turn.message_id, 0, 0, "Hello "),
            EventItem("usage", b'{"type":"usage"}'),
            TextItem(turn.message_id, 0, 6, "world"),
        ]
        assert await record_batch(conn, turn.owner, turn.task.session_id, items) == 1
        assert await record_batch(conn, turn.owner, turn.task.session_id, items[:1]) == 5
        rows = await read_events(conn, turn.task.session_id, 0, 100)
        assert [shape(row) for row in rows] == [
            (1, "<notice>"),
            (2, "Hello "),
            (3, "<usage>"),
            (4, "world"),
            (5, "<notice>"),
        ]
        assert [row.offset for row in rows] == [None, 0, None, 6, None]
        assert rows[1].kind is PartKind.TEXT
        assert rows[0].at_unix > 1_700_000_000
        assert await read_events(conn, turn.task.session_id, 3, 1) == rows[3:4]
        assert await last_seq(conn, turn.task.session_id) == 5


async def test_the_envelope_is_not_stored(database: Database) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        session_id = turn.task.session_id
        frame = frames.NoticeFrame(session_id=session_id, seq=9, at=1.5, code="a", text="b")
        await record_batch(conn, None, session_id, [EventItem("notice", frames.encode(frame))])
        row = (await read_events(conn, session_id, 0, 10))[0]
    assert row.frame is not None
    assert msgspec.json.decode(row.frame) == {"type": "notice", "code": "a", "text": "b"}


async def test_newest_data_of_a_part_wins_within_and_between_batches(database: Database) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)

        def tool(data: bytes | None) -> PartItem:
            return PartItem(turn.message_id, 3, PartKind.TOOL_CALL, "call", data)

        await record_batch(conn, turn.owner, turn.task.session_id, [tool(None), tool(b'{"n":1}'), tool(None)])
        first = await messages.get_parts(conn, turn.message_id)
        await record_batch(conn, turn.owner, turn.task.session_id, [tool(b'{"n":2}'), tool(b'{"n":3}')])
        await record_batch(conn, turn.owner, turn.task.session_id, [tool(None)])
        second = await messages.get_parts(conn, turn.message_id)
    assert [bytes(part.data or b"") for part in (*first, *second)] == [b'{"n": 1}', b'{"n": 3}']
    assert (second[0].part, second[0].key, second[0].kind) == (3, "call", PartKind.TOOL_CALL)


async def test_tool_text_is_extended_or_replaced_and_takes_no_number(database: Database) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        session_id, message_id = turn.task.session_id, turn.message_id

        async def store(*items: ToolTextItem) -> str:
            part = PartItem(message_id, 0, PartKind.TOOL_CALL, "call", None)
            await record_batch(conn, turn.owner, session_id, [part, *items])
            page = await read_part_text(conn, message_id, 0, TextField.OUTPUT, 0, 1000)
            assert page.total_chars == len(page.text)
            return page.text

        def output(offset: int, text: str, *, replace: bool = False) -> ToolTextItem:
            return ToolTextItem(message_id, 0, "output", offset, text, replace)

        assert await store(output(0, "abc")) == "abc"
        assert await store(output(3, "def"), output(6, "g")) == "abcdefg"
        assert await store(output(0, "new", replace=True)) == "new"
        assert await store(output(3, "er"), output(0, "last", replace=True), output(4, "!")) == "last!"
        assert await store(output(0, "", replace=True)) == ""
        assert await last_seq(conn, session_id) == 0


async def test_a_batch_without_numbers_says_the_next_one(database: Database) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        assert await record_batch(conn, turn.owner, turn.task.session_id, [text_part(turn)]) == 1
        assert await record_batch(conn, turn.owner, turn.task.session_id, []) == 1


@pytest.mark.parametrize("wrong", ["epoch", "instance", "ended"])
async def test_a_writer_without_its_lease_stores_nothing(database: Database, wrong: str) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        task_id, epoch, instance_id = turn.owner
        if wrong == "ended":
            assert await attempts.end_attempt(conn, task_id, epoch, instance_id, TaskState.FAILED)
        owner = (
            task_id,
            epoch + (wrong == "epoch"),
            InstanceId(new_id()) if wrong == "instance" else instance_id,
        )
        items = [text_part(turn), TextItem(turn.message_id, 0, 0, "late"), EventItem("notice", b"{}")]
        with pytest.raises(LeaseLost):
            await record_batch(conn, owner, turn.task.session_id, items)
        assert await last_seq(conn, turn.task.session_id) == 0
        assert await messages.get_parts(conn, turn.message_id) == []


async def test_a_batch_waits_for_a_recovering_host_and_then_finds_that_it_lost(database: Database) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        recovering = await add_host(conn)
        await conn.execute("UPDATE attempts SET lease_until = now() - interval '1 minute'")

    async def write() -> int:
        async with database.relaxed() as conn:
            return await record_batch(conn, turn.owner, turn.task.session_id, [EventItem("notice", b"{}")])

    async with database.transaction() as conn:
        assert await attempts.take_over_attempt(
            conn, turn.task.id, turn.task.epoch, recovering.host_id, recovering.instance_id, 60.0
        )
        writer = asyncio.create_task(write())
        async with asyncio.timeout(60), database.connection() as looker:
            while not await looker.fetch("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
                await asyncio.sleep(0.005)
    with pytest.raises(LeaseLost):
        await writer


async def test_writers_of_one_session_leave_no_gap(database: Database) -> None:
    """Concurrent readers see numbers 1..n at every moment, in any order of commits."""
    async with database.connection() as conn:
        place = await add_place(conn)

    async def write() -> None:
        for _ in range(40):
            async with database.relaxed() if random.random() < 0.5 else database.connection() as conn:
                items = [EventItem("notice", b'{"type":"notice"}')] * random.randint(1, 3)
                await record_batch(conn, None, place.session_id, items)

    async def read() -> int:
        seen = 0
        while not writers.done():
            async with database.connection() as conn:
                rows = await read_events(conn, place.session_id, seen, 1000)
            assert [row.seq for row in rows] == list(range(seen + 1, seen + 1 + len(rows)))
            seen += len(rows)
        return seen

    writers = asyncio.gather(*(write() for _ in range(6)))
    seen = await read()
    async with database.connection() as conn:
        rows = await read_events(conn, place.session_id, 0, 1000)
        assert [row.seq for row in rows] == list(range(1, 1 + await last_seq(conn, place.session_id)))
    assert 0 < seen <= len(rows)
    assert len(rows) >= 240


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d"])
async def test_text_that_cannot_be_stored_is_named(database: Database, text: str) -> None:
    async with database.connection() as conn:
        turn = await begin(conn)
        with pytest.raises(InvalidInput) as caught:
            await record_batch(
                conn, turn.owner, turn.task.session_id, [text_part(turn), TextItem(turn.message_id, 0, 0, text)]
            )
        assert caught.value.code == "text_not_storable"
        assert await last_seq(conn, turn.task.session_id) == 0


async def test_unknown_session_is_named(database: Database) -> None:
    async with database.connection() as conn:
        nowhere = SessionId(UUID(int=0))
        for call in (
            record_batch(conn, None, nowhere, [EventItem("notice", b"{}")]),
            last_seq(conn, nowhere),
        ):
            with pytest.raises(NotFound) as caught:
                await call
            assert caught.value.code == "session_not_found"


async def test_one_statement_a_batch(database: Database) -> None:
    """A batch of twenty is one round trip: the connection sees one statement."""
    async with database.connection() as conn:
        turn = await begin(conn)
        await record_batch(conn, turn.owner, turn.task.session_id, [])  # the driver learns the types of arrays
        seen: list[str] = []
        conn.add_query_logger(lambda record: seen.append(record.query))  # type: ignore[attr-defined]
        items: list[BatchItem] = [text_part(turn)]
        items += [TextItem(turn.message_id, 0, number * 4, "word") for number in range(20)]
        await record_batch(conn, turn.owner, turn.task.session_id, items)
    assert len(seen) == 1
