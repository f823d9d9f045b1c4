"""Reads stored streams from the database as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boocoder.db.conversation import events
from boocoder.db.conversation.events import EventRow
from boocoder.db.core.pool import Database
from boocoder.events.frames import DeltaFrame, Frame, ReasoningDeltaFrame, decode
from boocoder.model.ids import SessionId
from boocoder.model.task import PartKind


class DatabaseReader:
    """The broker's `Reader` over the database.

    Args:
        database: where the streams are stored.
    """

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def read_events(self, session_id: SessionId, after: int, limit: int) -> Sequence[Frame]:
        """See `Reader.read_events`."""
        async with self._database.connection() as conn:
            rows = await events.read_events(conn, session_id, after, limit)
        return [frame_of(session_id, row) for row in rows]

    async def last_seq(self, session_id: SessionId) -> int:
        """See `Reader.last_seq`."""
        async with self._database.connection() as conn:
            return await events.last_seq(conn, session_id)

    async def last_seqs(self, session_ids: Sequence[SessionId]) -> Mapping[SessionId, int]:
        """See `Reader.last_seqs`."""
        async with self._database.connection() as conn:
            return await events.last_seqs(conn, session_ids)


def frame_of(session_id: SessionId, row: EventRow) -> Frame:
    """The frame of one number of a stream."""
    if row.frame is not None:
        # The envelope comes last, where it wins over one that was stored by mistake.
        envelope = f',"session_id":"{session_id}","seq":{row.seq},"at":{row.at_unix!r}}}'
        return decode(bytes(row.frame).rstrip()[:-1] + envelope.encode())
    assert row.message_id is not None
    assert row.part is not None
    assert row.offset is not None
    assert row.text is not None
    kind = ReasoningDeltaFrame if row.kind is PartKind.REASONING else DeltaFrame
    return kind(
        session_id=session_id,
        seq=row.seq,
        message_id=row.message_id,
        part=row.part,
        offset=row.offset,
        text=row.text,
    )
