"""Copies files that git does not track, such as .env, from the user's checkout into a new worktree.

It reads the checkout only, overwrites nothing, and follows no symbolic link on either side.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FILE_MAX_BYTES = 50 * 1024 * 1024  # of one file: settings and keys are small, a download is no setting
TOTAL_MAX_BYTES = 500 * 1024 * 1024  # of one worktree's copies together
FILES_MAX = 20_000  # a folder of packages has as many; more is what a setup command is for
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PART = b".boocoder-copy.part"  # a copy that is not whole yet; a later try replaces it


class LeftReason(StrEnum):
    """Why a file that a pattern names was not copied."""

    TOO_LARGE = "it is too large"
    TOO_MUCH = "the files together are too large"
    OUTSIDE = "it is a symbolic link that leads out of the project"
    SPECIAL = "it is neither a file nor a symbolic link"
    UNREADABLE = "it cannot be read"
    BLOCKED = "something else stands in its way in the worktree"


@dataclass(frozen=True, slots=True)
class Left:
    """A file that was not copied."""

    path: bytes
    reason: LeftReason


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied and what not; a file that the worktree had already is in neither."""

    paths: tuple[bytes, ...] = ()
    left: tuple[Left, ...] = ()


def copy_files(source: Path, target: Path, paths: Sequence[bytes]) -> Copied:
    """Copy files and links with their permissions; run it in a thread.

    Args:
        source: root of the checkout.
        target: root of the worktree.
        paths: relative to both, with `/`.
    """
    copied: list[bytes] = []
    left: list[Left] = []
    room = TOTAL_MAX_BYTES
    for number, path in enumerate(paths):
        reason = LeftReason.TOO_MUCH if number >= FILES_MAX else None
        if reason is None:
            size, reason = _copy_one(os.fsencode(source), os.fsencode(target), path, room)
            room -= size or 0
            if size is not None:
                copied.append(path)
        if reason is not None:
            left.append(Left(path, reason))
    return Copied(tuple(copied), tuple(left))


def _copy_one(source: bytes, target: bytes, path: bytes, room: int) -> tuple[int | None, LeftReason | None]:
    """How many bytes were copied, None if nothing was; and why not, None if the file is there already."""
    try:
        with _parent(source, path, make=False) as (from_fd, name), _parent(target, path, make=True) as (to_fd, _):
            found = os.stat(name, dir_fd=from_fd, follow_symlinks=False)
            if _exists(to_fd, name):
                return None, None
            if stat.S_ISLNK(found.st_mode):
                return _copy_link(from_fd, to_fd, path, name)
            reason = _refusal(found, room)
            if reason is not None:
                return None, reason
            _copy_file(from_fd, to_fd, name, stat.S_IMODE(found.st_mode))
            return found.st_size, None
    except _BlockedError:
        return None, LeftReason.BLOCKED
    except OSError:
        return None, LeftReason.UNREADABLE


def _refusal(found: os.stat_result, room: int) -> LeftReason | None:
    if not stat.S_ISREG(found.st_mode):
        return LeftReason.SPECIAL
    if found.st_size > FILE_MAX_BYTES:
        return LeftReason.TOO_LARGE
    return LeftReason.TOO_MUCH if found.st_size > room else None


def _copy_link(from_fd: int, to_fd: int, path: bytes, name: bytes) -> tuple[int | None, LeftReason | None]:
    """Copy a link as a link, so that it leads to the same place of the worktree."""
    leads_to = os.readlink(name, dir_fd=from_fd)
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), leads_to))
    if leads_to.startswith(b"/") or place == b".." or place.startswith(b"../"):
        return None, LeftReason.OUTSIDE
    os.symlink(leads_to, name, dir_fd=to_fd)
    return 0, None


def _copy_file(from_fd: int, to_fd: int, name: bytes, mode: int) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with os.fdopen(os.open(name, flags, dir_fd=from_fd), "rb") as source:
        with suppress(FileNotFoundError):
            os.unlink(_PART, dir_fd=to_fd)
        made = os.open(_PART, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=to_fd)
        try:
            with os.fdopen(made, "wb") as target:
                shutil.copyfileobj(source, target)
                os.fchmod(target.fileno(), mode)
            os.rename(_PART, name, src_dir_fd=to_fd, dst_dir_fd=to_fd)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(_PART, dir_fd=to_fd)
            raise


class _BlockedError(Exception):
    """A directory above the copy's place is a file or a symbolic link in the worktree."""


@contextmanager
def _parent(root: bytes, path: bytes, *, make: bool) -> Iterator[tuple[int, bytes]]:
    """The directory that holds a path, opened step by step, and the path's last name."""
    *above, name = path.split(b"/")
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in above:
            below = _step(fd, part, make=make)
            os.close(fd)
            fd = below
        yield fd, name
    finally:
        os.close(fd)


def _step(fd: int, name: bytes, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=fd)
    try:
        return os.open(name, _DIRECTORY, dir_fd=fd)
    except OSError as error:
        if make:
            raise _BlockedError from error
        raise


def _exists(fd: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
