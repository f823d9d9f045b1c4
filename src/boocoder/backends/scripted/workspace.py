"""The scripted agent's file tools, confined to the worktree; they report errors instead of raising."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.events.agent_event import FileDiff

READ_MAX_CHARS = 100_000  # of a file's text as a tool's output


@dataclass(frozen=True, slots=True)
class FileResult:
    """How a file tool ended.

    Args:
        worked: whether it succeeded.
        output: what the agent sees, or why it did not work.
        diff: what it changed, if anything.
    """

    worked: bool
    output: str
    diff: FileDiff | None = None


class ScriptedFiles:
    """The files of one worktree.

    Args:
        root: absolute path of the worktree.
    """

    def __init__(self, *, root: Path) -> None:
        self._root = root

    def write(self, path: str, content: str) -> FileResult:
        """Make or replace a text file, and the directories above it."""
        target = self._inside(path)
        if target is None:
            return _outside(path)
        try:
            before = _text(target) if target.exists() else None
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8", newline="")
        except (OSError, ValueError) as error:
            return FileResult(False, f"Cannot write {path}: {error}")
        return FileResult(True, f"Wrote {path}.", FileDiff(path, before, content))

    def edit(self, path: str, old: str, new: str) -> FileResult:
        """Replace the first occurrence of `old`."""
        target = self._inside(path)
        if target is None:
            return _outside(path)
        try:
            before = _text(target)
        except (OSError, ValueError) as error:
            return FileResult(False, f"Cannot read {path}: {error}")
        if not old or old not in before:
            return FileResult(False, f"{old!r} is not in {path}.")
        return self.write(path, before.replace(old, new, 1))

    def read(self, path: str) -> FileResult:
        """The text of a file."""
        target = self._inside(path)
        if target is None:
            return _outside(path)
        try:
            return FileResult(True, _text(target)[:READ_MAX_CHARS])
        except (OSError, ValueError) as error:
            return FileResult(False, f"Cannot read {path}: {error}")

    def _inside(self, path: str) -> Path | None:
        root = self._root.resolve()
        try:
            target = (root / path).resolve()
        except (OSError, ValueError, RuntimeError):
            return None
        return target if target != root and target.is_relative_to(root) else None


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def _outside(path: str) -> FileResult:
    return FileResult(False, f"{path!r} is not a file inside the worktree.")
