"""A session's numbered stream: storing a turn's batches, appending frames, reading back. Publishing is broker's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.attempts import lease_lost
from boocoder.db.pool import Connection
from boocoder.db.record import flatten
from boocoder.db.sessions import session_not_found
from boocoder.db.sql import statement
from boocoder.events import frames
from boocoder.events.batch import BatchItem
from boocoder.model.ids import InstanceId, MessageId, SessionId, TaskId
from boocoder.model.task import PartKind

Owner = tuple[TaskId, int, InstanceId]
"""(task, epoch, instance): which attempt writes."""


class EventRow(msgspec.Struct, frozen=True):
    """One number of a stream: a frame (`type`, `frame`), or a piece of text (the five fields from `message_id` on).

    Args:
        seq: 1, 2, 3 ...
        at_unix: Unix time in seconds when a frame was stored; 0.0 for text.
        frame: JSON without session_id, seq and at.
        kind: text or reasoning.
        offset: of the text in its part, code points.
    """

    seq: int
    at_unix: float
    type: str | None
    frame: msgspec.Raw | None
    message_id: MessageId | None
    part: int | None
    kind: PartKind | None
    offset: int | None
    text: str | None


class _First(msgspec.Struct, frozen=True):
    first_seq: int


class _Last(msgspec.Struct, frozen=True):
    last_seq: int


_PARTS = (list[UUID], list[int], list[str], list[str], list[str])
_EVENTS = (list[int], list[str], list[str])
_TEXTS = (list[int], list[UUID], list[int], list[int], list[str])
_REPLACED = (list[UUID], list[int], list[str])
_TOOL_TEXTS = (list[UUID], list[int], list[str], list[int], list[str])

_RECORD = statement(
    "events",
    "record_batch",
    row=_First,
    params=(UUID, UUID | None, int | None, UUID | None, int, *_PARTS, *_EVENTS, *_TEXTS, *_REPLACED, *_TOOL_TEXTS),
)
_APPEND = statement("events", "append_events", row=_First, params=(UUID, list[str], list[str]))
_READ = statement("events", "read_events", row=EventRow, params=(UUID, int, int))
_LAST = statement("events", "last_seq", row=_Last, params=(UUID,))


async def record_batch(conn: Connection, owner: Owner | None, session_id: SessionId, items: Sequence[BatchItem]) -> int:
    """Store everything in `items` at once, or nothing. One round trip.

    Events and texts take the session's next numbers in the order given; parts and tool texts take none. A part's
    PartItem comes before or with its first text.

    Args:
        owner: the attempt that writes; None for a writer that owns none.
        items: texts without NUL and lone surrogates.

    Returns:
        The first number taken (the next one to be given, if none was).

    Raises:
        LeaseLost: attempt_lease_lost, the attempt has ended or another instance owns it; nothing was stored.
        NotFound: session_not_found, without an owner.
        Unavailable, InvalidInput: as Statement.all.
    """
    batch = flatten(items)
    task_id, epoch, instance_id = owner if owner is not None else (None, None, None)
    row = await _RECORD.first(conn, session_id, task_id, epoch, instance_id, batch.numbers, *batch.parameters())
    if row is not None:
        return row.first_seq
    if owner is not None:
        raise lease_lost(owner[0], owner[1])
    raise session_not_found(session_id)


async def append_events(conn: Connection, session_id: SessionId, events: Sequence[tuple[str, bytes]]) -> int:
    """Store frames of a writer outside a turn and return the first one's number.

    Args:
        events: at least one (type, the frame's JSON); its session_id, seq and at are not stored.

    Raises:
        NotFound: session_not_found.
    """
    types = [kind for kind, _ in events]
    texts = [frame.decode() for _, frame in events]
    row = await _APPEND.first(conn, session_id, types, texts)
    if row is None:
        raise session_not_found(session_id)
    return row.first_seq


async def append_frames(conn: Connection, session_id: SessionId, drafts: Sequence[frames.Frame]) -> int:
    """Store the frames of a writer outside a turn's batches, give them their numbers, and return the first one.

    Args:
        drafts: at least one, without a number; publish them after the commit.

    Raises:
        NotFound: session_not_found.
    """
    items = [(frames.type_of(frame), frames.encode(frame)) for frame in drafts]
    first = await append_events(conn, session_id, items)
    frames.number(drafts, first, time.time())
    return first


async def read_events(conn: Connection, session_id: SessionId, after_seq: int, limit: int) -> list[EventRow]:
    """What comes after `after_seq`, without gap, in order; at most `limit` rows."""
    return await _READ.all(conn, session_id, after_seq, limit)


async def last_seq(conn: Connection, session_id: SessionId) -> int:
    """The last number given in the session's stream, 0 if none was.

    Raises:
        NotFound: session_not_found.
    """
    row = await _LAST.first(conn, session_id)
    if row is None:
        raise session_not_found(session_id)
    return row.last_seq
