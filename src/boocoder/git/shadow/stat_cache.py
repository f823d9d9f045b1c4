"""Knows by the times of files that a directory is still as its newest snapshot found it, without starting git.

What a listing of git has found is true of the moment at which it began. A record of the directory, made later, holds
from that moment on if everything in it was last changed before. As long as nothing in the record changes, git would
find what it found then: another content changes a file's ctime, which no program can set, and a new, renamed or deleted
file the times of its directory.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boocoder.errors import GitError
from boocoder.git.command import failed
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.private_index import signature
from boocoder.git.shadow.snapshot import TreeSnapshot

INDEX_MAX_BYTES = 1_000_000  # some 10,000 files: with more, git is as quick as looking at each from here
PLACES_MAX = 20_000  # files and directories of one record
KEPT_MAX = 32  # records, the newest; one of 2,000 files takes 0.3 MB
IGNORED_ROUNDS = 8  # directories without a file of the index inside directories without one inside ...
MARGIN_NS = 20_000_000  # the kernel takes times of files from a clock that ticks every 1 to 10 ms
STEP_NS = 5_000_000  # the clock was set, or the machine slept, if it went so much otherwise than the monotonic one
IGNORE_FILES = (b".gitignore", b".gitattributes")  # taken into account even where they are ignored themselves
GIT_NAME = b".git"
ROOT = b"."
_OPEN = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Inputs = tuple[object, ...]
"""Signatures of whatever else decides what a snapshot holds."""


@dataclass(frozen=True, slots=True)
class FileClock:
    """A moment, as the file system of a directory tells the time, and the difference of the system's two clocks then.

    Args:
        device: the file system.
        at_ns: what a file gets as its time now.
        step_ns: real time less monotonic time; it changes where the clock is set.
    """

    device: int
    at_ns: int
    step_ns: int


def file_clock(directory: Path) -> FileClock | None:
    """Read the clock of the directory's file system, by a file that is made for a moment; None where that fails."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as made:
            found = os.fstat(made.fileno())
    except OSError:
        return None
    return FileClock(found.st_dev, found.st_ctime_ns, _step_ns())


def _step_ns() -> int:
    return time.time_ns() - time.monotonic_ns()


@dataclass(frozen=True, slots=True)
class _ListedSnapshot:
    directory: Path
    index: tuple[int, int, int]  # its signature after the listing
    inputs: Inputs
    clock: FileClock
    snapshot: TreeSnapshot


@dataclass(frozen=True, slots=True)
class _StatRecord:
    """All files of a snapshot, their directories, and those in which git would look for new ones; with their times."""

    listing: _ListedSnapshot
    paths: tuple[bytes, ...]
    times: tuple[int, ...]

    def holds(self) -> bool:
        """Whether every path is as it was; false at the first that is not."""
        try:
            root = os.open(self.listing.directory, _OPEN)
        except OSError:
            return False
        try:
            for path, times in zip(self.paths, self.times, strict=True):
                if _times(os.stat(path, dir_fd=root, follow_symlinks=False)) != times:
                    return False
        except OSError:
            return False
        finally:
            os.close(root)
        return True


class StatCache:
    """What the newest snapshots of directories found, each under the private index that it was taken with."""

    def __init__(self) -> None:
        self._listings: dict[Path, _ListedSnapshot] = {}
        self._records: dict[Path, _StatRecord] = {}

    def listed(
        self, directory: Path, index: Path, inputs: Inputs, clock: FileClock | None, snapshot: TreeSnapshot
    ) -> None:
        """Git listed the directory just now; what was known of it before is forgotten.

        Args:
            inputs: as they were before the listing.
            clock: read before the listing; None where the file system does not tell.
            snapshot: what it found; the index is equal to it.
        """
        self._records.pop(index, None)
        self._listings.pop(index, None)
        if clock is not None:
            self._listings[index] = _ListedSnapshot(directory, signature(index), inputs, clock, snapshot)
            _drop_oldest(self._listings)

    async def snapshot(self, directory: Path, index: Path, inputs: Inputs) -> TreeSnapshot | None:
        """What the newest snapshot found, if another one would find the same; None where that is not certain."""
        record = self._records.get(index)
        if record is None:
            return None
        known = record.listing
        same = (known.directory, known.index, known.inputs) == (directory, signature(index), inputs)
        if not same or not await asyncio.to_thread(record.holds):
            self._records.pop(index, None)
            return None
        return known.snapshot

    async def remember(self, shadow: ShadowGit, index: Path) -> bool:
        """Record the directory as it is, for `snapshot`; nothing where it may have changed since it was listed.

        Returns:
            Whether there is a record.
        """
        listing = self._listings.get(index)
        if listing is None or signature(index) != listing.index or listing.index[2] > INDEX_MAX_BYTES:
            return False
        if index not in self._records:
            record = await _record(shadow, index, listing)
            if record is None or self._listings.get(index) is not listing or signature(index) != listing.index:
                return False
            self._records[index] = record
            _drop_oldest(self._records)
        return True


def _drop_oldest(kept: dict[Path, Any]) -> None:
    while len(kept) > KEPT_MAX:
        del kept[next(iter(kept))]


async def _record(shadow: ShadowGit, index: Path, listing: _ListedSnapshot) -> _StatRecord | None:
    try:
        files = (await shadow("ls-files", "-z", "-c", index=index)).split(b"\0")[:-1]
        places = await _places(shadow, index, listing.directory, files)
        if places is None or len(places) > PLACES_MAX:
            return None
        return await asyncio.to_thread(_stated, listing, places)
    except (GitError, OSError):  # something is gone, or cannot be looked at
        return None


async def _places(shadow: ShadowGit, index: Path, directory: Path, files: Sequence[bytes]) -> tuple[bytes, ...] | None:
    """Everything to look at, directories first; None where a repository is inside, which only git can judge."""
    known = _parents(files)
    found: list[bytes] = []
    extra: list[bytes] = []
    level: Iterable[bytes] = sorted(known)
    for _ in range(IGNORED_ROUNDS):
        below, special, nested = await asyncio.to_thread(_scanned, directory, level, known)
        if nested:
            return None
        found += level
        extra += special
        level = await _not_ignored(shadow, index, directory, below)
        if not level:
            return tuple(dict.fromkeys((*found, *extra, *files)))
    return None


def _parents(files: Sequence[bytes]) -> set[bytes]:
    known = {ROOT}
    for file in files:
        parent = file.rpartition(b"/")[0]
        while parent and parent not in known:
            known.add(parent)
            parent = parent.rpartition(b"/")[0]
    return known


def _scanned(directory: Path, level: Iterable[bytes], known: set[bytes]) -> tuple[list[bytes], list[bytes], bool]:
    """Directories in these that are not known, files that say what is ignored, and whether a repository is inside."""
    below: list[bytes] = []
    special: list[bytes] = []
    root = os.fsencode(directory)
    for place in level:
        prefix = b"" if place == ROOT else place + b"/"
        with os.scandir(root + b"/" + prefix) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.name.lower() == GIT_NAME:
                    if prefix:
                        return [], [], True
                elif entry.name in IGNORE_FILES:
                    special.append(path)
                elif path not in known and entry.is_dir(follow_symlinks=False):
                    below.append(path)
    return below, special, False


async def _not_ignored(shadow: ShadowGit, index: Path, directory: Path, places: Sequence[bytes]) -> list[bytes]:
    if not places:
        return []
    stdin = b"".join(b"./%s\0" % place for place in places)
    args, variables = ("check-ignore", "-z", "--stdin"), {"GIT_LITERAL_PATHSPECS": "0"}  # it takes no pathspecs anyway
    answer = await shadow.result(*args, work_tree=directory, index=index, stdin=stdin, variables=variables)
    if answer.returncode not in (0, 1):
        raise failed(args, answer)
    ignored = set(answer.stdout.split(b"\0"))
    return [place for place in places if b"./" + place not in ignored]


def _stated(listing: _ListedSnapshot, places: Sequence[bytes]) -> _StatRecord | None:
    """The record, what changed last first; None where something was changed since the listing began."""
    newest_ns = listing.clock.at_ns - MARGIN_NS
    stated: list[tuple[int, bytes, int]] = []
    root = os.open(listing.directory, _OPEN)
    try:
        for path in places:
            found = os.stat(path, dir_fd=root, follow_symlinks=False)
            if found.st_ctime_ns >= newest_ns or found.st_dev != listing.clock.device:
                return None
            stated.append((found.st_ctime_ns, path, _times(found)))
    finally:
        os.close(root)
    if abs(_step_ns() - listing.clock.step_ns) > STEP_NS:
        return None  # something may have an earlier time than it was changed at
    stated.sort(reverse=True)
    return _StatRecord(listing, tuple(one[1] for one in stated), tuple(one[2] for one in stated))


def _times(found: os.stat_result) -> int:
    """One number that tells two states of a file apart."""
    return hash((found.st_ctime_ns, found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode))
