"""Helps a model that fails twice in a row at the same thing, with the file or a valid call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from boocoder.backends.native.model.tool_calls import InvalidCall, ValidCall, example
from boocoder.backends.native.tools.arguments import TOOLS, EditArguments
from boocoder.backends.native.tools.files import text_of
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.path_policy import ResolvedPath, resolve_path
from boocoder.backends.native.tools.result import ToolResult

FAILURES = 2  # in a row of one tool at one place
FILE_MAX_CHARS = 6_000  # of a file that is given whole; a small model writes no longer one anyway


class RepairHints:
    """Tracks the failures of a turn.

    Args:
        known: records what the model has seen.
    """

    def __init__(self, *, known: KnownFiles) -> None:
        self._known = known
        self._failing = ("", "")
        self._times = 0

    def extend(self, call: ValidCall | InvalidCall, result: ToolResult, worktree: Path) -> ToolResult:
        """The result of a call, with a hint if the same thing failed before."""
        path = call.args.path if isinstance(call, ValidCall) and isinstance(call.args, EditArguments) else ""
        failing = (call.name, path)
        if result.worked:
            self._times = 0 if failing == self._failing else self._times
            return result
        self._times = self._times + 1 if failing == self._failing else 1
        self._failing = failing
        if self._times < FAILURES:
            return result
        hint = self._edit_hint(worktree, path) if result.missed else self._call_hint(call)
        return replace(result, output=f"{result.output}\n\n{hint}") if hint else result

    def _edit_hint(self, worktree: Path, path: str) -> str:
        place = resolve_path(worktree, path)
        text = text_of(place) if isinstance(place, ResolvedPath) else ""
        if not isinstance(place, ResolvedPath) or not isinstance(text, str):
            return ""
        if len(text) > FILE_MAX_CHARS:
            return f"{self._times} edits of {place.shown} did not fit. Read the lines that you mean, and copy them."
        self._known.show(place.path, text)
        return (
            f"{self._times} edits of {place.shown} did not fit. Send one call of write with path and the whole new "
            f"content instead. The file holds now:\n{text}"
        )

    def _call_hint(self, call: ValidCall | InvalidCall) -> str:
        if isinstance(call, ValidCall) or call.name not in TOOLS:
            return ""
        return (
            f"This failed {self._times} times. Send one call of {call.name} alone, with arguments of exactly this "
            f"form: {example(call.name)}"
        )
