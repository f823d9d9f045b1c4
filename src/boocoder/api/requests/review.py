"""Requests about reviews and comments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from boocoder.api.requests.fields import PATH_MAX_CHARS, WHOLE, CommentText, Id, Input, Name, Text
from boocoder.changes.diff.parts import LineSpan
from boocoder.changes.review.comments import LineRange

UNITS_MAX = 20_000  # more than a person decides on by name; `all` and `paths` name more
EDIT_MAX_CHARS = 1024 * 1024  # of one unit; a person edits a few lines of it
LINE_MAX = 2**31 - 1  # an integer of the database

UnitId = Annotated[Text, Field(min_length=1, max_length=64)]
FilePath = Annotated[Text, Field(min_length=1, max_length=3 * PATH_MAX_CHARS)]  # every byte may be percent-coded
Line = Annotated[int, Field(ge=0, le=LINE_MAX), WHOLE]
LineNumber = Annotated[int, Field(ge=1, le=LINE_MAX), WHOLE]


class DecideInput(Input):
    """What a person decides about units of the change that they looked at."""

    units: Annotated[list[UnitId], Field(max_length=UNITS_MAX)] = []
    paths: Annotated[list[FilePath], Field(max_length=UNITS_MAX)] = []
    path_coded: bool = False
    all: bool = False
    verdict: Literal["accepted", "rejected", "open"]


class SelectedLines(Input):
    """Changed lines of a unit: removed ones by their numbers in the old file, added ones by those in the new."""

    side: Literal["old", "new"]
    first: LineNumber
    last: LineNumber | None = None

    def span(self) -> LineSpan:
        """The lines as a selection."""
        return LineSpan(self.side == "old", self.first, self.first if self.last is None else self.last)


class SplitInput(Input):
    """Which unit is split, and where: at unchanged lines, or around the selected ones."""

    unit: UnitId
    lines: Annotated[list[SelectedLines], Field(max_length=UNITS_MAX)] = []
    verdict: Literal["accepted", "rejected"] | None = None


class JoinInput(Input):
    """A part whose unit is made whole again."""

    unit: UnitId


class EditInput(Input):
    """What a person wants in place of a unit's lines; null takes the lines again."""

    unit: UnitId
    text: Annotated[Text, Field(max_length=EDIT_MAX_CHARS)] | None
    rest: Literal["rejected", "open"] = "rejected"


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
    body: CommentText


class CommentPatch(Input):
    """Say something else."""

    body: CommentText


class SendComments(Input):
    """Send the comments of a session that wait to its agent."""

    rejected: bool = False
    chat_id: Id | None = None
    agent: Name | None = None


def lines_of(body: NewComment, path: bytes) -> LineRange:
    """The lines that a new remark is about."""
    last = body.first_line if body.last_line is None else body.last_line
    return LineRange(path, body.side, body.first_line, last)
