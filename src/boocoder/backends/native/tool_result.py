"""How a tool of the native agent ended: what the model is told and what the person sees. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from boocoder.events.agent_event import FileDiff, Location
from boocoder.events.clean_text import clean

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".tox"}
    | {".pytest_cache", ".gradle", ".idea", ".next", ".cache", "site-packages", ".eggs", ".terraform", "DerivedData"}
)
"""Folders that hold what tools made or fetched; listing and searching leave them out."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The end of a call.

    Args:
        worked: whether it did what it was told; a command that ran worked, whatever its exit code.
        output: what the model reads.
        exit_code: of a command.
        locations, diffs: files it touched and what it changed.
    """

    worked: bool
    output: str
    exit_code: int | None = None
    locations: tuple[Location, ...] = ()
    diffs: tuple[FileDiff, ...] = ()

    def cleaned(self) -> ToolResult:
        """The same in text that JSON can hold: files and their names need not be UTF-8."""
        return replace(
            self,
            output=clean(self.output),
            locations=tuple(replace(where, path=clean(where.path)) for where in self.locations),
            diffs=tuple(_clean_diff(diff) for diff in self.diffs),
        )


def _clean_diff(diff: FileDiff) -> FileDiff:
    old = None if diff.old_text is None else clean(diff.old_text)
    return FileDiff(clean(diff.path), old, clean(diff.new_text))


def refused(text: str) -> ToolResult:
    """A call that did nothing, and why."""
    return ToolResult(False, text)


def shorten(text: str, limit: int) -> str:
    """The beginning and the end of a text that is too long, with how much is left out between."""
    if len(text) <= limit:
        return text
    head = limit // 2
    return f"{text[:head]}\n[{len(text) - 2 * head} characters left out]\n{text[-head:]}"
