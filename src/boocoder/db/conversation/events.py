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
from boocoder.errors import BoocoderError
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


class BatchesLost(BoocoderError):
    """The database has another number of a session's batches than the turn that writes them.

    Args:
        stored: how many it has: fewer after a crash, one more where the answer to a write was lost.
    """

    def __init__(self, session_id: SessionId, *, expected: int, stored: int) -> None:
        text = f"The database has {stored} batches of session {session_id}, not {expected}."
        super().__init__("batches_lost", text)
        self.stored = stored


class _First(msgspec.Struct, frozen=True):
    first_seq: int


class _Batches(msgspec.Struct, frozen=True):
    batches: int


class _Last(msgspec.Struct, frozen=True):
    last_seq: int


class _LastOf(msgspec.Struct, frozen=True):
    session_id: SessionId
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
    params=(
        UUID,
        UUID | None,
        int | None,
        UUID | None,
        int,
        *_PARTS,
        *_EVENTS,
        *_TEXTS,
        *_REPLACED,
        *_TOOL_TEXTS,
        int | None,
    ),
)
_BATCHES = statement("events", "stored_batches", row=_Batches, params=(UUID, UUID | None, int | None, UUID | None))
_READ = statement("events", "read_events", row=EventRow, params=(UUID, int, int))
_LAST = statement("events", "last_seq", row=_Last, params=(UUID,))
_LAST_OF = statement("events", "last_seqs", row=_LastOf, params=(list[UUID],))


async def record_batch(
    conn: Connection,
    attempt: AttemptGuard | None,
    session_id: SessionId,
    items: Sequence[BatchItem],
    *,
    after: int | None = None,
) -> int:
    """Store everything in `items` at once, or nothing. One round trip.

    Events and texts take the session's next numbers in the order given; parts and tool texts take none. A part's
    PartItem comes before or with its first text.

    Args:
        attempt: the attempt that writes; None for a writer outside of turns.
        items: texts without NUL and lone surrogates.
        after: how many batches of turns the session has to have; None for any number.

    Returns:
        The first number taken (the next one to be given, if none was).

    Raises:
        LeaseLost: attempt_lease_lost, the attempt has ended or another instance owns it; nothing was stored.
        BatchesLost: it has another number; nothing was stored.
        NotFound: session_not_found, without an attempt.
        Unavailable, InvalidInput: as Statement.all.
    """
    batch = flatten(items)
    task_id, epoch, instance_id = attempt if attempt is not None else (None, None, None)
    row = await _RECORD.first(conn, session_id, task_id, epoch, instance_id, batch.numbers, *batch.parameters(), after)
    if row is not None:
        return row.first_seq
    if attempt is None:
        raise session_not_found(session_id)
    stored = await stored_batches(conn, session_id, attempt)
    if after is None or stored == after:  # the lease was lost and regained, or is about to be lost
        raise lease_lost(attempt[0], attempt[1])
    raise BatchesLost(session_id, expected=after, stored=stored)


async def stored_batches(conn: Connection, session_id: SessionId, attempt: AttemptGuard | None = None) -> int:
    """How many batches of turns a session's stream has.

    Raises:
        LeaseLost: attempt_lease_lost, `attempt` has ended or another instance owns it.
        NotFound: session_not_found, without an attempt.
    """
    task_id, epoch, instance_id = attempt if attempt is not None else (None, None, None)
    row = await _BATCHES.first(conn, session_id, task_id, epoch, instance_id)
    if row is not None:
        return row.batches
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


async def last_seqs(conn: Connection, session_ids: Sequence[SessionId]) -> dict[SessionId, int]:
    """The last number given in the stream of each of these sessions; one that is gone is left out."""
    return {row.session_id: row.last_seq for row in await _LAST_OF.all(conn, list(session_ids))}
