"""A page of a file's units as lines for a screen: numbers, context, changed words. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from boocoder.changes.review import FileReview, UnitReview
from boocoder.changes.structured import FileDiff, Unit, UnitKind
from boocoder.changes.words import LineEnd, ShownLine, common, hunk_words, shown_line
from boocoder.git.shadow import ShadowRepository
from boocoder.git.tree_diff import NO_MODE

COMPARED_LINES = 400  # of a hunk, on both sides together; a longer one is shown as removed and added
PAGE_LINES = 2_000  # a few dozen screens
PAGE_CHARS = 1_000_000  # of all lines of a page together, so that it stays a megabyte or two
LINE_CHARS = 20_000  # of one line; what is longer was made by a program
CONTEXT_MAX = 1_000  # lines beside a unit that a person asks for
CONTEXT_FILE_MAX_BYTES = 16 * 1024 * 1024  # a larger file is shown without context

LineKind = Literal["context", "removed", "added"]


@dataclass(frozen=True, slots=True)
class PageLine:
    """One line.

    Args:
        kind: whether both sides have it, or which one.
        old, new: its 1-based numbers; None where that side does not have it.
        text: without its end; escaped as `words.ShownLine` says where it is not UTF-8.
        end: what ends it.
        utf8: whether it is.
        spans: what of it changed, as (first, behind the last) in code points of `text`; empty if words were not
            compared.
        left_out: how many characters at its end are not in `text`.
    """

    kind: LineKind
    old: int | None
    new: int | None
    text: str
    end: LineEnd
    utf8: bool
    spans: tuple[tuple[int, int], ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ShownUnit:
    """A unit, or a page of it."""

    review: UnitReview
    lines: tuple[PageLine, ...]


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A page of a file.

    Args:
        next: (unit, line) where the next page begins: number of the unit in the file, and of the line in the unit;
            None at the end.
    """

    units: tuple[ShownUnit, ...]
    next: tuple[int, int] | None


async def base_lines(shadow: ShadowRepository, file: FileDiff) -> list[bytes]:
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


def shown(file: FileReview, base: Sequence[bytes], *, context: int, unit: int = 0, line: int = 0) -> ShownFile:
    """A page of a file. Pure.

    Args:
        base: the file's lines in the base with their ends; empty for no context.
        context: lines beside each unit, at most; two units never show the same one.
        unit, line: where the page begins.
    """
    units: list[ShownUnit] = []
    left_lines, left_chars = PAGE_LINES, PAGE_CHARS
    for number in range(unit, len(file.units)):
        skipped = line if number == unit else 0
        taken: list[PageLine] = []
        for at, one in enumerate(_lines(file.units, number, base, context)):
            if at < skipped:
                continue
            if left_lines <= 0 or left_chars <= 0:
                part = [ShownUnit(file.units[number], tuple(taken))] if taken or not units else []
                return ShownFile((*units, *part), (number, at))
            taken.append(one)
            left_lines -= 1
            left_chars -= len(one.text)
        units.append(ShownUnit(file.units[number], tuple(taken)))
    return ShownFile(tuple(units), None)


def _lines(units: Sequence[UnitReview], number: int, base: Sequence[bytes], context: int) -> Iterator[PageLine]:
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
            yield _page_line("context", shown_line(base[at]), at + 1, at + 1 + shift)
    yield from _changed(unit, first + 1, first + shift + 1)
    shift += len(unit.new_lines) - len(unit.old_lines)
    for at in range(last, min(last + context, below, len(base))):
        yield _page_line("context", shown_line(base[at]), at + 1, at + 1 + shift)


def _changed(unit: Unit, old: int, new: int) -> Iterator[PageLine]:
    """The lines of a hunk, from these numbers on; unchanged ones between its edits are context."""
    if len(unit.old_lines) + len(unit.new_lines) > COMPARED_LINES:
        removed, added = map(shown_line, unit.old_lines), map(shown_line, unit.new_lines)
        yield from (_page_line("removed", line, old + at, None) for at, line in enumerate(removed))
        yield from (_page_line("added", line, None, new + at) for at, line in enumerate(added))
        return
    words = hunk_words(unit.old_lines, unit.new_lines)
    left = right = 0
    for one, two in (*_same(unit), (len(words.old), len(words.new))):
        yield from (_page_line("removed", words.old[at], old + at, None) for at in range(left, one))
        yield from (_page_line("added", words.new[at], None, new + at) for at in range(right, two))
        if one < len(words.old):
            yield _page_line("context", words.old[one], old + one, new + two)
        left, right = one + 1, two + 1


def _same(unit: Unit) -> list[tuple[int, int]]:
    """Places of the lines that both sides of a hunk have."""
    if not unit.old_lines or not unit.new_lines:
        return []
    old, new = [line.hex() for line in unit.old_lines], [line.hex() for line in unit.new_lines]
    return common(old, new, COMPARED_LINES) or []


def _gaps(unit: Unit) -> tuple[int, int]:
    """Lines of the base before the unit, and before what follows it."""
    first = unit.old_start - 1 if unit.old_lines else unit.old_start
    return first, first + len(unit.old_lines)


def _new_first(unit: Unit) -> int:
    return unit.new_start - 1 if unit.new_lines else unit.new_start


def _page_line(kind: LineKind, line: ShownLine, old: int | None, new: int | None) -> PageLine:
    text = line.text[:LINE_CHARS]
    spans = tuple((span.start, min(span.end, len(text))) for span in line.changed if span.start < len(text))
    left_out = len(line.text) - len(text)
    return PageLine(kind, old, new, text, line.end, line.utf8, () if kind == "context" else spans, left_out)
