"""Types of a change: its files, and the units that a person decides on, with their identity."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Literal

from boocoder.changes.diff.flags import Flag
from boocoder.git.lfs.pointer import Pointer

ID_DIGITS = 20  # 80 bits: two units of one change never meet by chance

FileStatus = Literal["added", "modified", "deleted", "renamed", "type_changed"]


class UnitKind(StrEnum):
    """What a unit changes."""

    HUNK = "hunk"  # lines; all of them where a text file is added or deleted
    MODE = "mode"  # the executable bit of a file that stays
    RENAME = "rename"  # the path; other edits of the file are separate units
    FILE = "file"  # what cannot be split: binary, Git LFS, too large, symlink, submodule, empty, another type


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest part of a change that can be accepted separately.

    Args:
        id: 20 hex digits. Equal ids mean exactly the same edit at the same place of the same base.
        kind: what it changes.
        path: the file's new path; the old one of a deleted file.
        old_start: 1-based first removed line in the base's file; of an insertion the line before it (0: at the
            beginning), as git counts.
        old_lines: removed lines with their line ends; empty unless the kind is HUNK.
        new_start: as `old_start`, in the new file.
        new_lines: lines that take their place. Both hold the one or two unchanged lines between edits that are
            so near each other that they are one unit.
        same: those unchanged lines: (place in `old_lines`, place in `new_lines`), rising.
        part_of: id of the unit that git found, if a person split it and this is a part of it.
    """

    id: str
    kind: UnitKind
    path: bytes
    old_start: int = 0
    old_lines: tuple[bytes, ...] = ()
    new_start: int = 0
    new_lines: tuple[bytes, ...] = ()
    same: tuple[tuple[int, int], ...] = ()
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class LfsSides:
    """Pointers of Git LFS before and after; None where a side is none."""

    old: Pointer | None
    new: Pointer | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file of a change.

    Args:
        path: its bytes, relative to the root; the old path of a deleted file.
        old_path: where it was before, if it was renamed; else None.
        status: what happened to it as a whole.
        old_mode, new_mode: as git writes them; "000000" where there is no file.
        old_id, new_id: ids of the contents; all zeros where there is no file.
        old_size, new_size: bytes, of the content in Git LFS where it is there; None where there is no file, or it is a
            submodule.
        binary: whether its contents have no lines.
        too_large: whether its lines are not looked at because there are too many.
        additions, deletions: lines; 0 where they are not looked at.
        units: in the order of the file: rename, mode, then content.
        flags: reasons for a second look.
        lfs: pointers of Git LFS; None where neither side is one.
    """

    path: bytes
    old_path: bytes | None
    status: FileStatus
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str
    old_size: int | None
    new_size: int | None
    binary: bool
    too_large: bool
    additions: int
    deletions: int
    units: tuple[Unit, ...]
    flags: tuple[Flag, ...]
    lfs: LfsSides | None = None

    @property
    def base_path(self) -> bytes:
        """Its path in the base; of an added file the new one."""
        return self.path if self.old_path is None else self.old_path


def unit_id(*fields: bytes) -> str:
    """The identity of a unit.

    Args:
        fields: everything that distinguishes the edit, each with its length: first the kind of edit and the
            file's path in the base, so that a rename leaves the ids of its hunks alone.
    """
    sizes = b" ".join([b"%d" % len(field) for field in fields])
    return sha256(b"\n".join((sizes, *fields))).hexdigest()[:ID_DIGITS]
