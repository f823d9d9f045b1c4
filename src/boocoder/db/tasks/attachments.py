"""Files that a person sends with a task, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import NotFound
from boocoder.model.ids import AttachmentId, TaskId
from boocoder.wire.tasks import AttachmentInfo


class Attachment(AttachmentInfo, frozen=True):
    """One file.

    Args:
        name: safe as a file's name.
        media_type: by its bytes.
        path: absolute; each host has a copy of its own there once it has needed one.
    """

    path: str


class _AttachmentIdRow(msgspec.Struct, frozen=True):
    id: AttachmentId


class _ContentRow(msgspec.Struct, frozen=True):
    content: bytes


_INSERT = statement("attachments", "insert_attachment", row=Done, params=(UUID, str, str, int, str, bytes))
_ATTACH = statement("attachments", "attach", row=_AttachmentIdRow, params=(list[UUID], UUID))
_GET = statement("attachments", "get_attachment", row=Attachment, params=(UUID,))
_CONTENT = statement("attachments", "get_content", row=_ContentRow, params=(UUID,))
_FORGET = statement("attachments", "forget_unsent", row=Attachment, params=(float, int))


async def insert_attachment(
    conn: Connection, attachment_id: AttachmentId, *, name: str, media_type: str, content: bytes, path: Path
) -> None:
    """Store a file that no task has yet."""
    await _INSERT.one(conn, attachment_id, name, media_type, len(content), str(path), content)


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


async def get_content(conn: Connection, attachment_id: AttachmentId) -> bytes | None:
    """The bytes of one file; None where an early version kept them on the disk of one host only."""
    found = await _CONTENT.first(conn, attachment_id)
    return None if found is None else found.content


async def forget_unsent(conn: Connection, older_than_s: float, limit: int) -> list[Attachment]:
    """Take away the rows of files that were attached so long ago and never sent."""
    return await _FORGET.all(conn, older_than_s, limit)
