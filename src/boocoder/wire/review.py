"""Reviews: files, units, lines, verdicts and comments of a change."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from boocoder.model.change import Verdict
from boocoder.model.ids import ChangeId, CommentId, SessionId, SnapshotId, TaskId
from boocoder.model.task import ChangeState


class ChangeFlag(msgspec.Struct, frozen=True):
    """Something in a file that deserves a second look; `line` is null for the file as a whole."""

    kind: str
    reason: str
    line: int | None


class ReviewedFile(msgspec.Struct, frozen=True):
    """A file of a change with its statistics, flags and verdict counts."""

    number: int
    path: str
    path_coded: bool
    old_path: str | None
    old_path_coded: bool
    status: str
    old_mode: str
    new_mode: str
    old_size: int | None
    new_size: int | None
    binary: bool
    lfs: bool
    too_large: bool
    additions: int
    deletions: int
    units: int
    accepted: int
    rejected: int
    open: int
    reopened: int
    flags: tuple[ChangeFlag, ...]


class DiffLine(msgspec.Struct, frozen=True):
    """One line of a unit, or of context beside it.

    Args:
        old, new: its 1-based numbers; null where that side does not have it.
        text: without its end; escaped where it is not UTF-8.
        spans: what of it changed, as (first, behind the last) in code points of `text`; empty if words were not
            compared.
        left_out: how many characters at its end are not in `text`.
    """

    kind: Literal["context", "removed", "added"]
    old: int | None
    new: int | None
    text: str
    end: Literal["lf", "crlf", "none"]
    utf8: bool
    spans: tuple[tuple[int, int], ...] = ()
    left_out: int = 0


class ReviewUnit(msgspec.Struct, frozen=True):
    """The smallest part of a change that can be decided by itself, or a page of its lines.

    Args:
        reopened: of an open unit, the verdict on its predecessor before the agent changed it.
        splittable: whether it has more than one changed line.
        part_of: id of the unit that it was split from; null where it was not.
        edited: of an accepted unit, the text that a person wants in place of its lines; null for the lines.
        rest: what becomes of the lines that `edited` replaces; null where nothing is edited.
    """

    id: str
    kind: str
    state: Literal["accepted", "rejected", "open"]
    reopened: Verdict | None
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[DiffLine, ...]
    splittable: bool = False
    part_of: str | None = None
    edited: str | None = None
    rest: Literal["rejected", "open"] | None = None


class PagePosition(msgspec.Struct, frozen=True):
    """Where the next page of a file begins."""

    unit: int
    line: int


class FileUnits(msgspec.Struct, frozen=True):
    """A file with a page of its units."""

    file: ReviewedFile
    units: tuple[ReviewUnit, ...]
    next: PagePosition | None


class ReviewSummary(msgspec.Struct, frozen=True):
    """The verdict counts of a change and the comments that were not sent yet."""

    change_id: ChangeId
    session_id: SessionId
    state: ChangeState
    files: int
    accepted: int
    rejected: int
    open: int
    reopened: int
    unsent_comments: int


class ReviewDecision(msgspec.Struct, frozen=True):
    """The review after a decision; `gone` are units that are no longer in the session's newest change."""

    review: ReviewSummary
    decided: int
    gone: tuple[str, ...]


class UnitParts(msgspec.Struct, frozen=True):
    """What a unit became by splitting or joining.

    Args:
        units: ids, in the order of the file.
        selected: those of them that hold the selected lines.
    """

    review: ReviewSummary
    units: tuple[str, ...]
    selected: tuple[str, ...]


class RevertResult(msgspec.Struct, frozen=True):
    """What was taken out of the worktree.

    Args:
        units: how many.
        paths: files that were written or deleted, as text.
        snapshot_id: of the worktree as it was before; a rewind to it brings everything back.
        change_id: the session's pending change now; null where nothing of it is left.
    """

    units: int
    paths: tuple[str, ...]
    snapshot_id: SnapshotId
    change_id: ChangeId | None


class ReviewComment(msgspec.Struct, frozen=True):
    """A comment on lines of a change; `task_id` is the task that sent it to the agent, null while it waits."""

    id: CommentId
    session_id: SessionId
    change_id: ChangeId
    path: str
    path_coded: bool
    side: str
    first_line: int
    last_line: int
    quote: str
    body: str
    task_id: TaskId | None
    created_at: datetime
