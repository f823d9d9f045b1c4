"""Reviews as the API answers them: counts, files, pages of units, comments."""

from __future__ import annotations

from boocoder.api.answers.rows import from_row
from boocoder.changes.diff.parts import splittable
from boocoder.changes.diff.statistics import path_text
from boocoder.changes.review.diff_page import FilePage, UnitPage
from boocoder.changes.review.service import FileReview, Review
from boocoder.changes.review.unit_editor import UnitSplit
from boocoder.db.files.review import Comment
from boocoder.wire.review import (
    ChangeFlag,
    FileUnits,
    PagePosition,
    ReviewComment,
    ReviewedFile,
    ReviewSummary,
    ReviewUnit,
    UnitParts,
)


def review_summary(review: Review) -> ReviewSummary:
    """The verdict counts of a change."""
    return ReviewSummary(
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


def reviewed_file(number: int, file: FileReview) -> ReviewedFile:
    """One file of a change, by its place in the list."""
    diff = file.diff
    path, coded = path_text(diff.path)
    old_path, old_coded = (None, False) if diff.old_path is None else path_text(diff.old_path)
    return from_row(
        ReviewedFile,
        diff,
        number=number,
        path=path,
        path_coded=coded,
        old_path=old_path,
        old_path_coded=old_coded,
        lfs=diff.lfs is not None,
        units=len(file.units),
        accepted=file.count("accepted"),
        rejected=file.count("rejected"),
        open=file.count("open"),
        reopened=sum(one.reopened is not None for one in file.units),
        flags=tuple(ChangeFlag(flag.kind.value, flag.reason, flag.line) for flag in diff.flags),
    )


def file_units(number: int, file: FileReview, shown: FilePage) -> FileUnits:
    """A page of a file's units."""
    position = None if shown.next is None else PagePosition(unit=shown.next[0], line=shown.next[1])
    return FileUnits(reviewed_file(number, file), tuple(map(_unit, shown.units)), position)


def _unit(shown: UnitPage) -> ReviewUnit:
    unit = shown.review.unit
    return ReviewUnit(
        id=unit.id,
        kind=unit.kind.value,
        state=shown.review.state,
        reopened=shown.review.reopened,
        old_start=unit.old_start,
        old_count=len(unit.old_lines),
        new_start=unit.new_start,
        new_count=len(unit.new_lines),
        lines=shown.lines,
        splittable=splittable(unit),
        part_of=unit.part_of,
        edited=None if shown.review.edited is None else shown.review.edited.decode(),
        rest=None if shown.review.edited is None else "rejected" if shown.review.rest_rejected else "open",
    )


def unit_parts(done: UnitSplit) -> UnitParts:
    """What a unit became."""
    return UnitParts(review_summary(done.review), done.units, done.selected)


def review_comment(comment: Comment) -> ReviewComment:
    """One comment."""
    path, coded = path_text(comment.path)
    return from_row(ReviewComment, comment, path=path, path_coded=coded)
