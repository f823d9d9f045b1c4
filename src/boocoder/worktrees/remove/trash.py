"""Renames a worktree aside before deleting it, so that the final check inspects exactly what gets deleted."""

from __future__ import annotations

from pathlib import Path

from boocoder.model.ids import new_id


def trash_path(worktree: Path) -> Path:
    """The path of a worktree between its last check and its deletion."""
    return worktree.with_name(f".{worktree.name}.going")


def restore_from_trash(worktree: Path) -> None:
    """Put a worktree back whose removal was cut short while it was hidden. Harmless otherwise."""
    hidden = trash_path(worktree)
    if hidden.is_dir() and not worktree.exists():
        hidden.rename(worktree)


def discard_trash(worktree: Path) -> None:
    """Give a hidden worktree the name under which `git.worktree.linked` deletes what is left of one."""
    hidden = trash_path(worktree)
    if hidden.is_dir():
        hidden.rename(worktree.with_name(f".{worktree.name}-{new_id().hex}"))
