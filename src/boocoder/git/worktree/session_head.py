"""Moves HEAD and index of a session's worktree onto another commit; no file of the worktree is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from boocoder.errors import Conflict
from boocoder.git.shadow.private_index import drop_index
from boocoder.git.user.commit import UNDER_WAY
from boocoder.git.worktree.session_worktrees import SessionWorktrees, session_git

LEFT_REFS = "refs/boocoder/left/"  # in a session's repository: commits of the agent that its branch has left


async def move_head(worktrees: SessionWorktrees, path: Path, commit: str, *, reason: str) -> None:
    """Put the branch that is checked out in a session's worktree on a commit, and the index on the commit's tree.

    What the branch held until now stays reachable by a reference under LEFT_REFS where the commit does not contain it.

    Args:
        commit: full id of a commit in the user's repository.
        reason: for the reflog.

    Raises:
        Conflict: `git_operation_under_way`, or `index_locked`.
        GitError: git failed.
    """
    git_dir = worktrees.git_dir_of(path)
    git = session_git(git_dir)
    if any((git_dir / name).exists() for name in UNDER_WAY):
        text = f"A merge, rebase or the like is under way in {path}."
        raise Conflict("git_operation_under_way", text, "Let the agent end it.")
    await worktrees.link_objects()
    tree = (await git("rev-parse", "--verify", f"{commit}^{{tree}}")).decode().strip()
    branch = (await git.result("symbolic-ref", "-q", "HEAD")).stdout.decode("utf-8", "surrogateescape").strip()
    old = (await git.result("rev-parse", "-q", "--verify", "HEAD^{commit}")).stdout.decode().strip()
    if old and (await git.result("merge-base", "--is-ancestor", old, commit)).returncode != 0:
        await git("update-ref", f"{LEFT_REFS}{old[:12]}", old)
    expected = [old] if old else []
    await git("update-ref", "--create-reflog", "--no-deref", "-m", reason, branch or "HEAD", commit, *expected)
    await _move_index(worktrees, path, tree)


async def _move_index(worktrees: SessionWorktrees, path: Path, tree: str) -> None:
    """Under git's own lock; what the index knows of files that stay the same is kept."""
    git_dir = worktrees.git_dir_of(path)
    index, lock = git_dir / "index", git_dir / "index.lock"
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    except FileExistsError:
        text = f"Another git command holds {lock}."
        raise Conflict("index_locked", text, "Wait for it to end, or delete that file if none runs.") from None
    made = git_dir / "boocoder.index"
    try:
        if index.is_file():
            shutil.copy2(index, made)
        await worktrees.lending(git_dir)("read-tree", "--reset", "-i", tree, work_tree=path, index=made)
        made.replace(index)
    finally:
        drop_index(made)
        lock.unlink(missing_ok=True)
