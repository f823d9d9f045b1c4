"""What is at a path: its kind, and by what a change of it is noticed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What kind of entry is at a path."""

    ABSENT = "absent"
    FILE = "file"
    LINK = "link"
    DIRECTORY = "directory"
    SPECIAL = "special"
    UNREADABLE = "unreadable"  # the system does not say: no permission, or a name that is too long
    BEHIND_LINK = "behind_link"  # a directory above it is a symbolic link


@dataclass(frozen=True, slots=True)
class PathStat:
    """The entry at a path.

    Args:
        kind: of the entry.
        signature: inode, times, size and mode; equal as long as it is not changed.
        above: with BEHIND_LINK and ABSENT, the path above it that is no directory; else empty.
    """

    kind: EntryKind
    signature: tuple[int, ...] = ()
    above: bytes = b""

    @property
    def executable(self) -> bool:
        """Whether the owner may execute it."""
        return bool(self.signature) and bool(self.signature[-1] & stat.S_IXUSR)

    @property
    def size(self) -> int:
        """Bytes; 0 where nothing was found."""
        return self.signature[-2] if self.signature else 0

    def is_same(self, other: PathStat) -> bool:
        """Whether the other is the same file unchanged, wherever it has been moved to."""
        return _moved(self.signature) == _moved(other.signature)


def _moved(signature: tuple[int, ...]) -> tuple[int, ...]:
    """What a rename leaves as it was: it changes the time at index 3, and on some file systems the first two."""
    return signature[2:3] + signature[4:]


def _kind(mode: int) -> EntryKind:
    if stat.S_ISREG(mode):
        return EntryKind.FILE
    if stat.S_ISLNK(mode):
        return EntryKind.LINK
    return EntryKind.DIRECTORY if stat.S_ISDIR(mode) else EntryKind.SPECIAL


def _signature(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode


def stat_of(found: os.stat_result) -> PathStat:
    """What the system says of an entry, as a value."""
    return PathStat(_kind(found.st_mode), _signature(found))


def entries_below(directory: bytes, path: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    """All that is no directory under a directory, with `path` for the directory's own."""
    with os.scandir(directory) as entries:
        for entry in entries:
            below = path + b"/" + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from entries_below(entry.path, below)
            else:
                yield below, entry.stat(follow_symlinks=False)
