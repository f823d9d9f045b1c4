"""Folds the streams of ended turns and deletes old answers, one turn in a transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.events.frames import NoticeFrame, encode
from boocoder.model.ids import HostId, MessageId, SessionId

PIECE_CHARS = 32_768  # of joined text; what a client gets in one frame
DELETED = "What the agent said here was deleted: it was older than the service's settings keep answers."


class StreamMark(msgspec.Struct, frozen=True):
    """How far a session's stream is folded, and how far its answers are deleted."""

    folded_seq: int
    emptied_seq: int


class TurnEnd(msgspec.Struct, frozen=True):
    """The end of a turn: its number in the stream, and how long ago it was."""

    seq: int
    age_s: float


class _DueSession(msgspec.Struct, frozen=True):
    session_id: SessionId


class _Rows(msgspec.Struct, frozen=True):
    rows: int


class _Text(msgspec.Struct, frozen=True):
    message_id: MessageId
    part: int
    offset: int
    text: str
    seq: int
    rows: int


class _OldAnswer(msgspec.Struct, frozen=True):
    id: MessageId
    part: int
    seq: int


_UNFOLDED = statement("retention", "list_unfolded", row=_DueSession, params=(UUID, UUID, int, list[str]))
_WITH_ANSWERS = statement("retention", "list_with_answers", row=_DueSession, params=(UUID, UUID, int, list[str]))
_LOCK = statement("retention", "lock_stream", row=StreamMark, params=(UUID,))
_NEXT = statement("retention", "next_end", row=TurnEnd, params=(UUID, int))
_NEWEST = statement("retention", "newest_end", row=TurnEnd, params=(UUID, int))
_FOLD_FRAMES = statement("retention", "fold_frames", row=_Rows, params=(UUID, int, int))
_FOLD_TEXT = statement("retention", "fold_text", row=_Text, params=(UUID, int, int, int))
_INSERT_TEXT = statement(
    "retention", "insert_text", row=Done, params=(UUID, list[UUID], list[int], list[int], list[str], list[int])
)
_FOLDED = statement("retention", "set_folded", row=Done, params=(UUID, int))
_ANSWERS = statement("retention", "list_answers", row=_OldAnswer, params=(UUID, int, int))
_DELETE_PARTS = statement("retention", "delete_parts", row=_Rows, params=(list[UUID],))
_DELETE_FRAMES = statement("retention", "delete_frames", row=_Rows, params=(UUID, int, int, list[str]))
_NOTE = statement("retention", "insert_note", row=Done, params=(UUID, UUID, int, int, str))
_EMPTIED = statement("retention", "set_emptied", row=Done, params=(UUID, int))
_ARCHIVED = statement("retention", "list_archived", row=_DueSession, params=(UUID, float, int, list[str]))


async def list_unfolded(
    conn: Connection, host_id: HostId, after: UUID, limit: int, kept: Sequence[str]
) -> list[SessionId]:
    """Sessions after `after` in the order of their ids whose streams may be folded by a host.

    Args:
        limit: sessions at most.
        kept: absolute paths of projects that are left alone.
    """
    return [row.session_id for row in await _UNFOLDED.all(conn, host_id, after, limit, list(kept))]


async def list_with_answers(
    conn: Connection, host_id: HostId, after: UUID, limit: int, kept: Sequence[str]
) -> list[SessionId]:
    """As `list_unfolded`, sessions of the host that have answers."""
    return [row.session_id for row in await _WITH_ANSWERS.all(conn, host_id, after, limit, list(kept))]


async def list_archived(
    conn: Connection, host_id: HostId, older_than_s: float, limit: int, kept: Sequence[str]
) -> list[SessionId]:
    """Sessions of a host that were archived longer than `older_than_s` seconds ago, the oldest first."""
    return [row.session_id for row in await _ARCHIVED.all(conn, host_id, older_than_s, limit, list(kept))]


async def lock_stream(conn: Connection, session_id: SessionId) -> StreamMark | None:
    """Lock a session's stream until the end of the transaction; None where another transaction holds it."""
    return await _LOCK.first(conn, session_id)


async def next_end(conn: Connection, session_id: SessionId, after_seq: int) -> TurnEnd | None:
    """The end of the first turn after `after_seq`; None where none has ended."""
    return await _NEXT.first(conn, session_id, after_seq)


async def newest_end(conn: Connection, session_id: SessionId, but: int) -> TurnEnd | None:
    """The end of the newest turn but `but` newer ones; None where there are fewer."""
    return await _NEWEST.first(conn, session_id, but)


async def fold_turn(conn: Connection, session_id: SessionId, after_seq: int, last_seq: int) -> int:
    """Delete frames that a later one replaces, and join pieces of text; how many rows went.

    Args:
        after_seq, last_seq: the numbers after the first and up to the second, which end with the end of a turn.
    """
    frames = await _FOLD_FRAMES.one(conn, session_id, after_seq, last_seq)
    texts = await _FOLD_TEXT.all(conn, session_id, after_seq, last_seq, PIECE_CHARS)
    if texts:
        await _INSERT_TEXT.all(
            conn,
            session_id,
            [one.message_id for one in texts],
            [one.part for one in texts],
            [one.offset for one in texts],
            [one.text for one in texts],
            [one.seq for one in texts],
        )
    await _FOLDED.changed(conn, session_id, last_seq)
    return frames.rows + (texts[0].rows - len(texts) if texts else 0)


async def delete_answers(conn: Connection, session_id: SessionId, after_seq: int, last_seq: int) -> list[MessageId]:
    """Delete what agents said, did and asked, and leave a notice in its place; which messages those were.

    Args:
        after_seq, last_seq: as in `fold_turn`.
    """
    answers = await _ANSWERS.all(conn, session_id, after_seq, last_seq)
    ids = [one.id for one in answers]
    if ids:
        await _DELETE_PARTS.one(conn, ids)
        await _DELETE_FRAMES.one(conn, session_id, after_seq, last_seq, [str(one) for one in ids])
    for one in answers:
        if one.seq > 0:
            notice = NoticeFrame(
                session_id=session_id, code="answer_deleted", text=DELETED, message_id=one.id, part=one.part
            )
            await _NOTE.changed(conn, session_id, one.id, one.part, one.seq, encode(notice).decode())
    await _EMPTIED.changed(conn, session_id, last_seq)
    return ids
