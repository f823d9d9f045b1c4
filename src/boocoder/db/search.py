"""Search over what people asked and agents answered. Which words of a text are shown is decided elsewhere."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sessions import SessionState
from boocoder.db.sql import statement
from boocoder.model.ids import ChatId, MessageId, ProjectId, SessionId
from boocoder.model.task import MessageRole

RANKED_MAX = 1_000  # the newest matches of a word that is everywhere; ranking one costs some 10 us


class Hit(msgspec.Struct, frozen=True):
    """A message that holds all the words; `text` is where they were found, 100,000 characters at most."""

    message_id: MessageId
    session_id: SessionId
    chat_id: ChatId
    project_id: ProjectId
    session_title: str
    session_state: SessionState
    role: MessageRole
    agent: str | None
    created_at: datetime
    text: str


_SEARCH = statement("search", "search_messages", row=Hit, params=(str, int, int))


async def search_messages(conn: Connection, words: str, *, limit: int) -> list[Hit]:
    """The messages that hold all words, the best first; the last word may be the beginning of one.

    Args:
        words: as a person types them; punctuation only parts them.
        limit: messages at most.
    """
    return await _SEARCH.all(conn, words, limit, RANKED_MAX)
