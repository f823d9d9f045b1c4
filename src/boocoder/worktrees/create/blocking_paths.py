"""Finds files that are in the way of a tree's files and in no snapshot. Read-only."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator

FOUND_MAX = 20_000  # more are not taken into a snapshot file by file


def find_blocking_files(root: bytes, wanted: Iterable[bytes]) -> set[bytes]:
    """Files, links and special files at, above or below the wanted paths. No symbolic link is followed.

    Args:
        root: a directory.
        wanted: paths below it, with `/`.

    Returns:
        At most FOUND_MAX paths, relative to the root.
    """
    found: set[bytes] = set()
    for path in wanted:
        for there in _at(root, path):
            found.add(there)
            if len(found) >= FOUND_MAX:
                return found
    return found


def _at(root: bytes, path: bytes) -> Iterator[bytes]:
    parts = path.split(b"/")
    for count in range(1, len(parts) + 1):
        above = b"/".join(parts[:count])
        try:
            mode = os.lstat(root + b"/" + above).st_mode
        except OSError:
            return
        if not stat.S_ISDIR(mode):
            yield above
            return
    yield from _below(root, path)


def _below(root: bytes, folder: bytes) -> Iterator[bytes]:
    try:
        with os.scandir(root + b"/" + folder) as entries:
            listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except OSError:
        yield folder
        return
    for name, is_directory in listed:
        if is_directory:
            yield from _below(root, folder + b"/" + name)
        else:
            yield folder + b"/" + name


def touched(paths: Iterable[bytes], changed: Collection[bytes]) -> list[bytes]:
    """Those of the paths that are among `changed`, or above or below one of them."""
    roots = {b"/".join(path.split(b"/")[:count]) for path in changed for count in range(1, path.count(b"/") + 2)}
    whole = set(changed)
    return [path for path in paths if path in roots or any(one in whole for one in _above(path))]


def _above(path: bytes) -> Iterator[bytes]:
    parts = path.split(b"/")
    for count in range(1, len(parts)):
        yield b"/".join(parts[:count])
