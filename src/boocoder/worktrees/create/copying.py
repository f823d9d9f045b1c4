"""Copies files that git does not track, such as .env, from the user's checkout into a new worktree.

It reads the checkout only, overwrites nothing, and follows no symbolic link on either side. Files are cloned where the
file system can (`copy_file_range`). They are never hard links: what an agent writes into its copy must not reach the
user's file.
"""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from boocoder.worktrees.create.copy_plan import (
    CopyLimits,
    CopyPlan,
    CopyUnit,
    UncopiedFile,
    UncopiedReason,
    plan_copies,
)

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PART = b".boocoder-copy.part"  # a copy that is not whole yet; a later try replaces it
_CHUNK_BYTES = 64 * 1024 * 1024  # of one system call, so that a stop takes effect within a large file

GoOn = Callable[[int, int], bool]
"""Called with the number of copied files and of all files; returning False stops the copying."""


class CopyStopped(Exception):
    """The copying was asked to end; the unit that was begun is removed."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What was copied and what not; what the worktree had already is in neither.

    Args:
        units: files and folders that were copied whole.
        left: those that were not, each with the reason.
    """

    units: tuple[CopyUnit, ...] = ()
    left: tuple[UncopiedFile, ...] = ()


def copy_files(
    source: Path,
    target: Path,
    paths: Sequence[bytes],
    *,
    folders: Sequence[bytes] = (),
    limits: CopyLimits | None = None,
    go_on: GoOn = lambda copied, number: True,
) -> CopyResult:
    """Copy files and links with their permissions and times; run it in a thread.

    Args:
        source: root of the checkout.
        target: root of the worktree.
        paths: files relative to both, sorted, with `/`.
        folders: folders among them, each ending with `/`, that are copied whole or not at all.
        limits: the most to copy.
        go_on: called before every file.

    Raises:
        CopyStopped: `go_on` said so.
    """
    plan = plan_copies(source, paths, folders, limits or CopyLimits())
    return _Copier(os.fsencode(source), os.fsencode(target), plan, go_on).run()


class _BlockedError(Exception):
    """A directory above the copy's place is a file or a symbolic link in the worktree."""


class _Copier:
    def __init__(self, source: bytes, target: bytes, plan: CopyPlan, go_on: GoOn) -> None:
        self._source = source
        self._target = target
        self._plan = plan
        self._go_on = go_on
        self._copied = 0

    def run(self) -> CopyResult:
        units: list[CopyUnit] = []
        left = list(self._plan.left)
        for unit in self._plan.units:
            try:
                done = self._copy_unit(unit)
            except _BlockedError:
                left.append(UncopiedFile(unit.path, UncopiedReason.BLOCKED))
            except OSError as error:
                full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                left.append(UncopiedFile(unit.path, UncopiedReason.DISK_FULL if full else UncopiedReason.UNREADABLE))
            else:
                units += [unit] if done else []
        return CopyResult(tuple(units), tuple(left))

    def _copy_unit(self, unit: CopyUnit) -> bool:
        """Copy it under another name, then rename it; False if the worktree has it already."""
        with _parent(self._target, unit.path, make=True) as (to_fd, name):
            if _exists(to_fd, name):
                self._copied += len(unit.files)
                return False
            _remove(to_fd, _PART)
            try:
                self._copy_members(unit, to_fd)
                os.rename(_PART, name, src_dir_fd=to_fd, dst_dir_fd=to_fd)
            except BaseException:
                _remove(to_fd, _PART)
                raise
        return True

    def _copy_members(self, unit: CopyUnit, to_fd: int) -> None:
        open_folders = _OpenFolders(self._source, to_fd)
        try:
            for path in unit.files:
                if not self._go_on(self._copied, self._plan.number):
                    raise CopyStopped
                below = path[len(unit.path) :]
                self._copy_one(path, open_folders.of(path, _PART + below))
                self._copied += 1
        finally:
            open_folders.close()

    def _copy_one(self, path: bytes, place: tuple[int, int, bytes]) -> None:
        from_fd, to_fd, new_name = place
        name = posixpath.basename(path)
        found = os.stat(name, dir_fd=from_fd, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            leads_to = _link_target(self._source, self._target, path, os.readlink(name, dir_fd=from_fd))
            os.symlink(leads_to, new_name, dir_fd=to_fd)
        else:
            _copy_content(from_fd, name, to_fd, new_name, found)


class _OpenFolders:
    """The folders of the file copied last, kept open for the next: sorted paths stay in one folder for long."""

    def __init__(self, source: bytes, to_fd: int) -> None:
        self._source = source
        self._to_fd = to_fd
        self._path: tuple[bytes, bytes] | None = None
        self._fds: tuple[int, int] = (-1, -1)

    def of(self, path: bytes, new_path: bytes) -> tuple[int, int, bytes]:
        """Both folders of a file, the new one made, and the file's new name."""
        folder, (new_folder, new_name) = posixpath.dirname(path), posixpath.split(new_path)
        if self._path != (folder, new_folder):
            self.close()
            from_fd = _open_below(os.open(self._source, _DIRECTORY & ~os.O_NOFOLLOW), folder, make=False)
            try:
                self._fds = from_fd, _open_below(os.dup(self._to_fd), new_folder, make=True)
            except BaseException:
                os.close(from_fd)
                raise
            self._path = folder, new_folder
        return *self._fds, new_name

    def close(self) -> None:
        if self._path is not None:
            self._path = None
            for fd in self._fds:
                os.close(fd)


def _link_target(source: bytes, target: bytes, path: bytes, leads_to: bytes) -> bytes:
    """Where a copied link leads: within the project to the worktree's own file, else to the very same place."""
    if not leads_to.startswith(b"/"):
        from_root = posixpath.normpath(posixpath.join(posixpath.dirname(path), leads_to))
        if from_root != b".." and not from_root.startswith(b"../"):
            return leads_to
    place = posixpath.normpath(posixpath.join(source, posixpath.dirname(path), leads_to))
    within = place == source or place.startswith(source + b"/")
    return target + place[len(source) :] if within else place


def _copy_content(from_fd: int, name: bytes, to_fd: int, new_name: bytes, found: os.stat_result) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    made = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with (
        os.fdopen(os.open(name, flags, dir_fd=from_fd), "rb") as old,
        os.fdopen(os.open(new_name, made, 0o600, dir_fd=to_fd), "wb") as new,
    ):
        if not _clone(old.fileno(), new.fileno()):
            shutil.copyfileobj(old, new)
            new.flush()
        os.fchmod(new.fileno(), stat.S_IMODE(found.st_mode))
        os.utime(new.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))


def _clone(old: int, new: int) -> bool:
    """Let the kernel copy or share the blocks; False where it cannot, with nothing written."""
    if not hasattr(os, "copy_file_range"):
        return False
    begun = False
    while True:
        try:
            number = os.copy_file_range(old, new, _CHUNK_BYTES)
        except OSError as error:
            if begun or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise
            return False
        if number == 0:
            # Files of /proc and some network file systems say 0 although there is something to read.
            return begun or os.fstat(old).st_size == 0
        begun = True


@contextmanager
def _parent(root: bytes, path: bytes, *, make: bool) -> Iterator[tuple[int, bytes]]:
    """The directory that holds a path, opened step by step, and the path's last name."""
    folder, name = posixpath.split(path)
    fd = _open_below(os.open(root, _DIRECTORY & ~os.O_NOFOLLOW), folder, make=make)
    try:
        yield fd, name
    finally:
        os.close(fd)


def _open_below(fd: int, folder: bytes, *, make: bool) -> int:
    """A folder below an open one, which is closed."""
    for name in folder.split(b"/") if folder else ():
        try:
            below = _step(fd, name, make=make)
        finally:
            os.close(fd)
        fd = below
    return fd


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


def _remove(fd: int, name: bytes) -> None:
    """Remove a file, a link or a folder with all that is in it, where there is one."""
    try:
        os.unlink(name, dir_fd=fd)
    except FileNotFoundError:
        return
    except OSError:
        shutil.rmtree(name, dir_fd=fd)


def _exists(fd: int, name: bytes) -> bool:
    try:
        os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
