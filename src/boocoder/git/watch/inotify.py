"""Watches all directories of trees by inotify. Linux only; inotify(7) has the names, numbers and layout.

All trees of a process share one instance: a user has 128 by default, and opencode hangs where none is left.
"""

from __future__ import annotations

import os
import struct
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final

_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED, _IS_DIRECTORY = 0x2000, 0x4000, 0x8000, 0x40000000
_ONLY_DIRECTORY, _NO_LINK = 0x01000000, 0x02000000
_CHANGES = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_MOVES = _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_ENDS = _UNMOUNT | _IGNORED | _DELETE_SELF | _MOVE_SELF
_RECORD = struct.Struct("iIII")
_READ_BYTES = 65_536  # some 1,500 events a read
_LOCAL = frozenset(  # statfs(2): file systems that nobody changes behind this kernel's back
    (0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x858458F6, 0x794C7630, 0x2FC12FC1, 0xF2F52010, 0xCA451A4E, 0x137D)
)


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
        self.version = 0
        """Grows with everything that happens; see `look`."""
        self.outgrown = False
        """Whether directories came or went, so that some may not be watched."""
        self.descriptors: set[int] = set()
        """What the kernel calls the watched directories."""
        self.is_open = True
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
        if _file_system(root) not in _LOCAL:
            raise NotWatchable("file system")
        waiting = [root]
        while waiting:
            directory = waiting.pop()
            if self.directories >= limit:
                raise NotWatchable("too many directories")
            _instance.add(self, directory)  # before it is read: what comes in between is an event
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.name == b".git":
                        if directory != root:  # what is checked out there is no file of this tree
                            raise NotWatchable("another repository")
                    elif entry.is_dir(follow_symlinks=False):
                        if entry.stat(follow_symlinks=False).st_dev != device:
                            raise NotWatchable("another file system")
                        waiting.append(entry.path)

    @property
    def directories(self) -> int:
        """How many are watched."""
        return len(self.descriptors)

    def look(self) -> None:
        """Take note of what has happened until now, in every tree."""
        _instance.read()

    def use(self) -> None:
        """Be the last one that is given up."""
        _live.pop(id(self), None)
        _live[id(self)] = weakref.ref(self)

    def close(self) -> None:
        """Watch no longer. Safe twice. Blocking: a call of the kernel's a directory."""
        self.is_open, self.outgrown = False, True
        _live.pop(id(self), None)
        _instance.remove(self)

    def __del__(self) -> None:
        with suppress(AttributeError, TypeError):  # it was not made, or the interpreter ends
            _instance.abandon(self.descriptors)


class _Instance:
    """The process's inotify instance, and which trees its watches are of. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle = -1
        self._owners: dict[int, tuple[weakref.ref[TreeWatch], ...]] = {}
        self._abandoned: deque[set[int]] = deque()

    def add(self, tree: TreeWatch, directory: bytes) -> None:
        """Let the events of a directory count for a tree.

        Raises:
            NotWatchable: the kernel refuses.
        """
        libc = _load_libc()
        self._remove_abandoned()
        with self._lock:
            if self._handle < 0:
                self._handle = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
            if self._handle < 0:
                raise NotWatchable("inotify_init1")
            descriptor: int = libc.inotify_add_watch(self._handle, directory, _CHANGES | _ONLY_DIRECTORY | _NO_LINK)
            if descriptor < 0:
                raise NotWatchable("inotify_add_watch")
            if descriptor not in tree.descriptors:
                tree.descriptors.add(descriptor)
                self._owners[descriptor] = (*self._owners.get(descriptor, ()), weakref.ref(tree))

    def remove(self, tree: TreeWatch) -> None:
        """Let no event count for a tree any longer."""
        while tree.descriptors:
            with self._lock:  # let go in between: whoever waits to read waits for one directory
                self._release(tree.descriptors.pop(), tree)

    def abandon(self, descriptors: set[int]) -> None:
        """Note what a tree has watched that is gone. It does nothing else: it may be called anywhere."""
        if descriptors:
            self._abandoned.append(descriptors)

    def _remove_abandoned(self) -> None:
        while self._abandoned:
            for descriptor in self._abandoned.popleft():
                with self._lock:
                    self._release(descriptor, None)

    def _release(self, descriptor: int, tree: TreeWatch | None) -> None:
        owners = self._owners.pop(descriptor, None)
        if owners is None:
            return
        others = tuple(one for one in owners if one() not in (None, tree))
        if others:
            self._owners[descriptor] = others
        else:
            _load_libc().inotify_rm_watch(self._handle, descriptor)

    def read(self) -> None:
        """Give every event so far to the trees that it is of."""
        with self._lock:
            while self._handle >= 0:
                try:
                    events = os.read(self._handle, _READ_BYTES)
                except BlockingIOError:
                    return
                for descriptor, mask in _parse(events):
                    self._note(descriptor, mask)

    def _note(self, descriptor: int, mask: int) -> None:
        if mask & _OVERFLOW:  # of no tree alone: all have missed something
            for reference in {one for owners in self._owners.values() for one in owners}:
                _change(reference, outgrown=True)
            return
        outgrown = bool(mask & _ENDS or (mask & _IS_DIRECTORY and mask & _MOVES))
        for reference in self._owners.get(descriptor, ()):
            _change(reference, outgrown=outgrown)
            tree = reference()
            if mask & _IGNORED and tree is not None:  # the directory is gone, and its watch with it
                tree.descriptors.discard(descriptor)
        if mask & _IGNORED:
            self._owners.pop(descriptor, None)


_instance: Final = _Instance()
_live: dict[int, weakref.ref[TreeWatch]] = {}  # of this process, the one used least recently first


def surplus(limit: int) -> list[TreeWatch]:
    """The trees of this process that were used least recently, to be closed until `limit` directories are watched.

    The one used last is not among them.
    """
    trees = [tree for reference in tuple(_live.values()) if (tree := reference()) is not None]
    watched = sum(tree.directories for tree in trees)
    given_up = []
    for tree in trees[:-1]:
        if watched <= limit:
            break
        given_up.append(tree)
        watched -= tree.directories
    return given_up


def _change(reference: weakref.ref[TreeWatch], *, outgrown: bool) -> None:
    tree = reference()
    if tree is not None:
        tree.version += 1
        tree.outgrown = tree.outgrown or outgrown


def _parse(events: bytes) -> Iterator[tuple[int, int]]:
    """Watch descriptor and mask of each event."""
    place = 0
    while place < len(events):
        descriptor, mask, _, name_bytes = _RECORD.unpack_from(events, place)
        yield descriptor, mask
        place += _RECORD.size + name_bytes


def _file_system(path: bytes) -> int:
    """The type of the file system (statfs(2): a long, first of all), 0 where the kernel does not say."""
    import ctypes

    answer = ctypes.create_string_buffer(512)
    if _load_libc().statfs(path, answer) < 0:
        return 0
    kind: int = struct.unpack_from("l", answer)[0]
    return kind & 0xFFFFFFFF


@cache
def _load_libc() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
