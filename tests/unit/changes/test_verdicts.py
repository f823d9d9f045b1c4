"""Which verdict a unit has, and which open unit replaced a decided one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from boocoder.changes.diff.tree_diff import FileChange, Unit, UnitKind
from boocoder.changes.review.service import FileReview, judged, overlaps
from boocoder.db.files.review import DecisionRow
from boocoder.model.change import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def row(
    unit_id: str,
    start: int,
    count: int,
    *,
    kind: str = "hunk",
    path: bytes = b"a",
    verdict: Verdict = Verdict.ACCEPTED,
    minute: int = 0,
) -> DecisionRow:
    return DecisionRow(unit_id, path, kind, start, count, verdict, NOON + timedelta(minutes=minute))


def hunk(unit_id: str, start: int, count: int, path: bytes = b"a") -> Unit:
    return Unit(unit_id, UnitKind.HUNK, path, start, (b"x\n",) * count, start, (b"y\n",))


def file_of(*units: Unit, path: bytes = b"a", old_path: bytes | None = None) -> FileChange:
    return FileChange(path, old_path, "modified", "", "", "", "", 1, 1, False, False, 0, 0, units, ())


def seen(files: tuple[FileReview, ...]) -> list[tuple[str, str, str | None]]:
    return [(one.unit.id, one.state, one.reopened) for file in files for one in file.units]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((3, 2), (4, 1), True),  # inside
        ((3, 2), (4, 3), True),  # a line in common
        ((3, 2), (5, 1), False),  # beside it
        ((3, 2), (1, 2), False),
        ((3, 0), (3, 0), True),  # insertions at one place
        ((3, 0), (4, 0), False),
        ((3, 0), (4, 1), True),  # what follows the insertion
        ((3, 0), (3, 1), True),  # the lines before it
        ((3, 0), (5, 1), False),
        ((0, 0), (1, 1), True),  # at the beginning
        ((3, 2), (2, 0), True),
        ((3, 2), (4, 0), True),
        ((3, 2), (5, 0), False),
    ],
)
def test_hunks_overlap_in_lines_of_the_base(before: tuple[int, int], now: tuple[int, int], expected: bool) -> None:
    assert overlaps(row("r", *before), hunk("u", *now)) is expected
    assert overlaps(row("r", *now), hunk("u", *before)) is expected


def test_kinds_meet_their_like_and_a_whole_file_meets_all() -> None:
    mode, whole = Unit("m", UnitKind.MODE, b"a"), Unit("f", UnitKind.FILE, b"a")
    assert overlaps(row("r", 0, 0, kind="mode"), mode)
    assert not overlaps(row("r", 0, 0, kind="rename"), mode)
    assert not overlaps(row("r", 0, 0, kind="mode"), hunk("u", 0, 0))
    assert overlaps(row("r", 7, 2), whole)
    assert overlaps(row("r", 0, 0, kind="file"), hunk("u", 7, 2))


def test_only_units_that_are_gone_open_others_again() -> None:
    files = (file_of(hunk("one", 3, 1), hunk("two", 10, 1)), file_of(hunk("other", 3, 1, b"b"), path=b"b"))
    rows = [row("one", 3, 1), row("gone", 10, 2, verdict=Verdict.REJECTED)]
    assert seen(judged(files, rows)) == [
        ("one", "accepted", None),
        ("two", "open", Verdict.REJECTED),
        ("other", "open", None),
    ]


def test_the_newest_verdict_on_a_place_is_told() -> None:
    rows = [row("first", 3, 1, minute=1), row("second", 3, 2, verdict=Verdict.REJECTED, minute=2)]
    for given in (rows, rows[::-1]):
        assert seen(judged((file_of(hunk("now", 3, 1)),), given)) == [("now", "open", Verdict.REJECTED)]


def test_a_renamed_file_remembers_what_was_decided_under_its_old_name() -> None:
    files = (file_of(hunk("now", 3, 1, b"new"), path=b"new", old_path=b"old"),)
    assert seen(judged(files, [row("gone", 3, 1, path=b"old")])) == [("now", "open", Verdict.ACCEPTED)]
