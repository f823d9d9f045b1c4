"""Writes a row of commits into the user's repository; no reference names them yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user import commit as user_commit


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
    sign: bool,
) -> str:
    """Write the commits and their objects.

    Args:
        steps: oldest first.
        parent, parent_tree: what the first one follows.
        who: as `user_commit.identity`.
        sign: as `user_commit.make_commit`.

    Returns:
        The id of the last one; `parent` where there is none.

    Raises:
        GitError: git failed.
        Conflict: `commit_not_signed`.
    """
    checkout, tree = shadow.checkout, parent_tree
    for step in steps:
        await user_commit.give_objects(shadow.git, checkout, tree, step.tree)
        parent = await user_commit.make_commit(
            checkout, tree=step.tree, parent=parent, message=step.message, who={**who, **step.author}, sign=sign
        )
        tree = step.tree
    return parent
