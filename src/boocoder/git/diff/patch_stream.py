"""Parses a patch while git is still printing it, so that both processes run at once. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from boocoder.errors import GitError
from boocoder.git.diff.patch import (
    PatchedFile,
    RawChange,
    Section,
    misread,
    parse_raw,
    parse_sections,
    patched,
    sections_of,
)

_NEXT = b"\ndiff --git "  # no line of a hunk begins so: it begins with "+", "-", " " or "\\"


class PatchWatcher(Protocol):
    """Works on a patch while git still prints it."""

    def begin(self, records: Sequence[RawChange]) -> None:
        """All files that differ; git prints them before it looks into any."""
        ...

    def take(self, one: PatchedFile) -> None:
        """The next file, in the same order."""
        ...


class PatchStream:
    """Takes what `git diff-tree --raw -p -z` prints, piece by piece.

    Args:
        watcher: called with the records, and with each file as soon as it is read.
    """

    def __init__(self, watcher: PatchWatcher | None = None) -> None:
        self._watcher = watcher
        self._head: bytearray | None = bytearray()
        self._records: deque[RawChange] = deque()
        self._pieces: list[bytes] = []
        self._tail = b""
        self._sections: deque[Section] = deque()
        self._files: list[PatchedFile] = []
        self._error: GitError | None = None

    def feed(self, data: bytes) -> None:
        """Take the next piece; an error is kept for `close`."""
        try:
            if self._error is None:
                self._feed(data)
        except GitError as error:
            self._error = error

    def close(self) -> list[PatchedFile]:
        """All files, once git has ended.

        Raises:
            GitError: `diff_not_understood`.
        """
        if self._error is None and self._head:
            raise misread("no patch after the records")
        if self._error is None:
            self._take(b"".join(self._pieces))
        if self._error is not None:
            raise self._error
        if self._records or self._sections:
            raise misread(f"{len(self._records)} records without a patch, {len(self._sections)} patches too many")
        return self._files

    def _feed(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            end = self._head.find(b"\0\0")  # no field is empty
            if end < 0:
                return
            self._records.extend(parse_raw(bytes(self._head[: end + 1]))[0])
            data, self._head = bytes(self._head[end + 2 :]), None
            if self._watcher is not None:
                self._watcher.begin(tuple(self._records))
        seam = self._tail + data[: len(_NEXT)]
        self._pieces.append(data)
        self._tail = (self._tail + data)[-len(_NEXT) + 1 :] if len(data) < len(_NEXT) else data[-len(_NEXT) + 1 :]
        if _NEXT in data or _NEXT in seam:
            whole = b"".join(self._pieces)
            cut = whole.rfind(_NEXT) + 1
            self._pieces = [whole[cut:]]
            self._take(whole[:cut])

    def _take(self, patch: bytes) -> None:
        """Whole sections: hand on the files that they complete."""
        self._sections.extend(parse_sections(patch))
        while self._records and len(self._sections) >= sections_of(self._records[0]):
            raw = self._records.popleft()
            one = patched(raw, iter([self._sections.popleft() for _ in range(sections_of(raw))]))
            self._files.append(one)
            if self._watcher is not None:
                self._watcher.take(one)


def parse_patched(printed: bytes) -> list[PatchedFile]:
    """Every record with its hunks, of a diff that is there as a whole.

    Raises:
        GitError: `diff_not_understood`.
    """
    stream = PatchStream()
    stream.feed(printed)
    return stream.close()
