"""Reads and writes files under one directory by directory descriptors; it never follows a symbolic link."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from boocoder.changes.apply.files.entries import EntryKind, PathStat, entries_below, stat_of
from boocoder.changes.apply.files.open_directories import DIRECTORY, OpenDirectories, ParentMissing
from boocoder.changes.apply.files.placing import (
    PathOccupied,
    are_alike,
    move_new,
    permissions,
    place,
    put_back,
    sync_file_system,
    takes_moves,
    temporary_name,
    write_file,
)
from boocoder.git.file_links import clone_or_copy
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, parse_pointer

DIRECTORIES_SYNCED_SINGLY = 64  # past this many, one sync of the file system is faster than one a directory
_CHUNK_BYTES = 1024 * 1024


class SafeDirectory:
    """The files under `root`. Paths are bytes with `/`, relative, without `.` and `..`.

    Args:
        root: a directory, not a symbolic link to one; its own path may lead through symbolic links.

    Raises:
        OSError: `root` is not a directory.
    """

    def __init__(self, root: Path) -> None:
        self._fd = os.open(root, DIRECTORY)
        self._held: OpenDirectories | None = None
        self._touched: set[bytes] = set()
        self._perhaps_empty: set[bytes] = set()

    def close(self) -> None:
        """Free the descriptor."""
        os.close(self._fd)

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Keep directories open from one call to the next, for many paths in order.

        Raises:
            PathOccupied: at the end, or by a call: a directory was moved meanwhile.
        """
        self._held = OpenDirectories(self._fd)
        try:
            yield
            self._held.release()
        finally:
            self._held.close()
            self._held = None

    @contextmanager
    def _parent(self, path: bytes, *, make: bool = False) -> Iterator[tuple[int, bytes]]:
        if self._held is not None:
            yield self._held.parent(path, make=make)
            return
        opened = OpenDirectories(self._fd)
        try:
            yield opened.parent(path, make=make)
        finally:
            opened.close()

    def look(self, path: bytes) -> PathStat:
        """The entry at a path."""
        if self._held is not None and (known := self._held.missing(path)) is not None:
            return known
        try:
            with self._parent(path) as (fd, name):
                found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except ParentMissing as missing:
            return missing.stat
        except FileNotFoundError:
            return PathStat(EntryKind.ABSENT)
        except (OSError, PathOccupied):
            return PathStat(EntryKind.UNREADABLE)
        return stat_of(found)

    def takes_moves(self, directory: Path) -> bool:
        """Whether entries of a directory can be moved to where nothing is: both are on one file system, and new files
        get nothing from the one or the other."""
        if not takes_moves(self._fd) or not directory.exists():
            return False
        return takes_moves(directory) and are_alike(self._fd, directory)

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
        """Whether a file is a pointer of Git LFS."""
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
            handle = os.open(name, DIRECTORY, dir_fd=fd)
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
            if not takes_moves(fd) or not move_new(source, fd, name):
                return None
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
        self._touch(path)
        return stat_of(found)

    def move_new_directory(self, path: bytes, source: Path, files: Collection[bytes]) -> dict[bytes, os.stat_result]:
        """As `move_new`, for a directory with all that is in it.

        Args:
            files: all that has to be in it.

        Returns:
            Its files and links with what is there then; empty if it cannot be moved, or holds anything else.
        """
        found = dict(entries_below(os.fsencode(source), path))
        if found.keys() != set(files):
            return {}
        with self._parent(path, make=True) as (fd, name):
            if not takes_moves(fd) or not move_new(source, fd, name):
                return {}
        self._touch(path)
        return found

    def move_out(self, path: bytes, target: Path, seen: PathStat) -> bool:
        """Move a file out of the root, to a place where nothing is; False if the system moves no file to there.

        Args:
            seen: the file that is meant.

        Raises:
            PathOccupied: it is another one by now, and stays.
        """
        with self._parent(path) as (fd, name):
            try:
                os.rename(name, target, src_dir_fd=fd)
            except OSError as error:
                if error.errno != errno.EXDEV:  # also between two mounts of one file system
                    raise
                return False
            if not stat_of(target.lstat()).is_same(seen):
                put_back(target, fd, name)
                raise PathOccupied
        self._touch(path)
        self.note_perhaps_empty(path)
        return True

    def move_back(self, path: bytes, source: Path, before: PathStat) -> bool:
        """Undo `move_out`; False if `source` is a copy of the file, or cannot be moved, and has to be copied."""
        if not stat_of(source.lstat()).is_same(before):
            return False
        with suppress(PathOccupied), self._parent(path, make=True) as (fd, name):
            if move_new(source, fd, name):
                self._touch(path)
                return True
        return False

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
        """Delete a file or link; `remove_emptied` deletes the directories above it that are empty then."""
        with self._parent(path) as (fd, name):
            os.unlink(name, dir_fd=fd)
        self._touch(path)
        self.note_perhaps_empty(path)

    def note_perhaps_empty(self, path: bytes) -> None:
        """Let `remove_emptied` look at the directory of a path."""
        self._perhaps_empty.add(path.rpartition(b"/")[0])

    def remove_emptied(self) -> None:
        """Delete the directories that files were deleted from, and those above them, if they are empty."""
        for directory in sorted(self._perhaps_empty, reverse=True):
            self._remove_empty_above(directory + b"/")
        self._perhaps_empty.clear()

    def _remove_empty_above(self, path: bytes) -> None:
        above = path.rpartition(b"/")[0]
        while above and self._remove_empty(above):
            self._touch(above)
            above = above.rpartition(b"/")[0]

    def remove_empty_below(self, path: bytes) -> None:
        """Remove a directory that holds nothing but directories."""
        with self._parent(path) as (fd, name):
            handle = os.open(name, DIRECTORY, dir_fd=fd)
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
        with suppress(PathOccupied, OSError), self._parent(path) as (fd, _):
            os.unlink(temporary_name(path), dir_fd=fd)

    def _touch(self, path: bytes) -> None:
        while path:
            path = path.rpartition(b"/")[0]
            if path in self._touched:
                return  # with all above it
            self._touched.add(path)

    def sync(self) -> None:
        """Make all names that were written or deleted durable, many of them in one call for the whole file system."""
        if len(self._touched) > DIRECTORIES_SYNCED_SINGLY:
            sync_file_system(self._fd)
        else:
            for directory in sorted(self._touched):
                with suppress(ParentMissing), self._parent(directory + b"/x" if directory else b"x") as (fd, _):
                    os.fsync(fd)
        self._touched.clear()


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
