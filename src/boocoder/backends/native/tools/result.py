"""Result of a tool call of the native agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from boocoder.events.agent_event import FileDiff, Location
from boocoder.events.clean_text import clean

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".tox"}
    | {".pytest_cache", ".gradle", ".idea", ".next", ".cache", "site-packages", ".eggs", ".terraform", "DerivedData"}
)
"""Folders that hold what tools made or fetched; listing and searching leave them out."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a call.

    Args:
        worked: whether it succeeded; a command that ran counts, with any exit code.
        output: text for the model.
        exit_code: of a command.
        locations, diffs: files it touched and what it changed.
        missed: an edit whose text or lines did not match.
    """

    worked: bool
    output: str
    exit_code: int | None = None
    locations: tuple[Location, ...] = ()
    diffs: tuple[FileDiff, ...] = ()
    missed: bool = False

    def cleaned(self) -> ToolResult:
        """The same in valid Unicode: files and their names may not be UTF-8."""
        return replace(
            self,
            output=clean(self.output),
            locations=tuple(msgspec.structs.replace(where, path=clean(where.path)) for where in self.locations),
            diffs=tuple(_clean_diff(diff) for diff in self.diffs),
        )


def _clean_diff(diff: FileDiff) -> FileDiff:
    old = None if diff.old_text is None else clean(diff.old_text)
    return FileDiff(clean(diff.path), old, clean(diff.new_text))


def tool_refused(text: str) -> ToolResult:
    """The result of a call that did nothing, with the reason."""
    return ToolResult(False, text)


def shorten(text: str, limit: int) -> str:
    """Shorten a text to its beginning and end, with the number of characters left out."""
    if len(text) <= limit:
        return text
    head = limit // 2
    return f"{text[:head]}\n[{len(text) - 2 * head} characters left out]\n{text[-head:]}"


def numbered(lines: Sequence[str], first: int) -> str:
    """Lines prefixed with their numbers.

    Args:
        lines: of a file.
        first: number of the first of them.
    """
    return "\n".join(f"{number}\t{line}" for number, line in enumerate(lines, start=first))
