"""Parts of units: any choice of lines gives what `git apply` of the same lines gives; parts are found again."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boocoder.changes.diff.hunks import hunk_id
from boocoder.changes.diff.line_edits import splice
from boocoder.changes.diff.model import FileChange, Unit, UnitKind
from boocoder.changes.diff.parts import LineSpan, numbered, part_row, split_at_unchanged, split_by_lines, with_parts
from boocoder.git.diff.patch import parse_sections
from boocoder.git.diff.tree_diff import NEAR_LINES

PATH = b"a.txt"
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LINE = st.sampled_from([b"\n", b"a\n", b"b\n", b"c\n", b"d\r\n", b"-x\n", b"+y\n", b"\\ z\n"])
TEXT = st.lists(LINE, max_size=14)


@st.composite
def edits(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A text and an edited copy of it that still has much in common with it."""
    old = draw(TEXT)
    new: list[bytes] = []
    for line in old:
        what = draw(st.integers(0, 5))
        new += [line] if what < 3 else [draw(LINE), draw(LINE)] if what == 3 else [draw(LINE)] if what == 4 else []
    return b"".join(old), b"".join(new + draw(st.lists(LINE, max_size=2)))


def git_diff(old: bytes, new: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        for side, content in (("old", old), ("new", new)):
            (Path(name) / side).mkdir()
            (Path(name) / side / "a.txt").write_bytes(content)
        command = [
            "git",
            "-c",
            "core.autocrlf=false",
            "diff",
            "--no-index",
            "-U0",
            f"--inter-hunk-context={NEAR_LINES}",
        ]
        command += ["--diff-algorithm=myers", "--text", "--no-color", "old/a.txt", "new/a.txt"]
        return subprocess.run(command, cwd=name, capture_output=True, check=False).stdout


def units_of(patch: bytes) -> list[Unit]:
    (hunks, _), *_ = [*parse_sections(patch)] or [((), False)]
    return [
        Unit(
            hunk_id(PATH, one.old_start, one.old_lines, one.new_lines),
            UnitKind.HUNK, PATH, one.old_start, one.old_lines, one.new_start, one.new_lines, one.same,
        )
        for one in hunks
    ]  # fmt: skip


def file_of(units: Sequence[Unit]) -> FileChange:
    return FileChange(PATH, None, "modified", "", "", "", "", 1, 1, False, False, 0, 0, tuple(units), ())


def git_apply(old: bytes, patch: bytes, chosen: Collection[tuple[str, int]]) -> bytes:
    """What git makes of the chosen lines of a patch without context; as in `git add -p` others stay as they are."""
    lines = old.splitlines(keepends=True)
    out: list[bytes] = []
    left, right = 1, 1
    for line in patch.splitlines(keepends=True)[4:]:
        if found := re.match(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            start = int(found[1]) + (found[2] == b"0")
            out += [b" " + one for one in lines[left - 1 : start - 1]]
            left, right = start, int(found[3]) + (found[4] == b"0")
        elif line.startswith(b"-"):
            out.append(line if ("old", left) in chosen else b" " + line[1:])
            left += 1
        elif line.startswith(b"+"):
            out += [line] if ("new", right) in chosen else []
            right += 1
        else:
            left, right = left + 1, right + 1
            out.append(line)
    out += [b" " + one for one in lines[left - 1 :]]
    if not any(line[:1] in b"+-" for line in out):
        return old
    head = b"--- a/a.txt\n+++ b/a.txt\n@@ -%d,%d +1,1 @@\n" % (bool(lines), len(lines))
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "a.txt").write_bytes(old)
        command = ["git", "apply", "--recount", "--unidiff-zero", "--whitespace=nowarn", "-"]
        subprocess.run(command, cwd=name, input=head + b"".join(out), check=True, capture_output=True)
        return (Path(name) / "a.txt").read_bytes()


def split_all(units: Sequence[Unit], spans: Sequence[LineSpan]) -> list[tuple[Unit, bool]]:
    return [piece for unit in units for piece in split_by_lines(unit, PATH, spans)]


@SETTINGS
@given(edits(), st.data())
def test_any_choice_of_lines_is_what_git_applies(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    old, new = pair
    patch = git_diff(old, new)
    units = units_of(patch)
    rows = sorted(
        {("old", unit.old_start + at) for unit in units for at in range(len(unit.old_lines))}
        | {("new", unit.new_start + at) for unit in units for at in range(len(unit.new_lines))}
    )
    chosen = {row for row in rows if data.draw(st.booleans())}
    pieces = split_all(units, [LineSpan(side == "old", at, at) for side, at in chosen])
    assert splice(old, [unit for unit, taken in pieces if taken]) == git_apply(old, patch, chosen)
    assert splice(old, [unit for unit, _ in pieces]) == new
    assert splice(old, []) == old


@SETTINGS
@given(edits())
def test_parts_between_unchanged_lines_are_smaller_and_make_the_unit(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    units = units_of(git_diff(old, new))
    parts = [part for unit in units for part in split_at_unchanged(unit, PATH)]
    assert splice(old, parts) == new
    assert all(not part.same for part in parts)
    assert len(parts) == len(units) + sum(bool(unit.same) and len(split_at_unchanged(unit, PATH)) - 1 for unit in units)


@SETTINGS
@given(edits(), st.data())
def test_parts_are_found_again_by_their_content(pair: tuple[bytes, bytes], data: st.DataObject) -> None:
    old, new = pair
    file = file_of(units_of(git_diff(old, new)))
    spans = [LineSpan(data.draw(st.booleans()), at, at) for at in data.draw(st.lists(st.integers(1, 20), max_size=6))]
    stored = file_of([part for unit in file.units for part in with_ids(split_by_lines(unit, PATH, spans))])
    rows = [part_row(unit, PATH, place) for place, unit in enumerate(stored.units) if unit.part_of is not None]
    (found,) = with_parts([file], rows[::-1])
    assert [(unit.id, unit.part_of) for unit in found.units] == [(unit.id, unit.part_of) for unit in stored.units]
    assert len({unit.id for unit in found.units}) == len(found.units)
    assert splice(old, found.units) == new


def with_ids(pieces: Sequence[tuple[Unit, bool]]) -> Sequence[Unit]:
    return numbered(unit for unit, _ in pieces)


def test_a_part_stays_where_the_agent_changed_other_lines_of_the_unit() -> None:
    old = b"".join(b"%d\n" % at for at in range(30))
    first = units_of(git_diff(old, old.replace(b"10\n", b"new a\nnew b\nnew c\n")))[0]
    parts = with_ids(split_by_lines(first, PATH, [LineSpan(False, 12, 12)]))
    rows = [part_row(part, PATH, place) for place, part in enumerate(parts)]
    later = units_of(git_diff(old, old.replace(b"10\n", b"new a\nadded\nnew b\nnew d\n")))
    (file,) = with_parts([file_of(later)], rows)
    kept = [unit.new_lines for unit in file.units if unit.id in {part.id for part in parts}]
    assert kept == [(b"new a\n",), (b"new b\n",)]
    assert [unit.new_lines for unit in file.units] == [(b"new a\n",), (b"added\n",), (b"new b\n",), (b"new d\n",)]


def test_a_part_of_many_equal_lines_is_found_quickly() -> None:
    unit = Unit("u", UnitKind.HUNK, PATH, 0, (), 1, (b"\n",) * 20_000)
    spans = [LineSpan(False, at, at) for at in range(2, 2_000, 2)]
    parts = with_ids(split_by_lines(unit, PATH, spans))
    (file,) = with_parts([file_of([unit])], [part_row(part, PATH, place) for place, part in enumerate(parts)])
    assert splice(b"", file.units) == b"\n" * 20_000


def test_a_line_without_its_end_is_never_joined_to_the_next() -> None:
    (unit,) = units_of(git_diff(b"a\nb", b"a\nc\nd"))
    pieces = split_by_lines(unit, PATH, [LineSpan(False, 2, 3)])
    chosen = [piece for piece, taken in pieces if taken]
    assert splice(b"a\nb", chosen, whole_lines=True) == b"a\nb\nc\nd"
    assert splice(b"a\nb", [replace(piece) for piece, _ in pieces], whole_lines=True) == b"a\nc\nd"
