"""What the review routes answer, as far as the commands use it. Unknown fields are ignored."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec


class Flag(msgspec.Struct, frozen=True):
    """What deserves a second look."""

    kind: str
    reason: str
    line: int | None = None


class ReviewFile(msgspec.Struct, frozen=True):
    """A file of a change, and how its review stands."""

    number: int
    path: str
    status: str
    units: int
    accepted: int
    rejected: int
    open: int
    additions: int = 0
    deletions: int = 0
    reopened: int = 0
    path_coded: bool = False
    old_path: str | None = None
    old_mode: str = ""
    new_mode: str = ""
    old_size: int | None = None
    new_size: int | None = None
    binary: bool = False
    too_large: bool = False
    flags: tuple[Flag, ...] = ()


class Line(msgspec.Struct, frozen=True):
    """One line of a unit or beside it."""

    kind: Literal["context", "removed", "added"]
    text: str
    old: int | None = None
    new: int | None = None
    end: str = "lf"
    spans: tuple[tuple[int, int], ...] = ()
    left_out: int = 0


class Unit(msgspec.Struct, frozen=True):
    """The smallest part of a change that can be decided alone, or a page of its lines."""

    id: str
    kind: str
    state: str
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    reopened: str | None = None
    lines: tuple[Line, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """Where the next page of a file begins."""

    unit: int
    line: int


class FileUnits(msgspec.Struct, frozen=True):
    """A file with a page of its units."""

    file: ReviewFile
    units: tuple[Unit, ...]
    next: Place | None = None


class Review(msgspec.Struct, frozen=True):
    """How the review of a change stands."""

    change_id: UUID
    session_id: UUID
    state: str
    accepted: int
    rejected: int
    open: int
    files: int = 0
    reopened: int = 0
    unsent_comments: int = 0


class Decided(msgspec.Struct, frozen=True):
    """What a decision came to."""

    review: Review
    decided: int
    gone: tuple[str, ...] = ()


class Undone(msgspec.Struct, frozen=True):
    """What was taken out of the worktree."""

    units: int
    paths: tuple[str, ...]
    snapshot_id: UUID
    change_id: UUID | None = None


class Comment(msgspec.Struct, frozen=True):
    """A remark on lines of a change."""

    id: UUID
    path: str
    side: str
    first_line: int
    last_line: int
    body: str
    created_at: datetime
    task_id: UUID | None = None
