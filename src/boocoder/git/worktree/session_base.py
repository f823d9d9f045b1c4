"""Finds how much of the user's newer work an agent has brought into its branch, by a merge, a rebase or a pull."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.git.command import Git
from boocoder.git.diff.merge import merge
from boocoder.git.project import user_git
from boocoder.git.refs import write_ref
from boocoder.git.shadow.objects import own_difference
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.head_file import read_head
from boocoder.git.worktree.session_worktrees import session_git


@dataclass(frozen=True, slots=True)
class MovedBase:
    """A newer commit of the user's that a session's branch contains.

    Args:
        commit: its full id; the user's repository may not have it yet.
        tree: what the session's change is measured against from now on.
    """

    commit: str
    tree: str


def branch_is_at(shadow: ShadowRepository, worktree: Path, commit: str) -> bool:
    """Whether a session has a commit checked out, as far as git's own files say without git."""
    return read_head(shadow.worktrees.git_dir_of(worktree)) == commit


async def moved_base(
    shadow: ShadowRepository, worktree: Path, *, commit: str, tree: str, keep: str
) -> MovedBase | None:
    """The base of a session whose branch has come to contain newer commits of the user's branch or its upstream.

    Args:
        commit: the base until now.
        tree: what the change is measured against until now; more than the commit's tree where files were copied,
            set up or applied.
        keep: reference of the shadow repository that keeps the new tree.

    Returns:
        None where the branch holds nothing newer, or the tree until now cannot be brought along.

    Raises:
        GitError: git failed.
    """
    if branch_is_at(shadow, worktree, commit):
        return None
    git_dir = shadow.worktrees.git_dir_of(worktree)
    git = session_git(git_dir)
    head = await _commit(git, "HEAD")
    if head is None or head == commit or await _commit(git, commit) is None:
        return None
    found = await _newest(git, head, commit, await _targets(shadow, git))
    if found is None:
        return None
    old_tree, new_tree = await _tree(git, commit), await _tree(git, found)
    lending = shadow.worktrees.lending(git_dir)
    merged = await merge(lending, base=old_tree, ours=tree, theirs=new_tree)
    if merged.tree is None:
        return None
    await own_difference(lending, tree, merged.tree)
    write_ref(shadow.git_dir, keep, merged.tree)
    return MovedBase(found, merged.tree)


async def _targets(shadow: ShadowRepository, git: Git) -> list[str]:
    """What the user has checked out, and what the session knows of its upstream and of the remote's main branch."""
    upstream = await user_git(shadow.checkout).result("rev-parse", "--symbolic-full-name", "@{upstream}")
    names = [upstream.stdout.decode("utf-8", "surrogateescape").strip(), "refs/remotes/origin/HEAD"]
    found = [(await shadow.head()).commit, *[await _commit(git, name) for name in names if name.startswith("refs/")]]
    return list(dict.fromkeys(one for one in found if one is not None))


async def _newest(git: Git, head: str, commit: str, targets: list[str]) -> str | None:
    """The newest merge base of HEAD with a target that is newer than the base."""
    contains_base = await _is_ancestor(git, commit, head)
    newest: str | None = None
    for target in targets:
        done = await git.result("merge-base", head, target)
        base = done.stdout.decode().strip()
        if done.returncode != 0 or base == commit:
            continue
        newer = await _is_ancestor(git, commit, base) if contains_base else not await _is_ancestor(git, base, commit)
        if newer and (newest is None or await _is_ancestor(git, newest, base)):
            newest = base
    return newest


async def _commit(git: Git, name: str) -> str | None:
    done = await git.result("rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return done.stdout.decode().strip() if done.returncode == 0 else None


async def _tree(git: Git, commit: str) -> str:
    return (await git("rev-parse", "--verify", f"{commit}^{{tree}}")).decode().strip()


async def _is_ancestor(git: Git, commit: str, other: str) -> bool:
    return (await git.result("merge-base", "--is-ancestor", commit, other)).returncode == 0
