"""Moves HEAD and index of a session's worktree onto another commit; no file of the worktree is touched."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from boocoder.errors import Conflict, GitError
from boocoder.git.shadow.private_index import temporary_index
from boocoder.git.user.commit import UNDER_WAY
from boocoder.git.worktree.session_worktrees import SessionWorktrees, session_git

LEFT_REFS = "refs/boocoder/left/"  # in a session's repository: commits of the agent that its branch has left
STASH = "refs/stash"  # git puts there what a rebase has stashed by itself


async def has_commit(worktrees: SessionWorktrees, path: Path, commit: str) -> bool:
    """Whether a commit is in a session's repository, or in what the user's lends it."""
    await worktrees.link_objects()
    done = await session_git(worktrees.git_dir_of(path)).result("cat-file", "-e", f"{commit}^{{commit}}")
    return done.returncode == 0


async def end_operation(worktrees: SessionWorktrees, path: Path) -> str | None:
    """End a merge, rebase or the like that is under way in a session's worktree; no file of the worktree is touched.

    A rebased branch is checked out again as it was before; what the rebase came to stays reachable under LEFT_REFS.

    Returns:
        What was under way, such as "a merge"; None for nothing.

    Raises:
        Conflict: `index_locked`.
        GitError: git failed, or `worktree_not_itself`.
    """
    git_dir = worktrees.git_dir_of(path)
    found = [what for name, what in UNDER_WAY.items() if (git_dir / name).exists()]
    if not found:
        return None
    _require_plain(git_dir, STASH, *UNDER_WAY)  # git deletes the folders of operations, and what a link to one holds
    git = worktrees.writing_git(git_dir)
    rebased = [git_dir / name for name in ("rebase-merge", "rebase-apply")]
    branch = next((_read_name(one / "head-name") for one in rebased if (one / "head-name").is_file()), "")
    if any(one.exists() for one in rebased):
        applying = (git_dir / "rebase-apply" / "applying").exists()
        await git("am" if applying else "rebase", "--quit", cwd=path)
    await git("cherry-pick", "--quit", cwd=path)  # of a merge and a revert as well
    if branch and (await git.result("rev-parse", "-q", "--verify", f"{branch}^{{commit}}")).returncode == 0:
        head = (await git("rev-parse", "--verify", "HEAD^{commit}")).decode().strip()
        await git("update-ref", f"{LEFT_REFS}{head[:12]}", head)
        await git("symbolic-ref", "-m", "boocoder: a rebase was ended", "HEAD", branch)
    tree = await worktrees.head_tree(git_dir)
    if tree is not None:
        await _move_index(worktrees, path, tree)
    return found[0]


def _read_name(file: Path) -> str:
    """The full name of the branch that is being rebased; "" for none."""
    name = os.fsdecode(file.read_bytes()[:4096]).strip()
    return name if name.startswith("refs/heads/") else ""


async def move_head(worktrees: SessionWorktrees, path: Path, commit: str, *, reason: str) -> None:
    """Put the branch that is checked out in a session's worktree on a commit, and the index on the commit's tree.

    What the branch held until now stays reachable by a reference under LEFT_REFS where the commit does not contain it.

    Args:
        commit: full id of a commit in the user's repository.
        reason: for the reflog.

    Raises:
        Conflict: `git_operation_under_way`, or `index_locked`.
        GitError: git failed, or `worktree_not_itself`.
    """
    git_dir = worktrees.git_dir_of(path)
    git = worktrees.writing_git(git_dir)
    if any((git_dir / name).exists() for name in UNDER_WAY):
        text = f"A merge, rebase or the like is under way in {path}."
        raise Conflict("git_operation_under_way", text, "Let the agent end it.")
    await worktrees.link_objects()
    tree = (await git("rev-parse", "--verify", f"{commit}^{{tree}}")).decode().strip()
    branch = (await git.result("symbolic-ref", "-q", "HEAD")).stdout.decode("utf-8", "surrogateescape").strip()
    _require_plain(git_dir, branch or "HEAD")
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
    try:
        # In the shadow repository, out of the agent's reach: git and we would follow a link that it puts in the way.
        with temporary_index(git_dir.parents[1]) as made:
            _copy_plain(index, made)
            await worktrees.lending(git_dir)("read-tree", "--reset", "-i", tree, work_tree=path, index=made)
            made.replace(index)
    finally:
        lock.unlink(missing_ok=True)


def _copy_plain(source: Path, target: Path) -> None:
    """Copy a file with its time, which git needs to find edits of the same second; no link, and nothing else."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode):
            with target.open("xb") as copy:
                shutil.copyfileobj(file, copy)
            os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _require_plain(git_dir: Path, *names: str) -> None:
    """Check that git writes references and other files, and their logs, into the session's own repository.

    Args:
        names: beside HEAD and those under LEFT_REFS.

    Raises:
        GitError: `worktree_not_itself`, a link that an agent has put there leads elsewhere.
    """
    named = [part for name in ("HEAD", *names, f"{LEFT_REFS}x") for part in (Path(name), *Path(name).parents)]
    for part in dict.fromkeys(named):
        for path in (git_dir / part, git_dir / "logs" / part):
            if path.is_symlink():
                text = f"{path} is a link: git would write where it leads."
                raise GitError("worktree_not_itself", text, "Delete the link, or have the agent do it.")
