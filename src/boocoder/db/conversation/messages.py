"""Messages and the text of their parts, for reading and for a turn's end.

A turn begins in turn_opening, and streams in events.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import NotFound
from boocoder.model.ids import ChatId, MessageId, TaskId
from boocoder.model.limits import INLINE_TEXT_MAX_CHARS, MESSAGE_PARTS_MAX, PAGE_PARTS_MAX
from boocoder.model.task import MessageStatus, PartKind
from boocoder.wire.messages import MessageFields

EARLIER_CHUNKS = 400  # of an answer's beginning and of its end: enough for what a hand-over shows of one
EARLIER_CHUNK_CHARS = 4_000  # of both ends of a chunk
BEFORE_ALL_PARTS, AFTER_ALL_PARTS = -1, 2**31 - 1


class TextField(StrEnum):
    """Which text of a part: what an agent said, or the input or output of a tool."""

    TEXT = "text"
    INPUT = "input"
    OUTPUT = "output"


class MessagePart(msgspec.Struct, frozen=True):
    """One part of a message.

    Args:
        key: the backend's own name of the part.
        data: newest durable frame of a tool call, plan or notice, without its envelope.
        text: of a text or reasoning part, its first INLINE_TEXT_MAX_CHARS characters.
        text_chars: how many there are.
    """

    message_id: MessageId
    part: int
    kind: PartKind
    key: str
    data: msgspec.Raw | None
    text: str
    text_chars: int


class StoredPart(msgspec.Struct, frozen=True):
    """One part as stored, with the characters of each field, for a recovery that goes on from there."""

    part: int
    kind: PartKind
    key: str
    data: msgspec.Raw | None
    text_chars: int
    input_chars: int
    output_chars: int


class EarlierMessage(msgspec.Struct, frozen=True):
    """One earlier message of a chat.

    Args:
        who: 'user' or the agent's name.
        text: the whole prompt; of a long answer its beginning and its end.
        ord: its number in the chat.
        complete: whether its turn completed; of an answer.
    """

    who: str
    text: str
    ord: int = 0
    complete: bool = True


class UnfinishedCall(msgspec.Struct, frozen=True):
    """A command that an answer began and that did not end: title and arguments of the tool call."""

    title: str
    input: str


class MessageRow(MessageFields, frozen=True):
    """One message without its parts; `text` is a user's whole prompt, "" for an agent's message.

    Args:
        attachments: files that were sent with a user's prompt, as a JSON list.
    """

    attachments: msgspec.Raw


class Message(msgspec.Struct, frozen=True):
    """One message with its parts in order; with the first or last ones where it has more than a page."""

    row: MessageRow
    parts: tuple[MessagePart, ...]


class MessageKey(msgspec.Struct, frozen=True):
    """A message's id and its number."""

    id: MessageId
    ord: int


class PartText(msgspec.Struct, frozen=True):
    """A page of a part's text, and how many characters the whole has."""

    text: str
    total_chars: int


_FINISH = statement("messages", "finish_message", row=Done, params=(UUID, MessageStatus))
_STREAMING = statement("messages", "get_streaming_message", row=MessageKey, params=(UUID,))
_LIST = statement("messages", "list_messages", row=MessageRow, params=(UUID, int, int))
_LIST_NEWEST = statement("messages", "list_newest_messages", row=MessageRow, params=(UUID, int, int))
_FIRST_PARTS = statement("messages", "list_first_parts", row=MessagePart, params=(list[UUID], int, int, int, int))
_LAST_PARTS = statement("messages", "list_last_parts", row=MessagePart, params=(list[UUID], int, int, int, int))
_EXISTS = statement("messages", "message_exists", row=Done, params=(UUID,))
_GET_PARTS = statement("messages", "get_parts", row=StoredPart, params=(UUID,))
_USER_MESSAGE = statement("messages", "get_user_message", row=MessageKey, params=(UUID,))
_BEFORE = statement("messages", "messages_before", row=EarlierMessage, params=(UUID, UUID, int, int, int))
_UNFINISHED = statement("messages", "unfinished_calls", row=UnfinishedCall, params=(UUID, UUID, str))
_CUT = statement("messages", "cut_text", row=Done, params=(UUID, int))
_READ = statement("messages", "read_part_text", row=PartText, params=(UUID, int, str, int, int))


async def finish_message(conn: Connection, message_id: MessageId, status: MessageStatus) -> bool:
    """End a streaming message; False if it has ended already.

    Args:
        status: any but STREAMING.
    """
    return await _FINISH.changed(conn, message_id, status)


async def get_streaming_message(conn: Connection, task_id: TaskId) -> MessageKey | None:
    """The message that a task's turn is writing, None if there is none."""
    return await _STREAMING.first(conn, task_id)


async def list_messages(
    conn: Connection, chat_id: ChatId, *, after_ord: int = 0, limit: int = 100, parts: int = MESSAGE_PARTS_MAX
) -> list[Message]:
    """A page of a chat's messages with their first parts, oldest first.

    Args:
        after_ord: number of the last message of the page before.
        limit: messages at most.
        parts: of each message at most; all messages together have at most PAGE_PARTS_MAX.
    """
    rows = await _LIST.all(conn, chat_id, after_ord, limit)
    ids = [row.id for row in rows]
    found = await _FIRST_PARTS.all(conn, ids, INLINE_TEXT_MAX_CHARS, parts, PAGE_PARTS_MAX, BEFORE_ALL_PARTS)
    return _with_parts(rows, found)


async def list_newest_messages(
    conn: Connection, chat_id: ChatId, *, before_ord: int, limit: int, parts: int = MESSAGE_PARTS_MAX
) -> list[Message]:
    """A page of a chat's newest messages with their last parts, oldest first.

    Args:
        before_ord: number of the first message of the page before; for the first page more than any number.
        limit: messages at most.
        parts: of each message at most; all messages together have at most PAGE_PARTS_MAX.
    """
    rows = await _LIST_NEWEST.all(conn, chat_id, before_ord, limit)
    ids = [row.id for row in rows]
    found = await _LAST_PARTS.all(conn, ids, INLINE_TEXT_MAX_CHARS, parts, PAGE_PARTS_MAX, AFTER_ALL_PARTS)
    return _with_parts(rows[::-1], found[::-1])


def _with_parts(rows: Sequence[MessageRow], found: Sequence[MessagePart]) -> list[Message]:
    parts: dict[MessageId, list[MessagePart]] = {row.id: [] for row in rows}
    for part in found:
        parts[part.message_id].append(part)
    return [Message(row, tuple(parts[row.id])) for row in rows]


async def list_parts(
    conn: Connection, message_id: MessageId, *, after: int | None = None, before: int | None = None, limit: int
) -> list[MessagePart]:
    """A page of a message's parts in order.

    Args:
        after: number of the last part of the page before; None: from the first part on.
        before: instead the newest parts before this number.
        limit: parts at most.

    Raises:
        NotFound: message_not_found.
    """
    if await _EXISTS.first(conn, message_id) is None:
        raise NotFound("message_not_found", f"There is no message {message_id}.")
    cut = (INLINE_TEXT_MAX_CHARS, limit, limit)
    if before is not None:
        return (await _LAST_PARTS.all(conn, [message_id], *cut, before))[::-1]
    return await _FIRST_PARTS.all(conn, [message_id], *cut, BEFORE_ALL_PARTS if after is None else after)


async def get_parts(conn: Connection, message_id: MessageId) -> list[StoredPart]:
    """The parts of a message in order, with how much is stored of each."""
    return await _GET_PARTS.all(conn, message_id)


async def read_part_text(
    conn: Connection, message_id: MessageId, part: int, field: TextField, offset: int, limit: int
) -> PartText:
    """A page of a part's text.

    Args:
        offset: first character (code point), >= 0.
        limit: characters at most.

    Raises:
        NotFound: part_not_found.
    """
    page = await _READ.first(conn, message_id, part, field, offset, limit)
    if page is None:
        raise NotFound("part_not_found", f"Message {message_id} has no part {part}.")
    return page


async def get_user_message(conn: Connection, task_id: TaskId) -> MessageKey | None:
    """The user's message of a task, None before its first turn."""
    return await _USER_MESSAGE.first(conn, task_id)


async def messages_before(conn: Connection, chat_id: ChatId, task_id: TaskId, limit: int) -> list[EarlierMessage]:
    """The newest `limit` messages of a chat, without those of one task; oldest first."""
    rows = await _BEFORE.all(conn, chat_id, task_id, limit, EARLIER_CHUNKS, EARLIER_CHUNK_CHARS)
    return rows[::-1]


async def unfinished_calls(conn: Connection, chat_id: ChatId, task_id: TaskId, agent: str) -> list[UnfinishedCall]:
    """The commands that an agent's newest answer in a chat, without that of one task, left unfinished."""
    return await _UNFINISHED.all(conn, chat_id, task_id, agent)


async def cut_text(conn: Connection, message_id: MessageId, max_chars: int) -> bool:
    """Delete what each part of a message says after `max_chars` characters; whether there was anything."""
    return await _CUT.changed(conn, message_id, max_chars)
