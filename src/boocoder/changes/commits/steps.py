"""Writes a row of commits into the user's repository; no reference names them yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user import commit as user_commit
from boocoder.git.user.commit_policy import CommitPolicy
from boocoder.git.user.hooks import CommitDraft, run_commit_hooks


@dataclass(frozen=True, slots=True)
class CommitStep:
    """One commit of several.

    Args:
        tree: its files.
        message: of the commit.
        author: as variables for git, in place of the person's; empty where the person is the author.
    """

    tree: str
    message: str
    author: Mapping[str, str] = field(default_factory=dict)


async def write_commits(
    shadow: ShadowRepository,
    steps: Sequence[CommitStep],
    *,
    parent: str,
    parent_tree: str,
    who: Mapping[str, str],
    policy: CommitPolicy,
    ref: str | None = None,
) -> str:
    """Write the commits and their objects.

    Args:
        steps: oldest first.
        parent, parent_tree: what the first one follows.
        who: as `user_commit.identity`.
        policy: whether they are signed, and hooks run.
        ref: the branch that will have them, if it is there already.

    Returns:
        The id of the last one; `parent` where there is none.

    Raises:
        GitError: git failed.
        Conflict: `commit_not_signed`; as `run_commit_hooks`.
    """
    checkout, tree = shadow.checkout, parent_tree
    for step in steps:
        await user_commit.give_objects(shadow.git, checkout, tree, step.tree)
        tree = step.tree
    messages = tuple(step.message for step in steps)
    if policy.run_hooks and steps:
        messages = await run_commit_hooks(checkout, CommitDraft(ref, parent, tree, messages))
    for step, message in zip(steps, messages, strict=True):
        parent = await user_commit.make_commit(
            checkout, tree=step.tree, parent=parent, message=message, who={**who, **step.author}, sign=policy.sign
        )
    return parent
