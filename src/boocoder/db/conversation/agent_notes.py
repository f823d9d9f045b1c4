"""Notes for a session's agent, sent with its next prompt."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import SessionId, TaskId, new_id


class _Note(msgspec.Struct, frozen=True):
    ord: int
    text: str


_INSERT = statement("notes", "insert_note", row=Done, params=(UUID, UUID, str))
_TAKE = statement("notes", "take_notes", row=_Note, params=(UUID, UUID))


async def add_note(conn: Connection, session_id: SessionId, text: str) -> None:
    """Send the session's agent a note with its next prompt, once.

    Args:
        text: one or two sentences, not empty.
    """
    await _INSERT.one(conn, new_id(), session_id, text)


async def take_notes(conn: Connection, session_id: SessionId, task_id: TaskId) -> list[str]:
    """The notes for this task's prompt, oldest first. A note is delivered when a prompt with it was sent."""
    rows = await _TAKE.all(conn, session_id, task_id)
    return [row.text for row in sorted(rows, key=lambda row: row.ord)]
