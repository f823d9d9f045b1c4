"""Reviewing: what its requests may hold, and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from boocoder.api.shapes.inputs import PATH_MAX_CHARS, Id, Input, LongText, Name, Text
from boocoder.api.shapes.outputs import Output
from boocoder.changes.comments import LineRange
from boocoder.changes.measure import path_text
from boocoder.changes.review import FileReview, Review
from boocoder.changes.shown import ShownFile, ShownUnit
from boocoder.changes.undo import TakenBack
from boocoder.db.review import Comment
from boocoder.model.review import Verdict
from boocoder.model.task import ChangeState

UNITS_MAX = 20_000  # more than a person decides on by name; `all` and `paths` name more
LINE_MAX = 2**31 - 1  # an integer of the database

UnitId = Annotated[Text, Field(min_length=1, max_length=64)]
FilePath = Annotated[Text, Field(min_length=1, max_length=3 * PATH_MAX_CHARS)]  # every byte may be percent-coded
Line = Annotated[int, Field(ge=0, le=LINE_MAX)]


class DecideInput(Input):
    """What a person decides about units of the change that they looked at."""

    units: Annotated[list[UnitId], Field(max_length=UNITS_MAX)] = []
    paths: Annotated[list[FilePath], Field(max_length=UNITS_MAX)] = []
    path_coded: bool = False
    all: bool = False
    verdict: Literal["accepted", "rejected", "open"]


class UndoInput(Input):
    """Which rejected units are taken out of the worktree; all if none is named."""

    units: Annotated[list[UnitId], Field(max_length=UNITS_MAX)] = []


class NewComment(Input):
    """A remark on lines of a change."""

    path: FilePath
    path_coded: bool = False
    side: Literal["old", "new"] = "new"
    first_line: Line = 0
    last_line: Line | None = None
    body: LongText


class CommentPatch(Input):
    """Say something else."""

    body: LongText


class SendComments(Input):
    """Send the comments of a session that wait to its agent."""

    rejected: bool = False
    chat_id: Id | None = None
    agent: Name | None = None


class FlagOut(Output):
    """What deserves a second look."""

    kind: str
    reason: str
    line: int | None


class ReviewFileOut(Output):
    """A file of a change, and how its review stands."""

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
    too_large: bool
    additions: int
    deletions: int
    units: int
    accepted: int
    rejected: int
    open: int
    reopened: int
    flags: list[FlagOut]


class LineOut(Output):
    """One line of a unit or beside it."""

    kind: Literal["context", "removed", "added"]
    old: int | None
    new: int | None
    text: str
    end: Literal["lf", "crlf", "none"]
    utf8: bool
    spans: tuple[tuple[int, int], ...]
    left_out: int


class UnitOut(Output):
    """The smallest part of a change that can be decided alone, or a page of its lines."""

    id: str
    kind: str
    state: Literal["accepted", "rejected", "open"]
    reopened: Verdict | None
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: list[LineOut]


class PlaceOut(Output):
    """Where the next page of a file begins."""

    unit: int
    line: int


class FileUnitsOut(Output):
    """A file with a page of its units."""

    file: ReviewFileOut
    units: list[UnitOut]
    next: PlaceOut | None


class ReviewOut(Output):
    """How the review of a change stands."""

    change_id: UUID
    session_id: UUID
    state: ChangeState
    files: int
    accepted: int
    rejected: int
    open: int
    reopened: int
    unsent_comments: int


class DecidedOut(Output):
    """What a decision came to; `gone` are units that the session's newest change does not have any more."""

    review: ReviewOut
    decided: int
    gone: tuple[str, ...]


class UndoneOut(Output):
    """What was taken out of the worktree."""

    units: int
    paths: tuple[str, ...]
    snapshot_id: UUID
    change_id: UUID | None


class CommentOut(Output):
    """A remark on lines of a change."""

    id: UUID
    session_id: UUID
    change_id: UUID
    path: str
    path_coded: bool
    side: str
    first_line: int
    last_line: int
    quote: str
    body: str
    task_id: UUID | None
    created_at: datetime


def review_out(review: Review) -> ReviewOut:
    """How a review stands."""
    return ReviewOut(
        change_id=review.change.id,
        session_id=review.change.session_id,
        state=review.change.state,
        files=len(review.files),
        accepted=review.count("accepted"),
        rejected=review.count("rejected"),
        open=review.count("open"),
        reopened=review.reopened,
        unsent_comments=review.unsent_comments,
    )


def file_out(number: int, file: FileReview) -> ReviewFileOut:
    """One file of a change, by its place in the list."""
    diff = file.diff
    path, coded = path_text(diff.path)
    old_path, old_coded = (None, False) if diff.old_path is None else path_text(diff.old_path)
    return ReviewFileOut(
        number=number,
        path=path,
        path_coded=coded,
        old_path=old_path,
        old_path_coded=old_coded,
        status=diff.status,
        old_mode=diff.old_mode,
        new_mode=diff.new_mode,
        old_size=diff.old_size,
        new_size=diff.new_size,
        binary=diff.binary,
        too_large=diff.too_large,
        additions=diff.additions,
        deletions=diff.deletions,
        units=len(file.units),
        accepted=file.count("accepted"),
        rejected=file.count("rejected"),
        open=file.count("open"),
        reopened=sum(one.reopened is not None for one in file.units),
        flags=[FlagOut(kind=flag.kind.value, reason=flag.reason, line=flag.line) for flag in diff.flags],
    )


def units_out(number: int, file: FileReview, shown: ShownFile) -> FileUnitsOut:
    """A page of a file's units."""
    place = None if shown.next is None else PlaceOut(unit=shown.next[0], line=shown.next[1])
    return FileUnitsOut(file=file_out(number, file), units=[_unit_out(one) for one in shown.units], next=place)


def _unit_out(shown: ShownUnit) -> UnitOut:
    unit = shown.review.unit
    return UnitOut(
        id=unit.id,
        kind=unit.kind.value,
        state=shown.review.state,
        reopened=shown.review.reopened,
        old_start=unit.old_start,
        old_count=len(unit.old_lines),
        new_start=unit.new_start,
        new_count=len(unit.new_lines),
        lines=[LineOut.model_validate(line) for line in shown.lines],
    )


def comment_out(comment: Comment) -> CommentOut:
    """One remark."""
    path, coded = path_text(comment.path)
    row = {name: getattr(comment, name) for name in comment.__struct_fields__}
    return CommentOut.model_validate({**row, "path": path, "path_coded": coded})


def undone_out(taken: TakenBack) -> UndoneOut:
    """What was taken out of the worktree."""
    return UndoneOut.model_validate(taken)


def lines_of(body: NewComment, path: bytes) -> LineRange:
    """The lines that a new remark is about."""
    last = body.first_line if body.last_line is None else body.last_line
    return LineRange(path, body.side, body.first_line, last)
