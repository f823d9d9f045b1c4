"""The broker's promises over the real database, and two processes' brokers joined by NOTIFY."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from boocoder.broker.broker import Broker
from boocoder.broker.database_reader import DatabaseReader
from boocoder.db.conversation import events
from boocoder.db.core.pool import Database
from boocoder.events.batch import BatchItem, EventItem, PartItem, TextItem
from boocoder.events.frames import DeltaFrame, Frame, ReasoningDeltaFrame, encode, type_of
from boocoder.intake.listener import QueueListener
from boocoder.model.ids import MessageId, SessionId
from boocoder.model.task import PartKind
from tests.fixtures.row_builders import Owner, add_answer, add_host, add_place, add_running
from tests.fixtures.streams import Recorder, Screen, Store, commit_notices, delta, notice, read, read_until_text
from tests.unit.broker.test_contract import BrokerContract


class DatabaseStore(Store):
    """Writes as a turn's recorder does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reader = DatabaseReader(database=database)
        self._owner: Owner | None = None

    async def open_stream(self) -> tuple[SessionId, UUID]:
        async with self.database.transaction() as conn:
            self._owner = self._owner or await add_host(conn)
            place = await add_place(conn)
            task = await add_running(conn, self._owner, place)
            return place.session_id, await add_answer(conn, task)

    async def write(self, session_id: SessionId, frames: Sequence[Frame]) -> tuple[int, int]:
        items: list[BatchItem] = []
        for frame in frames:
            if isinstance(frame, DeltaFrame | ReasoningDeltaFrame):
                kind = PartKind.TEXT if isinstance(frame, DeltaFrame) else PartKind.REASONING
                message_id = MessageId(frame.message_id)
                items.append(PartItem(message_id, frame.part, kind, f"part-{frame.part}"))
                items.append(TextItem(message_id, frame.part, frame.offset, frame.text))
            else:
                items.append(EventItem(type_of(frame), encode(frame)))
        async with self.database.relaxed() as conn:
            first = await events.record_batch(conn, None, session_id, items)
        return first, first + len(frames) - 1


class TestOverDatabase(BrokerContract):
    @pytest.fixture
    def store(self, database: Database) -> DatabaseStore:
        return DatabaseStore(database)

    async def test_stored_frames_come_back_as_they_were(self, store: DatabaseStore, broker: Broker) -> None:
        session_id, message_id = await store.open_stream()
        thought = ReasoningDeltaFrame(session_id=session_id, message_id=message_id, part=1, offset=0, text="hm 🤔")
        await store.write(session_id, [notice(session_id, 'quotes " and ü'), thought])
        subscription = broker.subscribe(session_id, 0)
        first, second = await read(subscription, Screen(), 2)
        subscription.close()
        assert (type_of(first), first.seq, first.session_id) == ("notice", 1, session_id)
        assert first.at > 1_700_000_000
        assert second == ReasoningDeltaFrame(
            session_id=session_id, seq=2, message_id=message_id, part=1, offset=0, text="hm 🤔"
        )

    async def test_a_notification_reaches_the_other_process_broker(self, store: DatabaseStore, dsn: str) -> None:
        session_id, message_id = await store.open_stream()
        writer = Broker(reader=store.reader, poll_interval_s=3600.0)
        other = Broker(reader=store.reader, poll_interval_s=3600.0)
        awake = asyncio.Event()
        listener = QueueListener(
            dsn=dsn,
            on_wake=awake.set,
            on_ready=lambda _: None,
            on_cancel=lambda _: None,
            on_events=other.seen_until,
        )
        await listener.start()
        await asyncio.wait_for(awake.wait(), 10)
        screen = Screen()
        subscription = other.subscribe(session_id, 0)
        recorder = Recorder(store=store, broker=writer, session_id=session_id, message_id=message_id)
        total = sum(len(f"{number} ") for number in range(300))
        reading = asyncio.ensure_future(read_until_text(subscription, screen, message_id, total))
        await recorder.stream(300, chunk=20)
        await reading
        assert screen.text(message_id) == recorder.text
        subscription.close()
        await listener.stop()
        await other.stop()
        await writer.stop()

    async def test_a_broker_follows_again_after_the_database_was_away(self, store: DatabaseStore, dsn: str) -> None:
        own = Database(dsn=dsn)
        await own.open()
        broker = Broker(reader=DatabaseReader(database=own), poll_interval_s=3600.0)
        session_id, message_id = await store.open_stream()
        screen = Screen()
        subscription = broker.subscribe(session_id, 0)
        reading = asyncio.ensure_future(read(subscription, screen, 1))
        await commit_notices(store, broker, session_id, "before")
        await reading
        await own.close()
        _, last = await store.write(session_id, [delta(session_id, message_id, 0, "missed")])
        broker.seen_until(session_id, last)
        reading = asyncio.ensure_future(read(subscription, screen, 1))
        async with asyncio.timeout(60):
            while broker.statistics().store_reads < 2:
                await asyncio.sleep(0.01)
        await own.open()
        await reading
        assert screen.text(message_id) == "missed"
        subscription.close()
        await broker.stop()
        await own.close()
