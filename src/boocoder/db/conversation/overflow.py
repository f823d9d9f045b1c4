"""Keeps the text of a turn that goes beyond its share of the database in files, and reads it back in pages."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from boocoder.events.batch import OverflowText
from boocoder.model.ids import MessageId

FILE_MAX_BYTES = 2 * 1024**3  # of one part's text; what comes after is dropped
PIECE_CHARS = 65_536  # between two entries of the index: how much a read decodes more than it returns
_ENTRY = struct.Struct("<QQ")  # characters and bytes before a piece


class OverflowPage(NamedTuple):
    """A page of a file.

    Args:
        text: at most as long as asked for.
        total_chars: of the whole file; 0 if there is none.
    """

    text: str
    total_chars: int


class OverflowUsage(NamedTuple):
    """What one message has on the disk.

    Args:
        size_bytes: of all its files.
        written_at: Unix time in seconds of the newest one.
    """

    size_bytes: int
    written_at: float


class OverflowFiles:
    """One UTF-8 file a part and field, with an index of its pieces beside it.

    Args:
        root: directory of the files; made when it is first written to.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def append(self, message_id: MessageId, texts: Sequence[OverflowText]) -> None:
        """Append to the files of a message, in order.

        Raises:
            OSError: the disk does not take it.
        """
        if texts:
            await asyncio.to_thread(self._append, message_id, texts)

    async def read(self, message_id: MessageId, part: int, field: str, offset: int, limit: int) -> OverflowPage:
        """Characters `offset` to `offset + limit` of a file; an empty page where there is no such text."""
        return await asyncio.to_thread(self._read, message_id, part, field, offset, limit)

    async def usage(self) -> dict[MessageId, OverflowUsage]:
        """What is there, by message."""
        return await asyncio.to_thread(self._usage)

    async def delete(self, message_ids: Sequence[MessageId]) -> None:
        """Delete the files of messages. Harmless where there are none."""
        for message_id in message_ids:
            await asyncio.to_thread(shutil.rmtree, self._root / str(message_id), ignore_errors=True)

    def _usage(self) -> dict[MessageId, OverflowUsage]:
        found: dict[MessageId, OverflowUsage] = {}
        if not self._root.is_dir():
            return found
        for folder in self._root.iterdir():
            with suppress(ValueError, OSError):  # not ours, or deleted since
                files = [file.stat() for file in folder.iterdir()]
                newest = max((one.st_mtime for one in files), default=folder.stat().st_mtime)
                found[MessageId(UUID(folder.name))] = OverflowUsage(sum(one.st_size for one in files), newest)
        return found

    def _file(self, message_id: MessageId, part: int, field: str) -> Path:
        return self._root / str(message_id) / f"{part}.{field}.txt"

    def _append(self, message_id: MessageId, texts: Sequence[OverflowText]) -> None:
        (self._root / str(message_id)).mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in texts:
            path = self._file(message_id, one.part, one.field)
            if one.replace:
                path.unlink(missing_ok=True)
                path.with_suffix(".idx").unlink(missing_ok=True)
            entries = _entries(path)
            chars, written = entries[-1] if entries else (0, 0)
            with path.open("ab") as file, path.with_suffix(".idx").open("ab") as index:
                file.truncate(written)  # a piece that a crash cut short has no entry
                file.seek(0, os.SEEK_END)
                for begin in range(0, len(one.text), PIECE_CHARS):
                    data = one.text[begin : begin + PIECE_CHARS].encode()
                    if written + len(data) > FILE_MAX_BYTES:
                        break
                    file.write(data)
                    chars, written = chars + len(one.text[begin : begin + PIECE_CHARS]), written + len(data)
                    file.flush()
                    index.write(_ENTRY.pack(chars, written))

    def _read(self, message_id: MessageId, part: int, field: str, offset: int, limit: int) -> OverflowPage:
        path = self._file(message_id, part, field)
        entries = _entries(path)
        if not entries:
            return OverflowPage("", 0)
        total = entries[-1][0]
        if offset >= total or limit <= 0:
            return OverflowPage("", total)
        first = bisect_right(entries, (offset, 2**63))
        last = min(bisect_right(entries, (offset + limit, 2**63)), len(entries) - 1)
        chars, begin = entries[first - 1] if first else (0, 0)
        with path.open("rb") as file:
            file.seek(begin)
            text = file.read(entries[last][1] - begin).decode()
        return OverflowPage(text[offset - chars : offset - chars + limit], total)


def _entries(path: Path) -> list[tuple[int, int]]:
    """Characters and bytes up to the end of each piece."""
    try:
        data = path.with_suffix(".idx").read_bytes()
    except FileNotFoundError:
        return []
    whole = len(data) - len(data) % _ENTRY.size
    return [(chars, size) for chars, size in _ENTRY.iter_unpack(data[:whole])]
