"""Cache of structured diffs: trees do not change, so neither does the diff of two of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from boocoder.changes.diff.tree_diff import FileChange, structured_diff
from boocoder.git.shadow.repository import ShadowRepository

CACHE_MAX_BYTES = 64 * 1024 * 1024  # of lines and names; a handful of reviews that are open at a time
UNIT_BYTES = 400  # of a unit and its share of a file without their text, measured with sys.getsizeof

_Key = tuple[str, str, str]


class DiffCache:
    """The newest structured diffs, made once however many ask at the same time.

    Args:
        max_bytes: of all; the one that was used longest ago goes first. A larger one is not kept.
    """

    def __init__(self, *, max_bytes: int = CACHE_MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[_Key, tuple[tuple[FileChange, ...], int]] = OrderedDict()
        self._bytes = 0
        self._locks: dict[_Key, tuple[asyncio.Lock, int]] = {}

    async def get(self, shadow: ShadowRepository, base_tree: str, tree: str) -> tuple[FileChange, ...]:
        """The difference between two trees. Errors as `structured_diff`."""
        key = (str(shadow.git_dir), base_tree, tree)
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = lock, waiting + 1
        try:
            async with lock:
                return self._known(key) or self._keep(key, await structured_diff(shadow, base_tree, tree))
        finally:
            lock, waiting = self._locks.pop(key)
            if waiting > 1:
                self._locks[key] = lock, waiting - 1

    def _known(self, key: _Key) -> tuple[FileChange, ...] | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def _keep(self, key: _Key, files: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
        size = sum(_size(file) for file in files)
        if size <= self._max_bytes:
            self._kept[key] = files, size
            self._bytes += size
        while self._bytes > self._max_bytes:
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed
        return files


def _size(file: FileChange) -> int:
    lines = (line for unit in file.units for line in (*unit.old_lines, *unit.new_lines))
    return UNIT_BYTES * (1 + len(file.units)) + len(file.path) + sum(40 + len(line) for line in lines)
