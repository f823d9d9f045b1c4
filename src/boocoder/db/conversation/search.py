"""Search over what people asked and agents answered. Which words of a text are shown is decided elsewhere."""

from __future__ import annotations

from uuid import UUID

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.model.ids import ProjectId
from boocoder.wire.search import MessageMatch

RANKED_MAX = 1_000  # the newest matches of a word that is everywhere; ranking one costs some 10 us


class MessageHit(MessageMatch, frozen=True):
    """A message that holds all the words; `text` is where they were found, 100,000 characters at most."""

    text: str


_SEARCH = statement("search", "search_messages", row=MessageHit, params=(str, int, int, UUID | None))


async def search_messages(
    conn: Connection, words: str, *, limit: int, project_id: ProjectId | None = None
) -> list[MessageHit]:
    """The messages that hold all words, the best first; the last word may be the beginning of one.

    Args:
        words: as a person types them; punctuation only parts them.
        limit: messages at most.
        project_id: only in this project.
    """
    return await _SEARCH.all(conn, words, limit, RANKED_MAX, project_id)
