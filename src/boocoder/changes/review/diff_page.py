"""Renders a page of a file's units as lines: numbers, context, changed words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from boocoder.changes.diff.tree_diff import FileChange, Unit, UnitKind
from boocoder.changes.diff.word_diff import TextLine, common, hunk_words, text_line
from boocoder.changes.review.service import FileReview, UnitReview
from boocoder.git.diff.tree_diff import NO_MODE
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.wire.review import DiffLine

COMPARED_LINES = 400  # of a hunk, on both sides together; a longer one is shown as removed and added
PAGE_LINES = 2_000  # a few dozen screens
PAGE_CHARS = 1_000_000  # of all lines of a page together, so that it stays a megabyte or two
LINE_CHARS = 20_000  # of one line; longer ones are generated
CONTEXT_MAX = 1_000  # lines beside a unit, at most
CONTEXT_FILE_MAX_BYTES = 16 * 1024 * 1024  # a larger file is shown without context

LineKind = Literal["context", "removed", "added"]


@dataclass(frozen=True, slots=True)
class UnitPage:
    """A unit, or a page of it."""

    review: UnitReview
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class FilePage:
    """A page of a file.

    Args:
        next: (unit, line) where the next page begins: number of the unit in the file, and of the line in the unit;
            None at the end.
    """

    units: tuple[UnitPage, ...]
    next: tuple[int, int] | None


async def base_lines(shadow: ShadowRepository, file: FileChange) -> list[bytes]:
    """The lines of a file in the base, for context; empty where there are none to show.

    Raises:
        GitError: git failed.
    """
    hunks = any(unit.kind is UnitKind.HUNK for unit in file.units)
    if not hunks or file.old_mode == NO_MODE or (file.old_size or 0) > CONTEXT_FILE_MAX_BYTES:
        return []
    content = await shadow.blob(file.old_id, max_bytes=CONTEXT_FILE_MAX_BYTES)
    return [line + b"\n" for line in content[:-1].split(b"\n")] if content.endswith(b"\n") else _cut(content)


def _cut(content: bytes) -> list[bytes]:
    """Lines of a file that ends without a line end."""
    *lines, last = content.split(b"\n")
    return [*(line + b"\n" for line in lines), last] if content else []


def file_page(
    file: FileReview, base: Sequence[bytes], *, context: int, unit: int = 0, line: int = 0, ignore_space: bool = False
) -> FilePage:
    """A page of a file.

    Args:
        base: the file's lines in the base with their ends; empty for no context.
        context: lines beside each unit, at most; two units never show the same one.
        unit, line: where the page begins.
        ignore_space: show lines that differ in white space alone as unchanged; units and verdicts are the same.
    """
    units: list[UnitPage] = []
    left_lines, left_chars = PAGE_LINES, PAGE_CHARS
    for number in range(unit, len(file.units)):
        skipped = line if number == unit else 0
        taken: list[DiffLine] = []
        for at, one in enumerate(_lines(file.units, number, base, context, ignore_space=ignore_space)):
            if at < skipped:
                continue
            if left_lines <= 0 or left_chars <= 0:
                part = [UnitPage(file.units[number], tuple(taken))] if taken or not units else []
                return FilePage((*units, *part), (number, at))
            taken.append(one)
            left_lines -= 1
            left_chars -= len(one.text)
        units.append(UnitPage(file.units[number], tuple(taken)))
    return FilePage(tuple(units), None)


def _lines(
    units: Sequence[UnitReview], number: int, base: Sequence[bytes], context: int, *, ignore_space: bool
) -> Iterator[DiffLine]:
    unit = units[number].unit
    if unit.kind is not UnitKind.HUNK:
        return
    first, last = _gaps(unit)
    shift = _new_first(unit) - first
    follows = number > 0 and units[number - 1].unit.kind is UnitKind.HUNK
    above = _gaps(units[number - 1].unit)[1] if follows else 0
    below = _gaps(units[number + 1].unit)[0] if number + 1 < len(units) else len(base)
    # What lies between two units goes to the upper one first, so that no line is shown twice.
    free = first - above - (min(context, first - above) if follows else 0)
    for at in range(first - min(context, free), first):
        if at < len(base):
            yield _page_line("context", text_line(base[at]), at + 1, at + 1 + shift)
    yield from _changed(unit, first + 1, first + shift + 1, ignore_space=ignore_space)
    shift += len(unit.new_lines) - len(unit.old_lines)
    for at in range(last, min(last + context, below, len(base))):
        yield _page_line("context", text_line(base[at]), at + 1, at + 1 + shift)


def _changed(unit: Unit, old: int, new: int, *, ignore_space: bool) -> Iterator[DiffLine]:
    """The lines of a hunk, from these numbers on; unchanged ones between its edits are context."""
    if len(unit.old_lines) + len(unit.new_lines) > COMPARED_LINES:
        before, after = [*map(text_line, unit.old_lines)], [*map(text_line, unit.new_lines)]
    else:
        words = hunk_words(unit.old_lines, unit.new_lines)
        before, after = [*words.old], [*words.new]
    left = right = 0
    for one, two in (*(_same_but_space(unit) if ignore_space else unit.same), (len(before), len(after))):
        yield from (_page_line("removed", before[at], old + at, None) for at in range(left, one))
        yield from (_page_line("added", after[at], None, new + at) for at in range(right, two))
        if one < len(before):
            yield _page_line("context", after[two], old + one, new + two)
        left, right = one + 1, two + 1


def _same_but_space(unit: Unit) -> Iterator[tuple[int, int]]:
    """Positions of the lines that both sides have, ignoring white space as `git diff -w` does."""
    left = right = 0
    for one, two in (*unit.same, (len(unit.old_lines), len(unit.new_lines))):
        old, new = _without_space(unit.old_lines[left:one]), _without_space(unit.new_lines[right:two])
        yield from ((left + at, right + to) for at, to in common(old, new, COMPARED_LINES) or ())
        if one < len(unit.old_lines):
            yield one, two
        left, right = one + 1, two + 1


def _without_space(lines: Sequence[bytes]) -> list[str]:
    return [b"".join(line.split()).decode("latin-1") for line in lines]


def _gaps(unit: Unit) -> tuple[int, int]:
    """Lines of the base before the unit, and before what follows it."""
    first = unit.old_start - 1 if unit.old_lines else unit.old_start
    return first, first + len(unit.old_lines)


def _new_first(unit: Unit) -> int:
    return unit.new_start - 1 if unit.new_lines else unit.new_start


def _page_line(kind: LineKind, line: TextLine, old: int | None, new: int | None) -> DiffLine:
    text = line.text[:LINE_CHARS]
    spans = tuple((span.start, min(span.end, len(text))) for span in line.changed if span.start < len(text))
    left_out = len(line.text) - len(text)
    return DiffLine(kind, old, new, text, line.end, line.utf8, () if kind == "context" else spans, left_out)
