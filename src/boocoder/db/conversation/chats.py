"""Chats: threads of conversation inside a session, and which agent was used last in each."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.conversation.sessions import session_not_found
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import NotFound
from boocoder.model.ids import ChatId, SessionId, SnapshotId
from boocoder.wire.sessions import Chat


class ChatPosition(msgspec.Struct, frozen=True):
    """A chat, and the number of the last message in it."""

    chat_id: ChatId
    ord: int


_INSERT = statement("chats", "insert_chat", row=Done, params=(UUID, UUID, str))
_GET = statement("chats", "get_chat", row=Chat, params=(UUID,))
_LIST = statement("chats", "list_chats", row=Chat, params=(UUID,))
_NEWEST = statement("chats", "newest_chat", row=Chat, params=(UUID,))
_REMEMBER = statement("chats", "remember_choice", row=Done, params=(UUID, str, str | None, str | None, str | None))
_FORK = statement("chats", "fork_chat", row=Done, params=(UUID, UUID, UUID, int))
_UNTIL = statement("chats", "said_until", row=ChatPosition, params=(UUID,))


async def insert_chat(conn: Connection, chat_id: ChatId, session_id: SessionId, title: str) -> None:
    """Add a chat to a session.

    Raises:
        NotFound: session_not_found.
    """
    if not await _INSERT.changed(conn, chat_id, session_id, title):
        raise session_not_found(session_id)


async def get_chat(conn: Connection, chat_id: ChatId) -> Chat:
    """One chat.

    Raises:
        NotFound: chat_not_found.
    """
    chat = await _GET.first(conn, chat_id)
    if chat is None:
        raise NotFound("chat_not_found", f"There is no chat {chat_id}.", "List the session's chats to see their ids.")
    return chat


async def list_chats(conn: Connection, session_id: SessionId) -> list[Chat]:
    """The chats of a session, oldest first."""
    return await _LIST.all(conn, session_id)


async def newest_chat(conn: Connection, session_id: SessionId) -> Chat | None:
    """The newest chat of a session; None while it has none."""
    return await _NEWEST.first(conn, session_id)


async def remember_choice(
    conn: Connection, chat_id: ChatId, *, agent: str, model: str | None, mode: str | None, thinking: str | None
) -> None:
    """Keep what the chat's newest task was sent to."""
    await _REMEMBER.changed(conn, chat_id, agent, model, mode, thinking)


async def fork_chat(
    conn: Connection, chat_id: ChatId, session_id: SessionId, *, parent: ChatId, message_ord: int
) -> None:
    """Add a chat to a session that goes on where another session's chat stood.

    Args:
        message_ord: number of the last message that it begins with.

    Raises:
        NotFound: chat_not_found.
    """
    if not await _FORK.changed(conn, chat_id, session_id, parent, message_ord):
        raise NotFound("chat_not_found", f"There is no chat {parent}.", "List the session's chats to see their ids.")


async def said_until(conn: Connection, snapshot_id: SnapshotId) -> ChatPosition | None:
    """The last message of the session when a snapshot was taken; None if there was none."""
    return await _UNTIL.first(conn, snapshot_id)
