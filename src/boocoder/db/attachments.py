"""Files that a person sends with a task, as rows. It touches no file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.sql import Done, statement
from boocoder.errors import NotFound
from boocoder.model.ids import AttachmentId, TaskId


class Attachment(msgspec.Struct, frozen=True):
    """One file.

    Args:
        name: safe as a file's name.
        media_type: by its bytes.
        path: absolute, on the host that took it.
    """

    id: AttachmentId
    name: str
    media_type: str
    size_bytes: int
    path: str


class _Id(msgspec.Struct, frozen=True):
    id: AttachmentId


_INSERT = statement("attachments", "insert_attachment", row=Done, params=(UUID, str, str, int, str))
_ATTACH = statement("attachments", "attach", row=_Id, params=(list[UUID], UUID))
_GET = statement("attachments", "get_attachment", row=Attachment, params=(UUID,))
_FORGET = statement("attachments", "forget_unsent", row=Attachment, params=(float, int))


async def insert_attachment(
    conn: Connection, attachment_id: AttachmentId, *, name: str, media_type: str, size_bytes: int, path: Path
) -> None:
    """Store a file that no task has yet."""
    await _INSERT.one(conn, attachment_id, name, media_type, size_bytes, str(path))


async def attach(conn: Connection, attachment_ids: Sequence[AttachmentId], task_id: TaskId) -> set[AttachmentId]:
    """Give files to a task in this order; returns those that were free."""
    return {row.id for row in await _ATTACH.all(conn, list(attachment_ids), task_id)}


async def get_attachment(conn: Connection, attachment_id: AttachmentId) -> Attachment:
    """One file.

    Raises:
        NotFound: attachment_not_found.
    """
    found = await _GET.first(conn, attachment_id)
    if found is None:
        raise NotFound("attachment_not_found", f"There is no attachment {attachment_id}.", "Attach the file again.")
    return found


async def forget_unsent(conn: Connection, older_than_s: float, limit: int) -> list[Attachment]:
    """Take away the rows of files that were attached so long ago and never sent."""
    return await _FORGET.all(conn, older_than_s, limit)
