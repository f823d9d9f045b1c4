"""Transactional outbox of session streams: frames are stored in a transaction and published after its commit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from boocoder.broker.ports import Publisher
from boocoder.db.conversation import events
from boocoder.db.conversation.events import AttemptGuard
from boocoder.db.conversation.turn_opening import NewMessages, TurnOpening, open_turn
from boocoder.db.core.durability import early_transaction
from boocoder.db.core.pool import Connection, Database
from boocoder.events import frames
from boocoder.events.batch import BatchItem, EventItem, PartItem, StreamBatch
from boocoder.model.ids import SessionId


@dataclass(frozen=True, slots=True)
class _StoredFrames:
    """Numbers of one session's stream that a transaction has taken, with their durable frames."""

    session_id: SessionId
    seqs: range
    frames: Sequence[frames.Frame]


class OutboxTransaction:
    """One transaction and the frames that it stores.

    Args:
        conn: for every other statement of the transaction.
    """

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.stored: list[_StoredFrames] = []

    async def append(
        self, session_id: SessionId, drafts: Sequence[frames.Frame], *, parts: Sequence[PartItem] = ()
    ) -> None:
        """Store frames and give them their numbers; nothing happens without any.

        Args:
            drafts: in order, without numbers.
            parts: message parts to store with them.

        Raises:
            NotFound: session_not_found.
        """
        if not drafts:
            return
        items: list[BatchItem] = [*parts, *(EventItem(frames.type_of(one), frames.encode(one)) for one in drafts)]
        first = await events.record_batch(self.conn, None, session_id, items)
        frames.number(drafts, first, time.time())
        self.stored.append(_StoredFrames(session_id, range(first, first + len(drafts)), tuple(drafts)))


class Outbox:
    """Stores frames and publishes them; no other module does either.

    Args:
        database: also for reads that need no transaction.
        publisher: gets the frames of every committed transaction.
    """

    def __init__(self, *, database: Database, publisher: Publisher) -> None:
        self.database = database
        self._publisher = publisher

    @asynccontextmanager
    async def transaction(self, *, early: bool = False) -> AsyncIterator[OutboxTransaction]:
        """One transaction; its frames are published after the commit, and dropped if it is rolled back.

        Where the connection dies during the commit, the outcome is unknown: subscribers get the frames from the
        database if it went through.

        Args:
            early: let others see the commit before it is on disk. Leaving the block waits for the disk all the same,
                and subscribers get no frame that a crash of the database may take back.

        Raises:
            Unavailable: as `Database.transaction`.
        """
        async with early_transaction(self.database) if early else self.database.transaction() as conn:
            transaction = OutboxTransaction(conn)
            yield transaction
        for stored in transaction.stored:
            self._publisher.publish_stored(stored.session_id, stored.seqs, stored.frames)

    async def append(self, session_id: SessionId, drafts: Sequence[frames.Frame]) -> None:
        """Store and publish frames in a separate transaction.

        Raises:
            NotFound: session_not_found.
            Unavailable: as `Database.transaction`.
        """
        async with self.transaction() as transaction:
            await transaction.append(session_id, drafts)

    async def open_turn(
        self, messages: NewMessages, drafts: Sequence[frames.Frame], guard: AttemptGuard
    ) -> TurnOpening:
        """Store a turn's messages and first frames by one statement that does not wait for the disk, then publish them.

        Args:
            drafts: in order, without numbers. The frame of the queue gets its count here.

        Raises:
            LeaseLost: another host owns the attempt; nothing was stored.
            Unavailable: as `Database.relaxed`.
        """
        async with self.database.relaxed() as conn:
            opening = await open_turn(conn, guard, messages, drafts)
        for draft in drafts:
            if isinstance(draft, frames.QueueChangedFrame):
                draft.pending = opening.pending
        frames.number(drafts, opening.first_seq, time.time())
        seqs = range(opening.first_seq, opening.first_seq + len(drafts))
        self._publisher.publish_stored(messages.session_id, seqs, drafts)
        return opening

    async def record(
        self, session_id: SessionId, batch: StreamBatch, guard: AttemptGuard, *, after: int | None = None
    ) -> None:
        """Store a turn's batch by one statement that does not wait for the disk, then publish it.

        Args:
            after: how many batches of turns the session has to have.

        Raises:
            LeaseLost: another host owns the attempt; nothing was stored.
            BatchesLost: the session has another number of batches; nothing was stored.
            Unavailable: as `Database.relaxed`.
        """
        async with self.database.relaxed() as conn:
            first = await events.record_batch(conn, guard, session_id, batch.items, after=after)
        self._publish_batch(session_id, batch, first)

    @asynccontextmanager
    async def recording(
        self, session_id: SessionId, batch: StreamBatch, guard: AttemptGuard, *, after: int | None = None
    ) -> AsyncIterator[Connection]:
        """Store a turn's batch durably together with what the block writes, then publish it. Errors as `record`."""
        async with self.database.transaction() as conn:
            first = await events.record_batch(conn, guard, session_id, batch.items, after=after)
            yield conn
        self._publish_batch(session_id, batch, first)

    def _publish_batch(self, session_id: SessionId, batch: StreamBatch, first: int) -> None:
        now = time.time()
        durable: list[frames.Frame] = []
        for seq, frame in enumerate(batch.frames, start=first):
            if frame is not None:
                frame.seq, frame.at = seq, now
                durable.append(frame)
        if batch.frames:
            seqs = range(first, first + len(batch.frames))
            self._publisher.publish_stored(session_id, seqs, durable, flushed=batch.live_frames)
