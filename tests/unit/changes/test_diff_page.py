"""Units as lines for a screen: numbers, context that no two units share, pages, lines that are cut."""

from __future__ import annotations

from dataclasses import replace

from boocoder.changes.diff.tree_diff import FileChange, Unit, UnitKind
from boocoder.changes.review.diff_page import LINE_CHARS, PAGE_LINES, file_page
from boocoder.changes.review.service import FileReview, UnitReview
from boocoder.wire.review import DiffLine

BASE = [b"%d\n" % number for number in range(1, 21)]


def hunk(old_start: int, removed: tuple[bytes, ...], new_start: int, added: tuple[bytes, ...]) -> Unit:
    return Unit(f"{old_start}", UnitKind.HUNK, b"a", old_start, removed, new_start, added)


def file_of(*units: Unit) -> FileReview:
    diff = FileChange(b"a", None, "modified", "", "", "", "", 1, 1, False, False, 0, 0, units, ())
    return FileReview(diff, tuple(UnitReview(unit, "open") for unit in units))


def told(lines: tuple[DiffLine, ...]) -> list[str]:
    signs = {"context": " ", "removed": "-", "added": "+"}
    return [f"{signs[line.kind]}{line.old or ''}/{line.new or ''} {line.text}" for line in lines]


def test_numbers_of_both_sides_follow_insertions_and_deletions() -> None:
    file = file_of(hunk(0, (), 1, (b"top\n",)), hunk(5, (b"5\n", b"6\n"), 5, ()), hunk(20, (), 20, (b"end",)))
    first, second, third = file_page(file, BASE, context=1).units
    assert told(first.lines) == ["+/1 top", " 1/2 1"]
    assert told(second.lines) == [" 4/5 4", "-5/ 5", "-6/ 6", " 7/6 7"]
    assert told(third.lines) == [" 20/19 20", "+/20 end"]
    assert third.lines[-1].end == "none"


def test_no_line_of_context_is_shown_twice() -> None:
    file = file_of(hunk(3, (b"3\n",), 3, (b"x\n",)), hunk(7, (b"7\n",), 7, (b"y\n",)), hunk(9, (), 10, (b"z\n",)))
    for context in range(12):
        lines = [line for unit in file_page(file, BASE, context=context).units for line in unit.lines]
        numbers = [line.old for line in lines if line.old is not None]
        assert numbers == sorted(set(numbers)), context
        assert [line.new for line in lines if line.new] == sorted({line.new for line in lines if line.new}), context
    everything = [line.old for unit in file_page(file, BASE, context=99).units for line in unit.lines if line.old]
    assert everything == list(range(1, 21))


def test_unchanged_lines_inside_a_hunk_are_context() -> None:
    unit = replace(
        hunk(3, (b"one\n", b"same\n", b"two\n"), 3, (b"uno\n", b"same\n", b"dos\n", b"tres\n")), same=((1, 1),)
    )
    (only,) = file_page(file_of(unit), BASE, context=0).units
    assert told(only.lines) == ["-3/ one", "+/3 uno", " 4/4 same", "-5/ two", "+/5 dos", "+/6 tres"]


def test_pages_join_without_gap_or_double() -> None:
    units = [
        hunk(place, tuple(b"old %d\n" % n for n in range(700)), place, tuple(b"new %d\n" % n for n in range(600)))
        for place in range(1, 8_000, 2_000)
    ]
    file, place, lines = file_of(*units), (0, 0), []
    for _ in range(10):
        page = file_page(file, [], context=3, unit=place[0], line=place[1])
        lines += [line.text for unit in page.units for line in unit.lines]
        assert sum(len(unit.lines) for unit in page.units) <= PAGE_LINES
        if page.next is None:
            break
        place = page.next
    assert lines == [line.decode().rstrip() for unit in units for line in (*unit.old_lines, *unit.new_lines)]


def test_a_line_that_is_too_long_is_cut_and_says_so() -> None:
    (only,) = file_page(file_of(hunk(0, (), 1, (b"x" * (LINE_CHARS + 7) + b"\r\n",))), [], context=0).units
    assert (len(only.lines[0].text), only.lines[0].left_out, only.lines[0].end) == (LINE_CHARS, 7, "crlf")


def test_what_has_no_lines_is_shown_without() -> None:
    page = file_page(file_of(Unit("1", UnitKind.RENAME, b"a"), Unit("2", UnitKind.MODE, b"a")), BASE, context=3)
    assert [unit.lines for unit in page.units] == [(), ()]
    assert page.next is None


def test_lines_that_differ_in_white_space_alone_are_shown_as_unchanged() -> None:
    unit = hunk(3, (b"if a:\n", b"  b()\n", b"c()\n"), 3, (b"if a:  \n", b"\tb()\n", b"d()\n"))
    (only,) = file_page(file_of(unit), BASE, context=0, ignore_space=True).units
    assert told(only.lines) == [" 3/3 if a:  ", " 4/4 \tb()", "-5/ c()", "+/5 d()"]
    (real,) = file_page(file_of(unit), BASE, context=0).units
    assert [line.kind for line in real.lines] == ["removed"] * 3 + ["added"] * 3
    assert only.review.unit is real.review.unit is unit
