"""Takes files that a person sends with a task: names them safely, detects their type, stores their bytes.

The bytes are in the database; an agent reads a copy on the disk of its host.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.db.tasks import attachments
from boocoder.db.tasks.attachments import Attachment
from boocoder.errors import InvalidInput, NotFound, Unavailable
from boocoder.model.ids import AttachmentId, new_id
from boocoder.model.limits import ATTACHMENT_MAX_BYTES
from boocoder.model.media_type import media_type

NAME_MAX_BYTES = 120  # of a file system's 255; long ones are no help to anybody
UNSENT_S = 24 * 3600.0  # a draft may lie over night
SWEPT_MAX = 100  # files deleted by the way of one upload


class Attachments:
    """The files that people sent, and this host's copies of them.

    Args:
        root: directory of the copies, each in a directory of its own; made when needed.
    """

    def __init__(self, *, database: Database, root: Path) -> None:
        self._database = database
        self._root = root

    async def add(self, name: str, content: bytes) -> Attachment:
        """Keep a file until a task takes it; files that were not sent within a day are deleted on the occasion.

        Raises:
            InvalidInput: attachment_empty, attachment_too_large.
            Unavailable: attachment_not_stored, the disk does not take it.
        """
        _check(content)
        await self._sweep()
        attachment_id = AttachmentId(new_id())
        safe = safe_name(name)
        path = self._root.resolve() / str(attachment_id) / safe
        made = Attachment(attachment_id, safe, media_type(content), len(content), str(path))
        await self._write(path, content)
        async with self._database.connection() as conn:
            await attachments.insert_attachment(
                conn, attachment_id, name=safe, media_type=made.media_type, content=content, path=path
            )
        return made

    async def read(self, attachment_id: AttachmentId) -> tuple[Attachment, bytes]:
        """A file with its bytes.

        Raises:
            NotFound: attachment_not_found, also where its bytes are gone.
        """
        async with self._database.connection() as conn:
            found = await attachments.get_attachment(conn, attachment_id)
        return found, await self._content(found)

    async def copy_here(self, files: Sequence[Attachment]) -> None:
        """Make sure that this host has a copy of each file at its path.

        Raises:
            NotFound: attachment_not_found, the bytes of one are gone.
            Unavailable: attachment_not_stored, the disk does not take one.
        """
        for one in files:
            if not await asyncio.to_thread(_has_copy, one):
                await self._write(Path(one.path), await self._content(one))

    async def _content(self, file: Attachment) -> bytes:
        async with self._database.connection() as conn:
            content = await attachments.get_content(conn, file.id)
        if content is not None:
            return content
        try:
            return await asyncio.to_thread(Path(file.path).read_bytes)
        except OSError as error:
            text = f"The file of attachment {file.name} is gone: {error.strerror or error}."
            raise NotFound("attachment_not_found", text, "Attach the file again.") from error

    async def _write(self, path: Path, content: bytes) -> None:
        try:
            await asyncio.to_thread(_write_file, path, content)
        except OSError as error:
            text = f"{path.name} could not be stored: {error.strerror or error}."
            raise Unavailable("attachment_not_stored", text, "Make room on the disk.") from error

    async def _sweep(self) -> None:
        async with self._database.connection() as conn:
            gone = await attachments.forget_unsent(conn, UNSENT_S, SWEPT_MAX)
        for one in gone:
            await asyncio.to_thread(shutil.rmtree, Path(one.path).parent, ignore_errors=True)


def _check(content: bytes) -> None:
    if not content:
        raise InvalidInput("attachment_empty", "The file is empty.", "Attach one that has something in it.")
    if len(content) > ATTACHMENT_MAX_BYTES:
        text = f"The file has {len(content)} bytes; {ATTACHMENT_MAX_BYTES} are allowed."
        raise InvalidInput("attachment_too_large", text, "Put it into the project, or name its path in the message.")


def _has_copy(file: Attachment) -> bool:
    try:
        return Path(file.path).stat().st_size == file.size_bytes
    except OSError:
        return False


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    part = path.with_name(f".{new_id()}")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.replace(path)


def safe_name(name: str) -> str:
    """A file's name that is one in every file system and plain in every prompt: letters, digits, `.`, `_`, `-`."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(char if char.isalnum() or char in "._-" else "_" for char in last).lstrip(".-_")
    stem, dot, ending = plain.rpartition(".")
    tail = (dot + ending).encode()[:20].decode(errors="ignore") if stem else ""
    room = NAME_MAX_BYTES - len(tail.encode())
    return (stem or ending).encode()[:room].decode(errors="ignore") + tail or "file"
