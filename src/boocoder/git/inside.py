"""Writes into a directory that an agent can change: by handles, so that no link on the way is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boocoder.model.ids import new_id

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder_inside(root: Path, path: Path) -> Iterator[int]:
    """A handle on a folder of a directory; it is made where it is missing, and a link in its way is deleted.

    Args:
        root: the directory, no link itself.
        path: relative to it.

    Raises:
        OSError: a file is in the way, or the root is no directory.
    """
    fd = os.open(root, _FOLDER)
    try:
        for name in path.parts:
            above, fd = fd, _open_below(fd, name)
            os.close(above)
        yield fd
    finally:
        os.close(fd)


def replace_inside(root: Path, path: Path, content: bytes) -> None:
    """Write a file of a directory whole, in place of what is there.

    Args:
        root, path: as for `folder_inside`; the file's path.

    Raises:
        OSError: as `folder_inside`, or the file could not be written.
    """
    made = f".{path.name}-{new_id().hex}"
    with folder_inside(root, path.parent) as fd:
        with os.fdopen(
            os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=fd), "wb"
        ) as file:
            file.write(content)
        os.rename(made, path.name, src_dir_fd=fd, dst_dir_fd=fd)


def exists_at(fd: int, name: str) -> bool:
    """Whether there is something in a folder, and be it a link that leads nowhere."""
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _open_below(fd: int, name: str) -> int:
    if exists_at(fd, name) and stat.S_ISLNK(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode):
        os.unlink(name, dir_fd=fd)
    if not exists_at(fd, name):
        os.mkdir(name, dir_fd=fd)
    return os.open(name, _FOLDER, dir_fd=fd)
