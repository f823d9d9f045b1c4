"""Says whether anything below a directory has changed since a moment; keeps a bounded number of watches for that.

What it does not see: writes through a memory mapping until that ends, and writes by another hard link of a file, from
outside of the tree. Whoever relies on it does so for a turn's snapshots only, which the next full look corrects.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.watch.inotify import NotWatchable, TreeWatch, surplus

TREE_MAX = 2_048  # directories of one tree: looking at all of them takes some 20 ms of one core
TOTAL_MAX = 32_768  # directories of a process; each takes a kilobyte of the kernel's memory
LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
LIMIT_SHARE = 4  # editors and build tools of the same user need watches too
REFUSED_S = 600.0  # until a tree that could not be watched is tried again


@dataclass(frozen=True, slots=True)
class WatchMoment:
    """A moment in the life of a tree, to be compared with later ones."""

    watch: TreeWatch
    version: int


class FileWatches:
    """Watched trees. Of all those of the process, the ones used least recently are given up first.

    Args:
        tree_max: directories of one tree.
        total_max: directories of all trees of the process; None for a share of what the user may have.
    """

    def __init__(self, *, tree_max: int = TREE_MAX, total_max: int | None = None) -> None:
        self._tree_max = tree_max
        self._total_max = _total_max() if total_max is None else total_max
        self._watches: dict[Path, TreeWatch] = {}
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
                known.use()
                return WatchMoment(known, known.version)
        made = await asyncio.to_thread(self._replace, root, known)
        if made is None:
            self._refused[root] = time.monotonic() + REFUSED_S
            return None
        given_up = self._watches.pop(root, None)  # of a call beside this one
        self._watches = {path: watch for path, watch in self._watches.items() if watch.directories}
        self._watches[root] = made
        if given_up is not None:
            await asyncio.to_thread(given_up.close)
        return WatchMoment(made, 0)

    def _replace(self, root: Path, known: TreeWatch | None) -> TreeWatch | None:
        if known is not None:
            known.close()
        try:
            made = TreeWatch(os.fsencode(root), self._tree_max)
        except NotWatchable:
            return None
        for watch in surplus(self._total_max):  # of all objects of this class: their owners see that it has ended
            watch.close()
        return made

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
