"""A worktree that is about to go stands beside its place first, so that what is looked at is what will be deleted."""

from __future__ import annotations

from pathlib import Path

from boocoder.model.ids import new_id


def hidden_path(worktree: Path) -> Path:
    """Where a worktree stands between its last look and its deletion."""
    return worktree.with_name(f".{worktree.name}.going")


def unhide(worktree: Path) -> None:
    """Put a worktree back whose removal was cut short while it was hidden. Harmless otherwise."""
    hidden = hidden_path(worktree)
    if hidden.is_dir() and not worktree.exists():
        hidden.rename(worktree)


def give_up(worktree: Path) -> None:
    """Give a hidden worktree the name under which `git.linked_worktree` deletes what is left of one."""
    hidden = hidden_path(worktree)
    if hidden.is_dir():
        hidden.rename(worktree.with_name(f".{worktree.name}-{new_id().hex}"))
