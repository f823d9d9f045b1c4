"""Puts files in place by single calls of the file system, which other programs see done or not done."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from boocoder.git.file_links import clone_or_copy

_LIBC = ctypes.CDLL(None, use_errno=True)
_syncfs: Callable[[int], int] | None = getattr(_LIBC, "syncfs", None)  # Linux only
_renameat2: Callable[[int, bytes, int, bytes, int], int] | None = getattr(_LIBC, "renameat2", None)  # Linux only
_NO_REPLACE = 1  # RENAME_NOREPLACE of linux/fs.h
_ANYWHERE = -100  # AT_FDCWD of fcntl.h: the path is absolute
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)  # file systems without hard links

_DEFAULT_ACL = "system.posix_acl_default"
_LABEL = "security.selinux"


class PathOccupied(Exception):
    """The path cannot be written: something else is there."""


def sync_file_system(fd: int) -> None:
    """Make all contents of the file system of a descriptor durable.

    Raises:
        OSError: it could not write them.
    """
    if _syncfs is None:
        os.sync()
    elif _syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def move_new(source: Path, fd: int, name: bytes) -> bool:
    """Move a file into an open directory where nothing of that name is; False if it cannot be moved.

    Raises:
        PathOccupied: something is there.
    """
    if _renameat2 is None:
        return False
    if _renameat2(_ANYWHERE, os.fsencode(source), fd, name, _NO_REPLACE) == 0:
        return True
    if ctypes.get_errno() == errno.EEXIST:
        raise PathOccupied
    return False


def takes_moves(directory: int | Path) -> bool:
    """Whether what is created in a directory gets nothing from it, so that it may as well be moved to it, or out of
    it: no owner, no group, and no permissions."""
    if _renameat2 is None:
        return False
    found = directory.stat() if isinstance(directory, Path) else os.fstat(directory)
    if found.st_mode & stat.S_ISGID or (os.geteuid() == 0 and owner(found) != (0, 0)):
        return False
    return _attribute(directory, _DEFAULT_ACL) is None


def are_alike(fd: int, source: Path) -> bool:
    """Whether two directories are on one file system and have the same label of SELinux, which moves do not change."""
    same_device = os.fstat(fd).st_dev == source.stat().st_dev
    return same_device and _attribute(fd, _LABEL) == _attribute(source, _LABEL)


def _attribute(path: int | Path, name: str) -> bytes | None:
    try:
        return os.getxattr(path, name)
    except OSError:  # it has none, or the file system knows none
        return None


def put_back(source: Path, fd: int, name: bytes) -> None:
    """Move a file back into an open directory; under a name of its own where something else is by now."""
    try:
        if move_new(source, fd, name):
            return
        os.link(source, name, dst_dir_fd=fd, follow_symlinks=False)  # where the system cannot say NO_REPLACE
        source.unlink()
        return
    except (PathOccupied, OSError):
        pass
    os.rename(source, name + b".before-" + os.urandom(4).hex().encode(), dst_dir_fd=fd)


def place(fd: int, temporary: bytes, name: bytes, *, replace: bool) -> None:
    """Give a file of an open directory another name there.

    Raises:
        PathOccupied: something has that name, and `replace` is false.
    """
    if replace:
        os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    else:
        _place_new(fd, temporary, name)


def _place_new(fd: int, temporary: bytes, name: bytes) -> None:
    try:
        os.link(temporary, name, src_dir_fd=fd, dst_dir_fd=fd, follow_symlinks=False)
        os.unlink(temporary, dir_fd=fd)
    except FileExistsError:
        raise PathOccupied from None
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if _exists(fd, name):
            raise PathOccupied from None
        os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)


def _exists(fd: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def write_file(
    fd: int,
    name: bytes,
    content: Path,
    allowed: int,
    mode: int | None,
    like: os.stat_result | None,
    *,
    durable: bool,
) -> None:
    """Write a new file: with `mode`, or with what the umask leaves of `allowed`; owned like `like` or the directory."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=fd)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, allowed, dir_fd=fd)
    try:
        with content.open("rb") as source:
            clone_or_copy(source.fileno(), handle)
        _give(handle, like or os.fstat(fd))
        if mode is not None:
            os.fchmod(handle, mode)
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def permissions(mode: int, executable: bool) -> int:
    """The old permissions, with execute bits for those who may read, or without any."""
    kept = stat.S_IMODE(mode) & ~0o111
    return kept | ((kept & 0o444) >> 2) if executable else kept


def _give(handle: int, like: os.stat_result) -> None:
    """Give the file the owner of the one that it replaces, if permitted."""
    if os.geteuid() == 0 and owner(like) != (0, 0):
        with suppress(PermissionError):
            os.fchown(handle, like.st_uid, like.st_gid)


def owner(found: os.stat_result) -> tuple[int, int]:
    return found.st_uid, found.st_gid


def temporary_name(path: bytes) -> bytes:
    """The one name beside a path under which its new content is written first; a later try finds it again."""
    return b".boocoder-" + hashlib.sha256(path).hexdigest()[:16].encode() + b".tmp"


def temporary_path(path: bytes) -> bytes:
    """The path of that name."""
    above, slash, _ = path.rpartition(b"/")
    return above + slash + temporary_name(path)


def bytes_of_link(path: Path) -> bytes:
    """A symbolic link's target as bytes."""
    return str(path.readlink()).encode("utf-8", "surrogateescape")
