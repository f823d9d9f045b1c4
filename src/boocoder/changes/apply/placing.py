"""Puts files in place by single calls of the file system, which other programs see done or not done."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_syncfs: Callable[[int], int] | None = getattr(_LIBC, "syncfs", None)  # Linux only
_renameat2: Callable[[int, bytes, int, bytes, int], int] | None = getattr(_LIBC, "renameat2", None)  # Linux only
_NO_REPLACE = 1  # RENAME_NOREPLACE of linux/fs.h
_ANYWHERE = -100  # AT_FDCWD of fcntl.h: the path is absolute
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)  # file systems without hard links

CAN_MOVE_NEW = _renameat2 is not None


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
