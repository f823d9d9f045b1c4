"""Stores the batches of one turn, each once and behind the one before, also across a crash of the database."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation.events import AttemptGuard, BatchesLost
from boocoder.db.core.pool import Connection
from boocoder.errors import Unavailable
from boocoder.events.batch import BatchItem, EventItem, PartItem, StreamBatch, TextItem, ToolTextItem
from boocoder.model.ids import SessionId

log = logging.getLogger(__name__)

KEPT_MAX_CHARS = 262_144  # of text and frames; the next batch then waits for the disk, which takes all before it along
KEPT_MAX_BATCHES = 1_024

WENT_BACK = "database_went_back"


class BatchWriter:
    """Writes a turn's batches without waiting for the disk, and keeps those that may not be there yet.

    A database that crashes may forget the newest of them. Each write names how many the session has to have; where it
    has fewer, those that are missing are written again, in order, before anything else.

    Args:
        outbox: stores and publishes them.
        guard: of the attempt that writes.
        batches: how many the session has when the attempt begins to write.
    """

    def __init__(self, *, outbox: Outbox, session_id: SessionId, guard: AttemptGuard, batches: int) -> None:
        self._outbox = outbox
        self._session_id = session_id
        self._guard = guard
        self._kept: deque[StreamBatch] = deque()
        self._kept_chars = 0
        self.batches = batches
        """How many the session has to have."""

    async def store(self, batch: StreamBatch, also: Callable[[Connection], Awaitable[None]] | None = None) -> None:
        """Store a batch, in one transaction with what `also` writes.

        Call it again with the same batch after Unavailable: it is not stored twice.

        Raises:
            LeaseLost: another host owns the attempt.
            Unavailable: the database is away, or database_went_back: it has lost more than is kept here.
        """
        while True:
            try:
                return await self._store_next(batch, also)
            except BatchesLost as error:
                stored = error.stored
            if stored == self.batches + 1:  # only the answer to an earlier try was lost
                return self._keep(batch)
            await self.restore(stored)

    async def restore(self, stored: int) -> None:
        """Write again what the database has lost.

        Args:
            stored: how many batches it has.

        Raises:
            LeaseLost, Unavailable: as `store`.
        """
        while stored != self.batches:
            first = self.batches - len(self._kept)
            if not first <= stored < self.batches:
                raise Unavailable(
                    WENT_BACK,
                    f"The database has lost more of session {self._session_id} than can be written again: "
                    f"it has {stored} of {self.batches} batches.",
                    "Was it restored from an older state, or did a standby take over?",
                )
            log.warning(
                "database lost batches, storing them again",
                extra={"session_id": self._session_id, "lost": self.batches - stored},
            )
            try:
                for number, batch in enumerate(list(self._kept)[stored - first :], start=stored):
                    again = batch._replace(live_frames=0)  # they were counted as stored the first time
                    await self._outbox.record(self._session_id, again, self._guard, after=number)
                stored = self.batches
            except BatchesLost as error:
                stored = error.stored

    async def _store_next(self, batch: StreamBatch, also: Callable[[Connection], Awaitable[None]] | None) -> None:
        full = self._kept_chars > KEPT_MAX_CHARS or len(self._kept) >= KEPT_MAX_BATCHES
        if also is None and not full:
            await self._outbox.record(self._session_id, batch, self._guard, after=self.batches)
            return self._keep(batch)
        async with self._outbox.recording(self._session_id, batch, self._guard, after=self.batches) as conn:
            if also is not None:
                await also(conn)
        self.batches += 1
        self._kept.clear()
        self._kept_chars = 0
        return None

    def _keep(self, batch: StreamBatch) -> None:
        self.batches += 1
        self._kept.append(batch)
        self._kept_chars += sum(map(_chars, batch.items))


def _chars(item: BatchItem) -> int:
    match item:
        case TextItem() | ToolTextItem():
            return len(item.text)
        case EventItem():
            return len(item.frame_json)
        case PartItem():
            return len(item.data_json or b"")
