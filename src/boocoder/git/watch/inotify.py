"""Watches all directories of a tree by inotify. Linux only; inotify(7) has the names, numbers and layout."""

from __future__ import annotations

import os
import struct
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED, _IS_DIRECTORY = 0x2000, 0x4000, 0x8000, 0x40000000
_ONLY_DIRECTORY, _NO_LINK = 0x01000000, 0x02000000
_CHANGES = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_MOVES = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_ENDS = _UNMOUNT | _OVERFLOW | _IGNORED | _DELETE_SELF | _MOVE_SELF
_RECORD = struct.Struct("iIII")
_READ_BYTES = 65_536  # some 1,500 events; whoever causes more is better answered by a new look at the directories
_LOCAL = frozenset(  # statfs(2): file systems that nobody changes behind this kernel's back
    (0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x858458F6, 0x794C7630, 0x2FC12FC1, 0xF2F52010, 0xCA451A4E, 0x137D)
)


_live: dict[int, weakref.ref[TreeWatch]] = {}  # of this process, the one used least recently first


class NotWatchable(Exception):
    """The tree cannot be watched, or only at a price."""


class TreeWatch:
    """One tree that is watched from when this is made. Blocking: make it in a thread.

    Args:
        root: an existing directory.
        limit: directories at most.

    Raises:
        NotWatchable: the tree has more directories, is on a file system that others may change, holds other mounts or
            other repositories, or the kernel refuses.
    """

    def __init__(self, root: bytes, limit: int) -> None:
        self._libc = _load_libc()
        self.directories = 0
        self.version = 0
        """Grows with everything that happens; see `look`."""
        self.outgrown = False
        """Whether directories came or went, so that some may not be watched."""
        self._handle: int = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._handle < 0:
            raise NotWatchable("inotify_init1")
        try:
            self._watch_all(root, limit)
        except OSError as error:
            self.close()
            raise NotWatchable(str(error)) from error
        except BaseException:
            self.close()
            raise
        self.use()

    def _watch_all(self, root: bytes, limit: int) -> None:
        device = os.lstat(root).st_dev
        if _file_system(self._libc, root) not in _LOCAL:
            raise NotWatchable("file system")
        waiting = [root]
        while waiting:
            directory = waiting.pop()
            self.directories += 1
            if self.directories > limit:
                raise NotWatchable("too many directories")
            # Watched before it is read: what comes in between is an event.
            if self._libc.inotify_add_watch(self._handle, directory, _CHANGES | _ONLY_DIRECTORY | _NO_LINK) < 0:
                raise NotWatchable("inotify_add_watch")
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.name == b".git":
                        if directory != root:  # what is checked out there is no file of this tree
                            raise NotWatchable("another repository")
                    elif entry.is_dir(follow_symlinks=False):
                        if entry.stat(follow_symlinks=False).st_dev != device:
                            raise NotWatchable("another file system")
                        waiting.append(entry.path)

    def look(self) -> None:
        """Take note of what has happened until now."""
        while self._handle >= 0 and not self.outgrown:
            try:
                events = os.read(self._handle, _READ_BYTES)
            except BlockingIOError:
                return
            self.version += 1
            self.outgrown = len(events) > _READ_BYTES // 2 or _has_moves(events)

    def use(self) -> None:
        """Be the last one that is given up."""
        _live.pop(id(self), None)
        _live[id(self)] = weakref.ref(self)

    @property
    def is_open(self) -> bool:
        """Whether the kernel still watches."""
        return self._handle >= 0

    def release(self) -> int:
        """Watch no longer. Safe twice, and to be called where `look` is called.

        Returns:
            The handle to close, -1 if there is none. The kernel takes some 20 ms for that: close it in a thread.
        """
        self.outgrown = True
        handle, self._handle = self._handle, -1
        return handle

    def close(self) -> None:
        """Watch no longer, and wait for the kernel. Safe twice."""
        close_handle(self.release())

    def __del__(self) -> None:
        with suppress(AttributeError):  # it was not made
            self.close()


def surplus(limit: int) -> Iterator[TreeWatch]:
    """The watches of this process that were used least recently, to be released, until there are fewer than `limit`."""
    found = [(key, reference()) for key, reference in tuple(_live.items())]
    is_open = [watch for _, watch in found if watch is not None and watch.is_open]
    given_up = is_open[: max(0, len(is_open) - limit + 1)]
    for key, watch in found:
        if watch is None or not watch.is_open or watch in given_up:
            _live.pop(key, None)
    yield from given_up


def close_handle(handle: int) -> None:
    """Close what `TreeWatch.release` returned."""
    if handle >= 0:
        os.close(handle)


def _has_moves(events: bytes) -> bool:
    place = 0
    while place < len(events):
        _, mask, _, name_bytes = _RECORD.unpack_from(events, place)
        if mask & _ENDS or (mask & _IS_DIRECTORY and mask & _MOVES):
            return True
        place += _RECORD.size + name_bytes
    return False


def _file_system(libc: Any, path: bytes) -> int:
    """The type of the file system (statfs(2): a long, first of all), 0 where the kernel does not say."""
    import ctypes

    answer = ctypes.create_string_buffer(512)
    if libc.statfs(path, answer) < 0:
        return 0
    kind: int = struct.unpack_from("l", answer)[0]
    return kind & 0xFFFFFFFF


def _load_libc() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
