"""Names the commits that an agent made of a change, and puts them, as they are, onto another commit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.changes.commits.message import given_message
from boocoder.changes.commits.steps import CommitStep
from boocoder.db.core.pool import Database
from boocoder.db.files import changes
from boocoder.db.files.changes import Change
from boocoder.errors import GitError
from boocoder.git.diff.merge import merge
from boocoder.git.lfs.contents import new_pointers
from boocoder.git.shadow.objects import ShadowGit, own_difference
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_commits import COMMITS_MAX, SessionCommit, is_linear, session_commits

log = logging.getLogger(__name__)

_ONE_COMMIT = "so the change is one commit"


@dataclass(frozen=True, slots=True)
class AgentCommits:
    """What an agent has committed of a change.

    Args:
        commits: oldest first; empty where it committed nothing, or its commits are not there any more.
        git: sees their objects.
        start_tree: of what the first one follows.
    """

    commits: tuple[SessionCommit, ...]
    git: ShadowGit
    start_tree: str = ""


@dataclass(frozen=True, slots=True)
class KeptCommits:
    """The commits that a change becomes.

    Args:
        steps: at least one; the last one has the change's whole result.
        why_one: why the agent's own are not among them; "" where they are.
    """

    steps: tuple[CommitStep, ...]
    why_one: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """`why_one` as a list of sentences."""
        return (self.why_one,) if self.why_one else ()


async def agent_commits(database: Database, shadow: ShadowRepository, change: Change) -> AgentCommits:
    """The commits that the session's branch had when the change was taken, without those of the user and of changes
    that are applied."""
    async with database.connection() as conn:
        heads = await changes.commit_range(conn, change.id)
    if heads is None:
        return AgentCommits((), shadow.git)
    git = shadow.worktrees.lending(shadow.worktrees.git_dir_of(Path(heads.path)))
    try:
        without = [heads.base, *[one for one in heads.applied if one != heads.head]]
        found = await session_commits(git, head=heads.head, without=without, limit=COMMITS_MAX + 1)
        first = found[0].parents[:1] if found else ()
        start = (await git("rev-parse", "--verify", f"{first[0]}^{{tree}}")).decode().strip() if first else ""
    except GitError as error:  # the agent may have deleted them
        log.info("commits of a change not read", extra={"change_id": str(change.id), "why": error.text})
        return AgentCommits((), git)
    return AgentCommits(tuple(found), git, start)


async def kept_commits(
    shadow: ShadowRepository, made: AgentCommits, *, start_tree: str, last: CommitStep, agent: str, co_author: bool
) -> KeptCommits:
    """Put an agent's commits onto another one; nothing is written but objects of the shadow repository.

    What the agent did not commit becomes one more commit. Where the commits cannot be put there, or hold files that the
    change does not, the change is one commit.

    Args:
        start_tree: of what the first commit is to follow.
        last: the change as one commit; the tree of the last commit is its tree.
        agent: named as a co-author where `co_author`.
    """
    commits = made.commits
    if not commits:
        return KeptCommits((last,))
    if len(commits) > COMMITS_MAX:
        return KeptCommits((last,), f"The agent made more than {COMMITS_MAX} commits, {_ONE_COMMIT}.")
    if not is_linear(commits):
        return KeptCommits((last,), f"The agent's commits contain a merge, {_ONE_COMMIT}.")
    allowed = {file.path for file in await shadow.changed_files(start_tree, last.tree, counts=False)}
    pointers = set(await new_pointers(shadow.git, start_tree, last.tree))
    steps: list[CommitStep] = []
    before, tree = made.start_tree, start_tree
    for commit in commits:
        merged = await merge(made.git, base=before, ours=tree, theirs=commit.tree)
        if merged.tree is None:
            why = f"The agent's commit {commit.id[:10]} conflicts with what you have, {_ONE_COMMIT}."
            return KeptCommits((last,), why)
        if merged.tree != tree:
            await own_difference(made.git, tree, merged.tree)
            why = await _more_than(shadow, start_tree, merged.tree, allowed, commit)
            why = why or await _no_pointers(shadow, start_tree, merged.tree, pointers, commit)
            if why:
                return KeptCommits((last,), why)
            steps.append(CommitStep(merged.tree, _message(commit, agent, co_author), _author(commit)))
        before, tree = commit.tree, merged.tree
    return KeptCommits(tuple(_ended(steps, last)))


async def _more_than(
    shadow: ShadowRepository, start_tree: str, tree: str, allowed: set[bytes], commit: SessionCommit
) -> str:
    """Why a commit holds more than the change does; "" where it does not."""
    changed = {file.path for file in await shadow.changed_files(start_tree, tree, counts=False)}
    if changed <= allowed:
        return ""
    return f"The agent's commit {commit.id[:10]} has a file that the change has not, {_ONE_COMMIT}."


async def _no_pointers(
    shadow: ShadowRepository, start_tree: str, tree: str, pointers: set[bytes], commit: SessionCommit
) -> str:
    """Why a commit cannot be kept that holds contents where the change has pointers of Git LFS; "" where it can."""
    if not pointers:
        return ""
    changed = {file.path for file in await shadow.changed_files(start_tree, tree, counts=False)}
    if (changed & pointers) <= set(await new_pointers(shadow.git, start_tree, tree)):
        return ""
    return f"The agent's commit {commit.id[:10]} holds a file of Git LFS as a whole, {_ONE_COMMIT}."


def _ended(steps: Sequence[CommitStep], last: CommitStep) -> list[CommitStep]:
    return [*steps] if steps and steps[-1].tree == last.tree else [*steps, last]


def _message(commit: SessionCommit, agent: str, co_author: bool) -> str:
    return given_message(commit.message.strip() or f"Commit {commit.id[:10]}", agent=agent, co_author=co_author)


def _author(commit: SessionCommit) -> dict[str, str]:
    """Empty where git would not take the author."""
    if not commit.author_name.strip() or not commit.author_email.strip():
        return {}
    names = {"GIT_AUTHOR_NAME": commit.author_name, "GIT_AUTHOR_EMAIL": commit.author_email}
    return {**names, "GIT_AUTHOR_DATE": commit.author_date}
