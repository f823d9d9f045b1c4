"""A session's numbered stream: storing batches and reading them back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.conversation.event_batch import flatten
from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.db.tasks.attempts import lease_lost
from boocoder.events.batch import BatchItem
from boocoder.model.ids import InstanceId, MessageId, SessionId, TaskId
from boocoder.model.task import PartKind

AttemptGuard = tuple[TaskId, int, InstanceId]
"""(task, epoch, instance): the attempt that writes, compared by every guarded statement."""


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
_READ = statement("events", "read_events", row=EventRow, params=(UUID, int, int))
_LAST = statement("events", "last_seq", row=_Last, params=(UUID,))


async def record_batch(
    conn: Connection, attempt: AttemptGuard | None, session_id: SessionId, items: Sequence[BatchItem]
) -> int:
    """Store everything in `items` at once, or nothing. One round trip.

    Events and texts take the session's next numbers in the order given; parts and tool texts take none. A part's
    PartItem comes before or with its first text.

    Args:
        attempt: the attempt that writes; None for a writer outside of turns.
        items: texts without NUL and lone surrogates.

    Returns:
        The first number taken (the next one to be given, if none was).

    Raises:
        LeaseLost: attempt_lease_lost, the attempt has ended or another instance owns it; nothing was stored.
        NotFound: session_not_found, without an attempt.
        Unavailable, InvalidInput: as Statement.all.
    """
    batch = flatten(items)
    task_id, epoch, instance_id = attempt if attempt is not None else (None, None, None)
    row = await _RECORD.first(conn, session_id, task_id, epoch, instance_id, batch.numbers, *batch.parameters())
    if row is not None:
        return row.first_seq
    if attempt is not None:
        raise lease_lost(attempt[0], attempt[1])
    raise session_not_found(session_id)


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
