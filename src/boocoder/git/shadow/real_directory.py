"""Detects a symbolic link in place of a worktree's directory."""

from __future__ import annotations

from pathlib import Path

from boocoder.errors import Conflict


def is_real_directory(path: Path) -> bool:
    """Whether a directory is at the path itself, and no symbolic link to one."""
    return path.is_dir() and not path.is_symlink()


def require_real_directory(path: Path) -> None:
    """Refuse a path at which there is no directory, or a symbolic link.

    Raises:
        Conflict: worktree_missing.
    """
    if path.is_symlink():
        text = f"A symbolic link is at {path}, where the worktree was. It is not followed."
        raise Conflict("worktree_missing", text, "Bring the worktree back: its files come from the newest snapshot.")
    if not path.is_dir():
        raise Conflict("worktree_missing", f"There is no directory {path}.")


def is_empty_directory(path: Path) -> bool:
    """Whether there is a directory at the path itself, and nothing in it."""
    return is_real_directory(path) and not any(path.iterdir())
