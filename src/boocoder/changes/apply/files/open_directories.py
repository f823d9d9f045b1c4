"""Keeps the directories above one path open for the next one, so that neighbours cost no walk from the root.

A directory that is held may be moved away, or replaced by a link, meanwhile. What is done in it then is done in the
directory that was there, as if it had been moved a moment later; letting it go says so.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from boocoder.changes.apply.files.entries import EntryKind, PathStat
from boocoder.changes.apply.files.placing import PathOccupied

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ParentMissing(PathOccupied):
    """A directory above a path is missing or is not a directory.

    Args:
        stat: of any path below it, that is ABSENT, or BEHIND_LINK if it is a symbolic link.
    """

    def __init__(self, stat: PathStat) -> None:
        super().__init__(stat.above)
        self.stat = stat


@dataclass(frozen=True, slots=True)
class _OpenDirectory:
    path: bytes
    fd: int


class OpenDirectories:
    """The open directories above one path, under a root.

    Args:
        root: descriptor of the root, which stays the caller's.
    """

    def __init__(self, root: int) -> None:
        self._chain = [_OpenDirectory(b"", root)]
        self._missing: PathStat | None = None  # of all paths below a directory that is not there

    def parent(self, path: bytes, *, make: bool) -> tuple[int, bytes]:
        """Descriptor of the directory of a path, valid until the next call, and the path's last name.

        Args:
            make: create directories that are missing.

        Raises:
            ParentMissing: a directory above it is missing, or is none.
            PathOccupied: a directory that was held is not where it was.
        """
        above, _, name = path.rpartition(b"/")
        if above == self._chain[-1].path:
            return self._chain[-1].fd, name
        if not make and (known := self.missing(path)) is not None:
            raise ParentMissing(known)
        self.release(above)
        try:
            self._descend(above, make=make)
        except ParentMissing as missing:
            self._missing = missing.stat
            raise
        return self._chain[-1].fd, name

    def missing(self, path: bytes) -> PathStat | None:
        """What there is to say of a path below the directory that was found missing last; None for another path."""
        known = self._missing
        return known if known is not None and path.startswith(known.above + b"/") else None

    def _descend(self, above: bytes, *, make: bool) -> None:
        while (here := self._chain[-1]).path != above:
            start = len(here.path) + 1 if here.path else 0
            end = above.find(b"/", start)
            below = above if end < 0 else above[:end]
            fd = _open_directory(here.fd, below[start:], below, make=make)
            self._chain.append(_OpenDirectory(below, fd))

    def release(self, keep: bytes = b"") -> None:
        """Let go of all directories but those on the way to `keep`, and of what is known to be missing.

        Raises:
            PathOccupied: one of them is not where it was.
        """
        self._missing = None
        moved = False
        while (last := self._chain[-1]).path and not (keep + b"/").startswith(last.path + b"/"):
            self._chain.pop()
            moved = not _is_at(self._chain[-1].fd, last) or moved
            os.close(last.fd)
        if moved:
            raise PathOccupied("a directory was moved while files were written into it")

    def close(self) -> None:
        """Let go of all directories, wherever they are."""
        for one in self._chain[1:]:
            os.close(one.fd)
        del self._chain[1:]


def _is_at(above: int, directory: _OpenDirectory) -> bool:
    held = os.fstat(directory.fd)
    try:
        found = os.stat(directory.path.rpartition(b"/")[2], dir_fd=above, follow_symlinks=False)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)


def _open_directory(fd: int, name: bytes, path: bytes, *, make: bool) -> int:
    try:
        return os.open(name, DIRECTORY, dir_fd=fd)
    except FileNotFoundError:
        if not make:
            raise ParentMissing(PathStat(EntryKind.ABSENT, above=path)) from None
        os.mkdir(name, dir_fd=fd)
        return os.open(name, DIRECTORY, dir_fd=fd)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        is_link = stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        kind = EntryKind.BEHIND_LINK if is_link else EntryKind.ABSENT
        raise ParentMissing(PathStat(kind, above=path)) from None
