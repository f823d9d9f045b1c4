"""How much of Git LFS one snapshot takes in."""

from __future__ import annotations

from collections.abc import Mapping

FILE_MAX_BYTES = 5 * 1024**3  # of one untracked file; no common server takes more
TOTAL_MAX_BYTES = 20 * 1024**3  # of all new untracked files of one snapshot that are too large for a tree


def within_limits(sizes: Mapping[bytes, int]) -> set[bytes]:
    """The files that a snapshot takes, the smallest first, so that as many as possible are kept.

    Args:
        sizes: path -> bytes, of new files.
    """
    taken: set[bytes] = set()
    total = 0
    for size, path in sorted((size, path) for path, size in sizes.items()):
        if size > FILE_MAX_BYTES or total + size > TOTAL_MAX_BYTES:
            break
        total += size
        taken.add(path)
    return taken
