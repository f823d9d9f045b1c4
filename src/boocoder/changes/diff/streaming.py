"""Splits text files of a change into units while git still compares the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from boocoder.changes.diff.hunks import REGULAR_MODES, file_diff, has_lines, needs_base, verify_hunks
from boocoder.changes.diff.model import FileChange
from boocoder.git.diff.patch import PatchedFile, RawChange

_BATCH = 25  # files split before others get their turn: a few milliseconds


class StreamingSplitter:
    """Splits files as git reports them; `done` has the results by path. The caller splits the others.

    Args:
        read: the contents of blobs, as far as they can be had.
    """

    def __init__(self, read: Callable[[set[str]], Awaitable[Mapping[str, bytes]]]) -> None:
        self._read = read
        self._begun: asyncio.Future[Sequence[RawChange]] = asyncio.get_running_loop().create_future()
        self._bases: Mapping[str, bytes] | None = None
        self._waiting: list[PatchedFile] = []
        self.done: dict[bytes, FileChange] = {}

    def begin(self, records: Sequence[RawChange]) -> None:
        """Git knows which files differ; an empty list where it will not tell."""
        if not self._begun.done():
            self._begun.set_result(records)

    def take(self, one: PatchedFile) -> None:
        """The next file; it is split at once if its content in the base is there."""
        if not has_lines(one):
            return
        if self._bases is None and needs_base(one):
            self._waiting.append(one)
        else:
            self._split(one, self._bases or {})

    async def run(self) -> None:
        """Read the base's contents of the files that stay: nearly all of them are wanted."""
        records = await self._begun
        ids = {raw.old_id for raw in records if raw.status in ("M", "R") and raw.old_id != raw.new_id}
        regular = {raw.old_id for raw in records if {raw.old_mode, raw.new_mode} <= REGULAR_MODES}
        bases = await self._read(ids & regular)
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            for one in batch:
                self._split(one, bases)
            await asyncio.sleep(0)
        self._bases = bases

    def _split(self, one: PatchedFile, bases: Mapping[str, bytes]) -> None:
        base = bases.get(one.raw.old_id) if needs_base(one) else None
        proven = None if base is None and needs_base(one) else verify_hunks(one, base)
        if proven is not None:
            self.done[one.raw.path] = file_diff(one, proven, {}, target=None, unread=False)
