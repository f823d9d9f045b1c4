"""Replaces lines of a content, byte by byte."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from typing import Protocol


class LineEdit(Protocol):
    """Lines of the base and what takes their place, as git counts them."""

    @property
    def old_start(self) -> int: ...
    @property
    def old_lines(self) -> tuple[bytes, ...]: ...
    @property
    def new_lines(self) -> tuple[bytes, ...]: ...


def splice(old: bytes, edits: Iterable[LineEdit], *, whole_lines: bool = False) -> bytes | None:
    """The content after the edits.

    Args:
        old: the base's content.
        edits: in the order of their places.
        whole_lines: end each line but the last; without it a last line that has no end may be followed by another
            one where only some edits of a unit are taken.

    Returns:
        None if an edit does not fit: its old lines differ from the content, or it overlaps the one before.
    """
    lines = io.BytesIO(old).readlines()  # only LF ends a line
    made: list[bytes] = []
    at = 0
    for edit in edits:
        start = edit.old_start - 1 if edit.old_lines else edit.old_start
        end = start + len(edit.old_lines)
        if start < at or end > len(lines) or tuple(lines[start:end]) != edit.old_lines:
            return None
        made += lines[at:start]
        made += edit.new_lines
        at = end
    made += lines[at:]
    if whole_lines:
        made[:-1] = [line if line.endswith(b"\n") else line + b"\n" for line in made[:-1]]
    return b"".join(made)


def blob_id(content: bytes, like: str) -> str:
    """The id that git gives to a content.

    Args:
        content: all of it.
        like: an id of the same repository: 40 digits for SHA-1, 64 for SHA-256.
    """
    made = hashlib.sha1(usedforsecurity=False) if len(like) == 40 else hashlib.sha256()
    made.update(b"blob %d\0" % len(content))
    made.update(content)
    return made.hexdigest()
