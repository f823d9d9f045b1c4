"""Prepares a session's repository on a host that goes on with it, and keeps what an earlier time left there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from boocoder.git.project import Checkout
from boocoder.git.shadow.private_index import drop_index
from boocoder.git.worktree.linked import remove_files
from boocoder.git.worktree.session_repository import make_git_directory, place_git_file, read_template
from boocoder.git.worktree.session_worktrees import SessionWorktrees
from boocoder.model.ids import new_id

KEPT = ".kept-"  # in the name of a worktree that the session no longer uses


async def begin_repository(
    worktrees: SessionWorktrees, checkout: Checkout, path: Path, *, commit: str, branch: str
) -> Path | None:
    """Make the repository of a session whose worktree is yet to be made, with HEAD on a branch at a commit.

    Args:
        path: of the worktree. What is there is of an earlier time of the session on this host, and is kept under
            another name with its repository.
        commit: full id; in the project's object store.
        branch: as for `SessionWorktrees.add`.

    Returns:
        Where the earlier worktree is now; None if there was none.

    Raises:
        GitError: git failed.
    """
    git_dir = worktrees.git_dir_of(path)
    kept = await asyncio.to_thread(_set_aside, path, git_dir, worktrees.seed_of(path))
    await worktrees.link_objects()
    template = await read_template(checkout, excludes=worktrees.excludes)
    await asyncio.to_thread(make_git_directory, git_dir, template, branch=template.branch(branch), commit=commit)
    return kept


async def drop_repository(worktrees: SessionWorktrees, path: Path, kept: Path | None) -> None:
    """Remove the repository that `begin_repository` made for nothing, and put back what it kept.

    Args:
        kept: what it returned.
    """
    await asyncio.to_thread(_put_back, path, worktrees.git_dir_of(path), kept)


def _put_back(path: Path, git_dir: Path, kept: Path | None) -> None:
    remove_files(git_dir)
    if kept is None or os.path.lexists(path):
        return
    kept.rename(path)
    kept_git_dir = git_dir.with_name(kept.name)
    if kept_git_dir.is_dir():
        kept_git_dir.rename(git_dir)
        if path.is_dir() and not path.is_symlink():
            place_git_file(path, git_dir)


def _set_aside(path: Path, git_dir: Path, seed: Path) -> Path | None:
    name = f"{path.name}{KEPT}{new_id().hex[-8:]}"
    kept, kept_git_dir = path.with_name(name), git_dir.with_name(name)
    drop_index(seed)
    if git_dir.exists():
        git_dir.rename(kept_git_dir)
    if not os.path.lexists(path):
        return None
    path.rename(kept)
    if kept_git_dir.is_dir() and kept.is_dir() and not kept.is_symlink():
        place_git_file(kept, kept_git_dir)
    return kept
