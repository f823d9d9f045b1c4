"""Files that an agent may write unasked: those of its worktree, reviewed before they reach the checkout."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def are_own_files(worktree: Path, paths: Iterable[str]) -> bool:
    """Whether all paths are ordinary files of the worktree, also behind symbolic links; False without any path.

    Hidden ones are not: git's data and the settings of agents and editors can make other programs run.

    Args:
        paths: absolute, or relative to the worktree.
    """
    root = worktree.resolve()
    found = [(root / path).resolve() for path in paths if path]
    return bool(found) and all(_is_ordinary(path, root) for path in found)


def _is_ordinary(path: Path, root: Path) -> bool:
    if not path.is_relative_to(root) or path == root:
        return False
    return not any(part.startswith(".") for part in path.relative_to(root).parts)
