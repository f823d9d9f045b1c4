"""The order in which a change is written, and how much of it at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from boocoder.changes.apply.files.entries import EntryKind, PathStat
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile

BATCH_FILES = 2_000  # staged at a time, so that each path is looked at shortly before it is written
_ATTRIBUTES = b".gitattributes"


def in_order(steps: Iterable[ChangedFile]) -> list[ChangedFile]:
    """Deletions first and from the deepest, then writing; what rules how files are read comes last.

    A deletion makes room where a file and a directory change places. Attributes stay as they were until every
    other file is written, so that after a crash git still reads an unwritten file as before.
    """
    listed = list(steps)
    written = {step.path for step in listed if step.new_mode != NO_MODE}
    deleted = [step for step in listed if step.new_mode == NO_MODE]
    late_paths = {step.path for step in deleted if _rules(step.path) and not _any_above(step.path, written)}
    early = [step for step in deleted if step.path not in late_paths]
    late = [step for step in deleted if step.path in late_paths]
    puts = [step for step in listed if step.new_mode != NO_MODE and not _rules(step.path)]
    rules = [step for step in listed if step.new_mode != NO_MODE and _rules(step.path)]
    return [
        *sorted(early, key=lambda step: step.path, reverse=True),
        *sorted(puts, key=lambda step: step.path),
        *sorted(rules, key=lambda step: step.path),
        *sorted(late, key=lambda step: step.path, reverse=True),
    ]


def batches(steps: Sequence[ChangedFile]) -> Iterator[Sequence[ChangedFile]]:
    """Runs of deletions, and of files to write; a file is staged only when what makes room for it is done."""
    start = 0
    for at, step in enumerate(steps):
        changes_kind = at > start and (step.new_mode == NO_MODE) != (steps[start].new_mode == NO_MODE)
        if changes_kind or at - start == BATCH_FILES:
            yield steps[start:at]
            start = at
    yield steps[start:]


def new_directories(steps: Iterable[ChangedFile], found: Mapping[bytes, PathStat]) -> dict[bytes, list[ChangedFile]]:
    """The new files below each topmost directory that is not there yet, where all that the change has below it is new.

    Args:
        steps: those that are still to be written.
        found: what was seen at the path of every step.
    """
    below: dict[bytes, list[ChangedFile]] = {}
    mixed: set[bytes] = set()
    for step in steps:
        seen = found[step.path]
        if seen.above and seen.kind is EntryKind.ABSENT:
            below.setdefault(seen.above, []).append(step)
            if step.old_mode != NO_MODE:
                mixed.add(seen.above)
    return {directory: listed for directory, listed in below.items() if directory not in mixed}


def _rules(path: bytes) -> bool:
    return path.rpartition(b"/")[2] == _ATTRIBUTES


def _any_above(path: bytes, among: Collection[bytes]) -> bool:
    parts = path.split(b"/")
    return any(b"/".join(parts[:count]) in among for count in range(1, len(parts)))
