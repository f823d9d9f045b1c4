"""Ranks paths by how well a few typed letters match them. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

Rank = tuple[int, int, str]
"""Better ones are smaller: how well it fits, how long it is, and the path itself."""


def best_paths(paths: Sequence[str], query: str, limit: int) -> list[str]:
    """The paths that fit best, best first.

    Args:
        query: letters of the path in their order, in any case, ignoring blanks. Without any, the paths
            nearest to the root are given.
        limit: at most so many.
    """
    wanted = "".join(query.split()).lower()
    ranked = _nearest(paths) if not wanted else _fitting(paths, wanted)
    return [path for _, _, path in heapq.nsmallest(limit, ranked)]


def _nearest(paths: Iterable[str]) -> Iterable[Rank]:
    return ((path.count("/"), 0, path) for path in paths)


def _fitting(paths: Iterable[str], wanted: str) -> Iterable[Rank]:
    for path in paths:
        low = path.lower()
        if wanted in low:
            yield _fit(low, wanted), len(path), path
        elif _scattered(low, wanted):
            name = low.rpartition("/")[2]
            yield 4 if _scattered(name, wanted) else 5, len(path), path


def _scattered(text: str, wanted: str) -> bool:
    """Whether the letters come in this order. A regular expression would backtrack for too long."""
    at = 0
    for letter in wanted:
        at = text.find(letter, at) + 1
        if at == 0:
            return False
    return True


def _fit(low: str, wanted: str) -> int:
    """0 the file's name, 1 its beginning, 2 inside of it, 3 elsewhere in the path."""
    name = low.rpartition("/")[2]
    if name == wanted or low == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    return 2 if wanted in name else 3
