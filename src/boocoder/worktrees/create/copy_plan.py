"""What to copy into a new worktree: single files, and folders whole or not at all, within limits."""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """The most that one worktree gets copied.

    Args:
        files: number of files.
        total_mib: their size together, in MiB.
    """

    files: int = 200_000
    total_mib: int = 5_000


class UncopiedReason(StrEnum):
    """Why a file or folder that a pattern names was not copied."""

    TOO_LARGE = "with it the copies are larger than worktrees.copy_total_mib"
    TOO_MANY = "with it the copies are more than worktrees.copy_files"
    SPECIAL = "it is neither a file nor a symbolic link"
    UNREADABLE = "it cannot be read"
    BLOCKED = "something else is in its place in the worktree"
    DISK_FULL = "the disk is full"


@dataclass(frozen=True, slots=True)
class UncopiedFile:
    """A file, or a folder with all its files, that was not copied."""

    path: bytes
    reason: UncopiedReason


@dataclass(frozen=True, slots=True)
class CopyUnit:
    """What is copied whole or not at all.

    Args:
        path: of the file or the folder, relative to the checkout.
        files: the files and links to copy, `path` itself or below it.
        size: of the files together, in bytes.
    """

    path: bytes
    files: tuple[bytes, ...]
    size: int


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """The units that fit into the limits, and what is left out."""

    units: tuple[CopyUnit, ...]
    left: tuple[UncopiedFile, ...]

    @property
    def number(self) -> int:
        """How many files are to be copied."""
        return sum(len(unit.files) for unit in self.units)


def plan_copies(source: Path, paths: Sequence[bytes], folders: Sequence[bytes], limits: CopyLimits) -> CopyPlan:
    """Measure what is to be copied; reads directory entries only.

    Args:
        source: root of the checkout.
        paths: files relative to it, sorted.
        folders: those of its folders that are copied whole, each ending with `/`.
        limits: what does not fit in is left out, the units before and behind it are not.
    """
    units: list[CopyUnit] = []
    left: list[UncopiedFile] = []
    files, room = limits.files, limits.total_mib * MIB
    for name, members in _grouped(paths, folders):
        unit, reason = _measured(os.fsencode(source), name, members)
        if reason is None and len(unit.files) > files:
            reason = UncopiedReason.TOO_MANY
        if reason is None and unit.size > room:
            reason = UncopiedReason.TOO_LARGE
        if reason is not None:
            left.append(UncopiedFile(name, reason))
            continue
        if not unit.files:
            continue
        files, room = files - len(unit.files), room - unit.size
        units.append(unit)
    return CopyPlan(tuple(units), tuple(left))


def _grouped(paths: Sequence[bytes], folders: Sequence[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
    whole = tuple(sorted(folders))
    groups: dict[bytes, list[bytes]] = {}
    current = b""
    for path in paths:
        if not current or not path.startswith(current):
            current = next((folder for folder in whole if path.startswith(folder)), b"")
        groups.setdefault(current.rstrip(b"/") or path, []).append(path)
    yield from groups.items()


def _measured(source: bytes, name: bytes, members: list[bytes]) -> tuple[CopyUnit, UncopiedReason | None]:
    size = 0
    files: list[bytes] = []
    for path in members:
        try:
            found = os.lstat(posixpath.join(source, path))
        except OSError:
            return CopyUnit(name, (), 0), UncopiedReason.UNREADABLE
        if stat.S_ISREG(found.st_mode):
            size += found.st_size
        elif not stat.S_ISLNK(found.st_mode):
            if path == name:
                return CopyUnit(name, (), 0), UncopiedReason.SPECIAL
            continue  # a socket or pipe that a program left in a folder of packages is nothing to copy
        files.append(path)
    return CopyUnit(name, tuple(files), size), None
