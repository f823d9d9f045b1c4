"""Reads and writes files under one directory, by directory descriptors: no symbolic link is ever followed."""

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

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)  # file systems without hard links


class Kind(StrEnum):
    """What stands at a path."""

    ABSENT = "absent"
    FILE = "file"
    LINK = "link"
    DIRECTORY = "directory"
    SPECIAL = "special"
    BEHIND_LINK = "behind_link"  # a directory above it is a symbolic link


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a path now.

    Args:
        kind: what it is.
        signature: inode, times, size and mode; equal as long as nobody touched it.
        above: with BEHIND_LINK and ABSENT, the path above it that is no directory; else empty.
    """

    kind: Kind
    signature: tuple[int, ...] = ()
    above: bytes = b""

    @property
    def executable(self) -> bool:
        """Whether the owner may execute it."""
        return bool(self.signature) and bool(self.signature[-1] & stat.S_IXUSR)


class PathTaken(Exception):
    """Something stands where a new file should be put."""


class _NoParent(Exception):
    """A directory above a path is not there."""

    def __init__(self, above: bytes, kind: Kind) -> None:
        super().__init__(above)
        self.above = above
        self.kind = kind


class Rooted:
    """The files under `root`. Paths are bytes with `/`, relative, without `.` and `..`.

    Args:
        root: a directory; what is above it may contain symbolic links.
    """

    def __init__(self, root: Path) -> None:
        self._fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
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

    def look(self, path: bytes) -> Found:
        """What stands there."""
        try:
            with self._parent(path) as (fd, name):
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except _NoParent as missing:
            return Found(missing.kind, above=missing.above)
        except FileNotFoundError:
            return Found(Kind.ABSENT)
        return Found(_kind(found.st_mode), _signature(found))

    def read(self, path: bytes) -> bytes:
        """A file's content, or a link's target."""
        with self._parent(path) as (fd, name):
            if stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
                return os.readlink(name, dir_fd=fd)
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=fd)
            with os.fdopen(handle, "rb") as file:
                return file.read()

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

    def put_file(
        self, path: bytes, content: bytes, *, executable: bool, replace: bool, mode: int | None = None
    ) -> None:
        """Put a whole, durable file in place at once.

        Args:
            executable: whether it may be executed by those who may read it.
            replace: take the place of a file or link that stands there, and keep a file's other permissions.
            mode: these permissions exactly, instead of all that.

        Raises:
            PathTaken: something stands there and `replace` is false.
            OSError: it cannot be written.
        """
        with self._parent(path, make=True) as (fd, name):
            temporary = temporary_name(path)
            like = _status(fd, name) if replace else None
            if mode is None and like is not None:
                mode = _permissions(like.st_mode, executable)
            with _unlinked_on_failure(fd, temporary):
                _write_file(fd, temporary, content, 0o777 if executable else 0o666, mode, like)
                _place(fd, temporary, name, replace=replace)
        self._touch(path)

    def put_link(self, path: bytes, target: bytes, *, replace: bool) -> None:
        """Put a symbolic link in place at once. Arguments and errors as for `put_file`."""
        with self._parent(path, make=True) as (fd, name):
            temporary = temporary_name(path)
            with suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=fd)
            with _unlinked_on_failure(fd, temporary):
                os.symlink(target, temporary, dir_fd=fd)
                _place(fd, temporary, name, replace=replace)
        self._touch(path)

    def delete(self, path: bytes) -> None:
        """Delete a file or link, and the directories above it that are empty then."""
        with self._parent(path) as (fd, name):
            os.unlink(name, dir_fd=fd)
        self._touch(path)
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
        except OSError:
            return False
        return True

    def drop_temporary(self, path: bytes) -> None:
        """Delete what a write that was cut short left beside a path."""
        with suppress(_NoParent, FileNotFoundError), self._parent(path) as (fd, _):
            os.unlink(temporary_name(path), dir_fd=fd)

    def _touch(self, path: bytes) -> None:
        while path:
            path = path.rpartition(b"/")[0]
            self._touched.add(path)

    def sync(self) -> None:
        """Make all names that were written or deleted durable."""
        for directory in sorted(self._touched):
            with suppress(_NoParent), self._parent(directory + b"/x" if directory else b"x") as (fd, _):
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
            raise _NoParent(path, Kind.ABSENT) from None
        os.mkdir(name, dir_fd=fd)
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except OSError as error:
        if error.errno not in (errno.ENOTDIR, errno.ELOOP):
            raise
        is_link = stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        raise _NoParent(path, Kind.BEHIND_LINK if is_link else Kind.ABSENT) from None


def _kind(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return Kind.FILE
    if stat.S_ISLNK(mode):
        return Kind.LINK
    return Kind.DIRECTORY if stat.S_ISDIR(mode) else Kind.SPECIAL


def _signature(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode


def _status(fd: int, name: bytes) -> os.stat_result | None:
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _write_file(
    fd: int, name: bytes, content: bytes, allowed: int, mode: int | None, like: os.stat_result | None
) -> None:
    """Write a new file: with `mode`, or with what the umask leaves of `allowed`; owned like `like` or the directory."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=fd)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, allowed, dir_fd=fd)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        _give(handle, like or os.fstat(fd))
        if mode is not None:
            os.fchmod(handle, mode)
        file.flush()
        os.fsync(handle)


def _permissions(mode: int, executable: bool) -> int:
    """The old permissions, executable for those who may read, or for nobody."""
    kept = stat.S_IMODE(mode) & ~0o111
    return kept | ((kept & 0o444) >> 2) if executable else kept


def _give(handle: int, like: os.stat_result) -> None:
    """Let the file belong to whom the file before it belonged to, where we may."""
    if os.geteuid() == 0 and (like.st_uid, like.st_gid) != (0, 0):
        with suppress(PermissionError):
            os.fchown(handle, like.st_uid, like.st_gid)


def _place(fd: int, temporary: bytes, name: bytes, *, replace: bool) -> None:
    if replace:
        os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    else:
        _place_new(fd, temporary, name)


@contextmanager
def _unlinked_on_failure(fd: int, temporary: bytes) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=fd)
        raise


def _place_new(fd: int, temporary: bytes, name: bytes) -> None:
    try:
        os.link(temporary, name, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
        os.unlink(temporary, dir_fd=fd)
    except FileExistsError:
        raise PathTaken from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if _exists(fd, name):
            raise PathTaken from None
        os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)


def _exists(fd: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
