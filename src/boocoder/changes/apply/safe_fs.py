"""Reads and writes files under one directory by directory descriptors; it never follows a symbolic link."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from boocoder.changes.apply.placing import (
    CAN_MOVE_NEW,
    PathOccupied,
    move_new,
    owner,
    permissions,
    place,
    sync_file_system,
    write_file,
)
from boocoder.git.file_links import clone_or_copy
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, parse_pointer

_CHUNK_BYTES = 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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


class _ParentMissing(PathOccupied):
    """A directory above a path is missing or is not a directory."""

    def __init__(self, above: bytes, kind: EntryKind) -> None:
        super().__init__(above)
        self.above = above
        self.kind = kind


class SafeDirectory:
    """The files under `root`. Paths are bytes with `/`, relative, without `.` and `..`.

    Args:
        root: a directory, not a symbolic link to one; its own path may lead through symbolic links.

    Raises:
        OSError: `root` is not a directory.
    """

    def __init__(self, root: Path) -> None:
        self._fd = os.open(root, _DIRECTORY)
        self._touched: set[bytes] = set()

    def close(self) -> None:
        """Free the descriptor."""
        os.close(self._fd)

    @contextmanager
    def _parent(self, path: bytes, *, make: bool = False) -> Iterator[tuple[int, bytes]]:
        *above, name = path.split(b"/")
        fd = os.dup(self._fd)
        try:
            for number, part in enumerate(above):
                below = _open_directory(fd, part, b"/".join(above[: number + 1]), make=make)
                os.close(fd)
                fd = below
            yield fd, name
        finally:
            os.close(fd)

    def look(self, path: bytes) -> PathStat:
        """The entry at a path."""
        try:
            with self._parent(path) as (fd, name):
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except _ParentMissing as missing:
            return PathStat(missing.kind, above=missing.above)
        except FileNotFoundError:
            return PathStat(EntryKind.ABSENT)
        except OSError:
            return PathStat(EntryKind.UNREADABLE)
        return PathStat(_kind(found.st_mode), _signature(found))

    def takes_moves(self, directory: Path) -> bool:
        """Whether files of a directory can be moved to where nothing is: both are on one file system, and new files
        belong to who runs this."""
        mine = os.fstat(self._fd)
        if os.geteuid() == 0 and owner(mine) != (0, 0):
            return False
        return CAN_MOVE_NEW and directory.exists() and directory.stat().st_dev == mine.st_dev

    def read_link(self, path: bytes) -> bytes:
        """A symbolic link's target."""
        with self._parent(path) as (fd, name):
            return os.readlink(name, dir_fd=fd)

    def has_content(self, path: bytes, other: Path) -> bool:
        """Whether a file holds what another one does."""
        with self._opened(path) as file, other.open("rb") as second:
            if os.fstat(file.fileno()).st_size != other.stat().st_size:
                return False
            while chunk := file.read(_CHUNK_BYTES):
                if second.read(len(chunk)) != chunk:
                    return False
            return not second.read(1)

    def is_pointer(self, path: bytes) -> bool:
        """Whether a small file is a pointer of Git LFS."""
        found = self.look(path)
        if found.kind is not EntryKind.FILE or not 0 < found.size < POINTER_MAX_BYTES:
            return False
        with suppress(OSError, PathOccupied), self._opened(path) as file:
            return parse_pointer(file.read(POINTER_MAX_BYTES)) is not None
        return False

    def copy_out(self, path: bytes, target: Path) -> None:
        """Write a file's content to a file elsewhere."""
        with self._opened(path) as file, target.open("wb") as copy:
            clone_or_copy(file.fileno(), copy.fileno())

    @contextmanager
    def _opened(self, path: bytes) -> Iterator[BinaryIO]:
        with self._parent(path) as (fd, name):
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=fd)
        with os.fdopen(handle, "rb") as file:
            yield file

    def names_below(self, path: bytes) -> Iterator[bytes]:
        """Paths of all that is no directory under a directory, and of empty directories in it."""
        with self._parent(path) as (fd, name):
            handle = os.open(name, _DIRECTORY, dir_fd=fd)
        try:
            with os.scandir(handle) as entries:
                found = [(os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)) for entry in entries]
        finally:
            os.close(handle)
        for below, is_directory in found:
            if is_directory:
                yield from self.names_below(path + b"/" + below)
            else:
                yield path + b"/" + below

    def put_file(self, path: bytes, content: Path, *, executable: bool, replace: bool, mode: int | None = None) -> None:
        """Put a whole, durable file in place at once.

        Args:
            content: a file that has it.
            executable: whether it may be executed by those who may read it.
            replace: replace the file or link at the path, and keep a file's other permissions.
            mode: these permissions exactly, instead of all that.

        Raises:
            PathOccupied: the path exists and `replace` is false.
            OSError: it cannot be written.
        """
        self.stage_file(path, content, executable=executable, replace=replace, mode=mode)
        self.place_staged(path, replace=replace)

    def stage_file(
        self,
        path: bytes,
        content: Path,
        *,
        executable: bool,
        replace: bool,
        mode: int | None = None,
        durable: bool = True,
    ) -> None:
        """Write a file's new content beside it, for `place_staged`. Other arguments as for `put_file`.

        Args:
            durable: False leaves it to `sync_contents` to make the content durable.
        """
        with self._parent(path, make=True) as (fd, name):
            temporary = temporary_name(path)
            like = _status(fd, name) if replace else None
            if mode is None and like is not None:
                mode = permissions(like.st_mode, executable)
            with _unlinked_on_failure(fd, temporary):
                write_file(fd, temporary, content, 0o777 if executable else 0o666, mode, like, durable=durable)

    def move_new(self, path: bytes, source: Path) -> PathStat | None:
        """Move a durable file from elsewhere on the same file system to a place where nothing is, at once.

        Returns:
            What is there then; None if it cannot be moved and must be copied.

        Raises:
            PathOccupied: the path exists.
        """
        with self._parent(path, make=True) as (fd, name):
            if os.geteuid() == 0 and owner(os.fstat(fd)) != (0, 0):  # a copy gets the directory's owner
                return None
            if not move_new(source, fd, name):
                return None
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        self._touch(path)
        return PathStat(_kind(found.st_mode), _signature(found))

    def place_staged(self, path: bytes, *, replace: bool) -> None:
        """Put a staged file in place at once. Arguments and errors as for `put_file`."""
        with self._parent(path) as (fd, name):
            temporary = temporary_name(path)
            with _unlinked_on_failure(fd, temporary):
                place(fd, temporary, name, replace=replace)
        self._touch(path)

    def discard_staged(self, path: bytes) -> None:
        """Delete a staged file and the directories above it that are empty then. Harmless if there is none."""
        with suppress(PathOccupied, OSError):
            self.drop_temporary(path)
        self._remove_empty_above(path)

    def sync_contents(self) -> None:
        """Make the content of all staged files durable, in one call for the whole file system."""
        sync_file_system(self._fd)

    def put_link(self, path: bytes, target: bytes, *, replace: bool) -> None:
        """Put a symbolic link in place at once. Arguments and errors as for `put_file`."""
        with self._parent(path, make=True) as (fd, name):
            temporary = temporary_name(path)
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=fd)
            with _unlinked_on_failure(fd, temporary):
                os.symlink(target, temporary, dir_fd=fd)
                place(fd, temporary, name, replace=replace)
        self._touch(path)

    def delete(self, path: bytes) -> None:
        """Delete a file or link, and the directories above it that are empty then."""
        with self._parent(path) as (fd, name):
            os.unlink(name, dir_fd=fd)
        self._touch(path)
        self._remove_empty_above(path)

    def _remove_empty_above(self, path: bytes) -> None:
        above = path.rpartition(b"/")[0]
        while above and self._remove_empty(above):
            self._touch(above)
            above = above.rpartition(b"/")[0]

    def remove_empty_below(self, path: bytes) -> None:
        """Remove a directory that holds nothing but directories."""
        with self._parent(path) as (fd, name):
            handle = os.open(name, _DIRECTORY, dir_fd=fd)
        try:
            with os.scandir(handle) as entries:
                below = [os.fsencode(entry.name) for entry in entries]
        finally:
            os.close(handle)
        for one in below:
            self.remove_empty_below(path + b"/" + one)
        self._remove_empty(path)

    def _remove_empty(self, path: bytes) -> bool:
        try:
            with self._parent(path) as (fd, name):
                os.rmdir(name, dir_fd=fd)
        except (OSError, PathOccupied):
            return False
        return True

    def drop_temporary(self, path: bytes) -> None:
        """Delete what an interrupted write left beside a path."""
        with suppress(_ParentMissing, OSError), self._parent(path) as (fd, _):
            os.unlink(temporary_name(path), dir_fd=fd)

    def _touch(self, path: bytes) -> None:
        while path:
            path = path.rpartition(b"/")[0]
            self._touched.add(path)

    def sync(self) -> None:
        """Make all names that were written or deleted durable."""
        for directory in sorted(self._touched):
            with suppress(_ParentMissing), self._parent(directory + b"/x" if directory else b"x") as (fd, _):
                os.fsync(fd)
        self._touched.clear()


def temporary_name(path: bytes) -> bytes:
    """The one name beside a path under which its new content is written first; a later try finds it again."""
    return b".boocoder-" + hashlib.sha256(path).hexdigest()[:16].encode() + b".tmp"


def _open_directory(fd: int, name: bytes, path: bytes, *, make: bool) -> int:
    try:
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except FileNotFoundError:
        if not make:
            raise _ParentMissing(path, EntryKind.ABSENT) from None
        os.mkdir(name, dir_fd=fd)
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        is_link = stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        raise _ParentMissing(path, EntryKind.BEHIND_LINK if is_link else EntryKind.ABSENT) from None


def _kind(mode: int) -> EntryKind:
    if stat.S_ISREG(mode):
        return EntryKind.FILE
    if stat.S_ISLNK(mode):
        return EntryKind.LINK
    return EntryKind.DIRECTORY if stat.S_ISDIR(mode) else EntryKind.SPECIAL


def _signature(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode


def _status(fd: int, name: bytes) -> os.stat_result | None:
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


@contextmanager
def _unlinked_on_failure(fd: int, temporary: bytes) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=fd)
        raise
