"""Reads what `git diff-tree --raw -p -z` printed, by counting lines. Pure.

Its values are tuples: a change of a thousand files has many thousands of them, and they are made in half the time.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Literal, NamedTuple

from boocoder.errors import GitError

PatchStatus = Literal["A", "M", "D", "T", "R"]

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_SECTION = b"diff --git "
_MINUS, _PLUS, _BACKSLASH = b"-+\\"
_FIRST = itemgetter(0)


class Hunk(NamedTuple):
    """Lines that take the place of others.

    Args:
        old_start, new_start: 1-based first line; of an empty side the line before it, as git counts.
        old_lines, new_lines: with their line ends; both hold the unchanged lines inside the hunk.
        additions, deletions: lines without the unchanged ones.
        same: the unchanged lines: (place in `old_lines`, place in `new_lines`), rising.
    """

    old_start: int
    old_lines: tuple[bytes, ...]
    new_start: int
    new_lines: tuple[bytes, ...]
    additions: int
    deletions: int
    same: tuple[tuple[int, int], ...] = ()


class RawChange(NamedTuple):
    """One record of the difference between two trees.

    Args:
        path: new path; the old one of a deleted file.
        old_path: where a renamed file was; else None.
        status: A added, M modified, D deleted, T changed its type, R renamed.
        old_mode, new_mode: as git writes them; "000000" where there is no file.
        old_id, new_id: ids of the contents; all zeros where there is no file.
    """

    path: bytes
    old_path: bytes | None
    status: PatchStatus
    old_mode: str
    new_mode: str
    old_id: str
    new_id: str

    @property
    def base_path(self) -> bytes:
        """Its path in the base; of an added file the new one."""
        return self.path if self.old_path is None else self.old_path


class PatchedFile(NamedTuple):
    """A record with its hunks.

    Args:
        raw: the record.
        hunks: empty where git showed no lines, and where the type changed.
        binary: git said that the contents are binary.
    """

    raw: RawChange
    hunks: tuple[Hunk, ...] = ()
    binary: bool = False


def parse_raw(printed: bytes) -> tuple[list[RawChange], int]:
    """The records at the beginning, and where the patch after them begins."""
    records: list[RawChange] = []
    at = 0
    while printed[at : at + 1] == b":":
        end = printed.index(b"\0", at)
        old_mode, new_mode, old_id, new_id, letter_text = printed[at + 1 : end].decode("ascii").split(" ")
        status = _status(letter_text[:1])
        at, end = end + 1, printed.index(b"\0", end + 1)
        path, old_path = printed[at:end], None
        if status == "R":
            at, end = end + 1, printed.index(b"\0", end + 1)
            path, old_path = printed[at:end], path
        records.append(RawChange(path, old_path, status, old_mode, new_mode, old_id, new_id))
        at = end + 1
    return records, at + 1


def _status(letter: str) -> PatchStatus:
    match letter:
        case "A" | "M" | "D" | "T" | "R":
            return letter
        case _:
            raise misread(f"the status {letter!r}")


Section = tuple[tuple[Hunk, ...], bool]


def parse_sections(patch: bytes) -> Iterator[Section]:
    """The hunks of each file of a patch, and whether git called it binary.

    Args:
        patch: whole sections, each from its "diff --git" on.

    Raises:
        GitError: `diff_not_understood`.
    """
    reader = _PatchReader(io.BytesIO(patch).readlines())
    while reader.more():
        yield reader.section()


def patched(raw: RawChange, sections: Iterator[Section]) -> PatchedFile:
    """A record with the sections that belong to it."""
    try:
        hunks, binary = next(sections)
        if raw.status == "T":  # git shows one file deleted and another one added
            next(sections)
            return PatchedFile(raw)
    except StopIteration:
        raise misread(f"nothing of {raw.path!r}") from None
    return PatchedFile(raw, hunks, binary)


def sections_of(raw: RawChange) -> int:
    """How many sections git prints for a record."""
    return 2 if raw.status == "T" else 1


class _PatchReader:
    """Goes through a patch line by line.

    Args:
        lines: with their line ends; only LF ends one.
    """

    def __init__(self, lines: Sequence[bytes]) -> None:
        self._lines = lines
        self._at = 0

    def more(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._lines)

    def section(self) -> Section:
        """One file: its hunks, and whether it is binary."""
        lines, count = self._lines, len(self._lines)
        if not lines[self._at].startswith(_SECTION):
            raise misread(f"{lines[self._at][:80]!r} instead of a file")
        binary = False
        self._at += 1
        if lines[self._at + 3 : self._at + 4] and lines[self._at + 3].startswith(b"@@ -"):
            self._at += 3  # what nearly every file has: its ids and its two names
        while self._at < count and not lines[self._at].startswith((b"@@ -", _SECTION)):
            binary = binary or lines[self._at].startswith(b"Binary files ")
            self._at += 1
        hunks: list[Hunk] = []
        while self._at < count and lines[self._at].startswith(b"@@ -"):
            hunks.append(self._hunk())
        return tuple(hunks), binary

    def _hunk(self) -> Hunk:
        found = _HUNK.match(self._lines[self._at])
        if found is None:
            raise misread(f"{self._lines[self._at][:80]!r} instead of a hunk")
        first, old_text, start, new_text = found.groups()
        old_count = 1 if old_text is None else int(old_text)
        new_count = 1 if new_text is None else int(new_text)
        self._at += 1
        return self._plain(int(first), old_count, int(start), new_count) or self._mixed(
            int(first), old_count, int(start), new_count
        )

    def _plain(self, old_start: int, old_count: int, new_start: int, new_count: int) -> Hunk | None:
        """A hunk of removed and then added lines, all of them whole; this is nearly every one."""
        middle = self._at + old_count
        end = middle + new_count
        old, new = self._lines[self._at : middle], self._lines[middle:end]
        if end < len(self._lines) and self._lines[end][0] == _BACKSLASH:
            return None
        if len(new) < new_count or not {*map(_FIRST, old)} <= {_MINUS} or not {*map(_FIRST, new)} <= {_PLUS}:
            return None
        self._at = end
        removed, added = tuple([line[1:] for line in old]), tuple([line[1:] for line in new])
        return Hunk(old_start, removed, new_start, added, new_count, old_count)

    def _mixed(self, old_start: int, old_count: int, new_start: int, new_count: int) -> Hunk:
        """A hunk with unchanged lines, or with a last line that has no line end."""
        old: list[bytes] = []
        new: list[bytes] = []
        same: list[tuple[int, int]] = []
        while len(old) < old_count or len(new) < new_count:
            text, sides = self._line()
            if sides == 3:
                same.append((len(old), len(new)))
            if sides & 1:
                old.append(text)
            if sides & 2:
                new.append(text)
        if len(old) != old_count or len(new) != new_count:
            raise misread(f"a hunk with {len(old)} and {len(new)} lines instead of {old_count} and {new_count}")
        added, deleted = new_count - len(same), old_count - len(same)
        return Hunk(old_start, tuple(old), new_start, tuple(new), added, deleted, tuple(same))

    def _line(self) -> tuple[bytes, int]:
        """One line of a hunk, and whether it is in the old (1), the new (2), or both (3)."""
        line = b"".join(self._lines[self._at : self._at + 1])
        sides = {b"-": 1, b"+": 2, b" ": 3}.get(line[:1])
        if sides is None:
            raise misread(f"{line[:80]!r} inside a hunk")
        self._at += 1
        text = line[1:]
        if self._at < len(self._lines) and self._lines[self._at][0] == _BACKSLASH:  # "\ No newline at end of file"
            self._at += 1
            text = text[:-1]
        return text, sides


def misread(what: str) -> GitError:
    """The error of a diff that is not as git prints them."""
    return GitError("diff_not_understood", f"git's diff was not understood: it holds {what}.", "Report this.")
