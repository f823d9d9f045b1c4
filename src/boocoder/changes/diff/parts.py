"""Splits units into parts: at unchanged lines, or where a person selected lines. Pure.

A part is a run of neighbouring lines of a unit, in git's order. It takes lines of the base's place as a unit does, so
its identity is that of a unit. Which parts a person made is kept by content (`PartRow`), not by the unit that they were
cut from: after the agent's next turn each part is found again where its lines still exist, and what lies between is
new.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from boocoder.changes.diff.hunks import hunk_id
from boocoder.changes.diff.model import ID_DIGITS, FileChange, Unit, UnitKind
from boocoder.db.files.review_parts import PartRow

FIRST_DIGITS = 8  # of a line's hash; it only spares most comparisons
PLACES_MAX = 64  # places compared for one part, of those that begin with its first line

_CONTEXT, _REMOVED, _ADDED = b" -+"


@dataclass(frozen=True, slots=True)
class LineSpan:
    """Selected lines: 1-based numbers of one side of the file, both included; `old` lines are removed ones."""

    old: bool
    first: int
    last: int


_Run = tuple[int, int]  # rows of a unit, from one up to another


class UnitRows:
    """The lines of a unit in git's order: removed lines, then added ones, unchanged ones between the edits.

    Args:
        unit: a hunk.
    """

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        kinds = bytearray()
        left = right = 0
        for one, two in (*unit.same, (len(unit.old_lines), len(unit.new_lines))):
            kinds += b"-" * (one - left) + b"+" * (two - right) + b" "
            left, right = one + 1, two + 1
        self.kinds = bytes(kinds[:-1])
        self.old, self.new = [0], [0]  # lines of each side before a row
        for kind in self.kinds:
            self.old.append(self.old[-1] + (kind != _ADDED))
            self.new.append(self.new[-1] + (kind != _REMOVED))
        self._both = [one + two for one, two in zip(self.old, self.new, strict=True)]
        self._added: dict[str, list[int]] | None = None

    def edits(self) -> list[_Run]:
        """The runs of changed lines between unchanged ones."""
        runs: list[_Run] = []
        start = 0
        for place in range(len(self.kinds) + 1):
            if place == len(self.kinds) or self.kinds[place] == _CONTEXT:
                runs += [(start, place)] if place > start else []
                start = place + 1
        return runs

    def selected(self, spans: Iterable[LineSpan]) -> set[int]:
        """The changed rows with these line numbers."""
        first_old, first_new = _gap(self.unit.old_start, self.unit.old_lines), _new_gap(self.unit)
        found: set[int] = set()
        for span in spans:
            counts, base, kind = (self.old, first_old, _REMOVED) if span.old else (self.new, first_new, _ADDED)
            begin = bisect_left(counts, span.first - 1 - base)
            end = bisect_right(counts, span.last - 1 - base)
            found.update(row for row in range(begin, min(end, len(self.kinds))) if self.kinds[row] == kind)
        return found

    def runs(self, selected: Collection[int]) -> list[tuple[_Run, bool]]:
        """Changed rows as runs that are selected as a whole, or not at all."""
        runs: list[tuple[_Run, bool]] = []
        for row, kind in enumerate(self.kinds):
            if kind == _CONTEXT:
                continue
            taken = row in selected
            if runs and runs[-1][1] == taken:
                runs[-1] = (runs[-1][0][0], row + 1), taken
            else:
                runs.append(((row, row + 1), taken))
        return runs

    def cut(self, run: _Run, base_path: bytes) -> Unit:
        """A run as a unit, with the id of its content."""
        first, last = run
        unit, left, right = self.unit, self.old[first], self.new[first]
        old, new = unit.old_lines[left : self.old[last]], unit.new_lines[right : self.new[last]]
        old_gap, new_gap = _gap(unit.old_start, unit.old_lines) + left, _new_gap(unit) + right
        old_start, new_start = old_gap + bool(old), new_gap + bool(new)
        same = tuple((one - left, two - right) for one, two in unit.same if left <= one < left + len(old))
        name = hunk_id(base_path, old_start, old, new)
        return Unit(name, UnitKind.HUNK, unit.path, old_start, old, new_start, new, same, unit.part_of or unit.id)

    def find(self, key: PartRow, taken: bytearray) -> _Run | None:
        """Where the lines of a part still are; `taken` rows belong to other parts."""
        tried = 0
        for row in self._begins(key):
            if taken[row]:
                continue
            end = bisect_left(self._both, self._both[row] + key.old_count + key.new_count)
            if not self._is_run(row, end, key) or 1 in taken[row:end]:
                continue
            if self.cut((row, end), key.base_path).id == key.content_id:
                return row, end
            tried += 1
            if tried == PLACES_MAX:
                break
        return None

    def _begins(self, key: PartRow) -> Iterator[int]:
        """Changed rows at the part's place in the base that begin with its first line."""
        gap = key.old_start - bool(key.old_count) - _gap(self.unit.old_start, self.unit.old_lines)
        first, last = bisect_left(self.old, gap), min(bisect_right(self.old, gap), len(self.kinds))
        if not key.old_count:
            rows = self._added_rows().get(key.first, [])
            yield from rows[bisect_left(rows, first) : bisect_left(rows, last)]
        elif gap < len(self.unit.old_lines) and _first_of(self.unit.old_lines[gap]) == key.first:
            yield from range(first, last)

    def _added_rows(self) -> dict[str, list[int]]:
        if self._added is None:
            self._added = {}
            for row, kind in enumerate(self.kinds):
                if kind == _ADDED:
                    self._added.setdefault(_first_of(self.unit.new_lines[self.new[row]]), []).append(row)
        return self._added

    def _is_run(self, row: int, end: int, key: PartRow) -> bool:
        if end >= len(self.old) or _CONTEXT in (self.kinds[row], self.kinds[end - 1]):
            return False
        return self.old[end] - self.old[row] == key.old_count and self.new[end] - self.new[row] == key.new_count


def with_parts(files: Sequence[FileChange], keys: Collection[PartRow]) -> tuple[FileChange, ...]:
    """The files of a change with the units that a person split in parts.

    Args:
        files: as `structured_diff` gave them.
        keys: of all parts that the session has, in any order.
    """
    by_path: dict[bytes, list[PartRow]] = {}
    for key in sorted(keys, key=lambda one: (one.old_start, one.place)):
        by_path.setdefault(key.base_path, []).append(key)
    return tuple(_with_parts(file, by_path.get(file.base_path, ())) for file in files)


def _with_parts(file: FileChange, keys: Sequence[PartRow]) -> FileChange:
    if not keys:
        return file
    units: list[Unit] = []
    for unit in file.units:
        near = [key for key in keys if unit.kind is UnitKind.HUNK and _inside(key, unit)]
        units += _parts(unit, file.base_path, near) if near else (unit,)
    return replace(file, units=tuple(units))


def _inside(key: PartRow, unit: Unit) -> bool:
    start, gap = _gap(unit.old_start, unit.old_lines), key.old_start - bool(key.old_count)
    return start <= gap and gap + key.old_count <= start + len(unit.old_lines)


def _parts(unit: Unit, base_path: bytes, keys: Sequence[PartRow]) -> tuple[Unit, ...]:
    rows = UnitRows(unit)
    taken = bytearray(len(rows.kinds))
    found: list[_Run] = []
    for key in keys:
        run = rows.find(key, taken)
        if run is not None:
            found.append(run)
            taken[run[0] : run[1]] = b"\1" * (run[1] - run[0])
    if not found:
        return (unit,)
    between = _between(sorted(found), len(rows.kinds))
    rest = [run for gap in between if (run := _trimmed(rows, gap)) is not None]
    runs = sorted((*found, *rest))
    return (unit,) if len(runs) == 1 else numbered([rows.cut(run, base_path) for run in runs])


def _between(runs: Sequence[_Run], count: int) -> Iterator[_Run]:
    last = 0
    for first, end in (*runs, (count, count)):
        if first > last:
            yield last, first
        last = end


def _trimmed(rows: UnitRows, run: _Run) -> _Run | None:
    """A run without unchanged lines at its ends; None if it has no other."""
    first, last = run
    while first < last and rows.kinds[first] == _CONTEXT:
        first += 1
    while last > first and rows.kinds[last - 1] == _CONTEXT:
        last -= 1
    return (first, last) if first < last else None


def split_at_unchanged(unit: Unit, base_path: bytes) -> tuple[Unit, ...]:
    """The parts of a unit between unchanged lines; the unit alone if it has none inside."""
    rows = UnitRows(unit)
    runs = rows.edits()
    return (unit,) if len(runs) < 2 else tuple(rows.cut(run, base_path) for run in runs)


def split_by_lines(unit: Unit, base_path: bytes, spans: Iterable[LineSpan]) -> tuple[tuple[Unit, bool], ...]:
    """The parts of a unit, and whether they are selected; the unit alone if all or none of its lines are."""
    rows = UnitRows(unit)
    runs = rows.runs(rows.selected(spans))
    if len(runs) < 2:
        return tuple((unit, taken) for _, taken in runs)
    return tuple((rows.cut(run, base_path), taken) for run, taken in runs)


def splittable(unit: Unit) -> bool:
    """Whether a unit has more than one changed line."""
    return unit.kind is UnitKind.HUNK and len(unit.old_lines) + len(unit.new_lines) - 2 * len(unit.same) > 1


def numbered(units: Iterable[Unit]) -> tuple[Unit, ...]:
    """Parts with different ids: those that insert the same lines at the same place are distinguished by their order."""
    seen: Counter[str] = Counter()
    made: list[Unit] = []
    for unit in units:
        count, seen[unit.id] = seen[unit.id], seen[unit.id] + 1
        name = sha256(b"%s %d" % (unit.id.encode(), count)).hexdigest()[:ID_DIGITS] if count else unit.id
        made.append(replace(unit, id=name))
    return tuple(made)


def part_row(part: Unit, base_path: bytes, place: int) -> PartRow:
    """How a part is found again; `part` as `numbered` gave it, and its order in the file."""
    first = (part.old_lines or part.new_lines)[0]
    return PartRow(
        unit_id=part.id,
        content_id=hunk_id(base_path, part.old_start, part.old_lines, part.new_lines),
        base_path=base_path,
        old_start=part.old_start,
        old_count=len(part.old_lines),
        new_count=len(part.new_lines),
        first=_first_of(first),
        place=place,
    )


def _first_of(line: bytes) -> str:
    return sha256(line).hexdigest()[:FIRST_DIGITS]


def _gap(start: int, lines: Sequence[bytes]) -> int:
    """How many lines precede a place that git counts."""
    return start - 1 if lines else start


def _new_gap(unit: Unit) -> int:
    return _gap(unit.new_start, unit.new_lines)
