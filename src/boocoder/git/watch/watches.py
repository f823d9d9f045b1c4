"""Says whether anything below a directory has changed since a moment; keeps a bounded number of watches for that.

What it does not see: writes through a memory mapping until that ends, and writes by another hard link of a file, from
outside of the tree. Whoever relies on it does so for a turn's snapshots only, which the next full look corrects.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.watch.inotify import NotWatchable, TreeWatch, close_handle, surplus

TREE_MAX = 2_048  # directories of one tree: looking at all of them takes some 20 ms of one core
TREES_MAX = 16  # of one process, an eighth of what a user may have by default: opencode hangs where none is left
TOTAL_MAX = 32_768  # directories; each takes a kilobyte of the kernel's memory
LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
LIMIT_SHARE = 4  # editors and build tools of the same user need watches too
REFUSED_S = 600.0  # until a tree that could not be watched is tried again


@dataclass(frozen=True, slots=True)
class WatchMoment:
    """A moment in the life of a tree, to be compared with later ones."""

    watch: TreeWatch
    version: int


class FileWatches:
    """The watched trees of this process, those used least recently given up first.

    Args:
        tree_max: directories of one tree.
    """

    def __init__(self, *, tree_max: int = TREE_MAX) -> None:
        self._tree_max = tree_max
        self._total_max = _total_max()
        self._watches: OrderedDict[Path, TreeWatch] = OrderedDict()
        self._refused: dict[Path, float] = {}

    async def moment(self, root: Path) -> WatchMoment | None:
        """Now: everything that changes below a directory after this call is a change.

        Returns:
            None where the tree cannot be watched.
        """
        if sys.platform != "linux" or self._refused.get(root, 0.0) > time.monotonic():
            return None
        known = self._watches.get(root)
        if known is not None:
            known.look()
            if not known.outgrown:
                self._watches.move_to_end(root)
                known.use()
                return WatchMoment(known, known.version)
            del self._watches[root]
        for watch in surplus(TREES_MAX):  # of all objects of this class: their owners see that it has ended
            await asyncio.to_thread(close_handle, watch.release())
        made = await asyncio.to_thread(self._make, root, known.release() if known is not None else -1)
        if made is None:
            self._refused[root] = time.monotonic() + REFUSED_S
            return None
        given_up = self._watches.pop(root, None)  # of a call beside this one
        self._watches[root] = made
        for watch in filter(None, [given_up, *self._too_many()]):
            await asyncio.to_thread(close_handle, watch.release())
        return WatchMoment(made, 0)

    def _make(self, root: Path, old_handle: int) -> TreeWatch | None:
        close_handle(old_handle)
        try:
            return TreeWatch(os.fsencode(root), self._tree_max)
        except NotWatchable:
            return None

    def _too_many(self) -> Iterator[TreeWatch]:
        while len(self._watches) > 1 and sum(one.directories for one in self._watches.values()) > self._total_max:
            yield self._watches.popitem(last=False)[1]

    def unchanged(self, since: WatchMoment) -> bool:
        """Whether nothing has changed since then, as far as can be told."""
        since.watch.look()
        return not since.watch.outgrown and since.watch.version == since.version

    def close(self) -> None:
        """Watch nothing any longer. Safe twice."""
        while self._watches:
            self._watches.popitem()[1].close()


def _total_max() -> int:
    try:
        return min(TOTAL_MAX, int(LIMIT.read_text()) // LIMIT_SHARE)
    except (OSError, ValueError):
        return TOTAL_MAX // LIMIT_SHARE
