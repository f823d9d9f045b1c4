"""Applies a change to a branch, as one commit or one a turn. Neither files nor index are touched.

`changes.apply.applier` keeps the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from boocoder.changes.commits.steps import CommitStep, write_commits
from boocoder.db.files.applies import WritingApply
from boocoder.errors import BoocoderError
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.project import Checkout
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user import commit as user_commit
from boocoder.git.user.commit_policy import CommitPolicy

SUFFIXES = 99  # of a generated name that is taken


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """A branch that can be made.

    Args:
        ref: its full name.
        old_commit: its commit now; None if it does not exist.
        trees: of its commits, oldest first, with their messages; the first follows `start`.
        start, start_tree: the commit that it begins at.
        files: how many files it changes.
        who: as `user_commit.identity`.
    """

    ref: str
    old_commit: str | None
    steps: tuple[CommitStep, ...]
    start: str
    start_tree: str
    files: int
    who: Mapping[str, str]


async def free_name(checkout: Checkout, wanted: str, *, generated: bool) -> str:
    """The full name of a branch that does not exist.

    Args:
        generated: a number is put behind the name where it is taken.

    Raises:
        InvalidInput: branch_name_invalid.
        Conflict: branch_exists.
    """
    parent = wanted.rpartition("/")[0]
    if generated and parent and await user_commit.read_reference(checkout, f"refs/heads/{parent}") is not None:
        wanted = wanted.replace("/", "-")  # git has no branch `a/b` beside a branch `a`
    for number in range(1, SUFFIXES + 1):
        ref = await user_commit.check_branch_name(checkout, wanted if number == 1 else f"{wanted}-{number}")
        if await user_commit.read_reference(checkout, ref) is None:
            return ref
        if not generated:
            break
    name = wanted.removeprefix("refs/heads/")
    raise user_commit.branch_exists(name)


async def plan_branch(
    shadow: ShadowRepository,
    *,
    ref: str,
    old_commit: str | None,
    start: str,
    base_tree: str,
    steps: Sequence[CommitStep],
    keep: str,
) -> BranchPlan | list[MergeConflict]:
    """Merge every step onto the commit that the branch begins at; nothing is touched.

    Args:
        ref, old_commit, start: as in BranchPlan.
        base_tree: what the steps and the start have in common.
        steps: at least one, each the change's base with all up to it; one that does not merge, or changes nothing,
            goes into the next one.
        keep: prefix of the ref that keeps the last tree.
    """
    checkout = shadow.checkout
    who = await user_commit.identity(checkout)
    start_tree = await user_commit.tree_of(checkout, start)
    made: list[CommitStep] = []
    newest = start_tree
    for number, step in enumerate(steps, start=1):
        merged = await shadow.merge(base=base_tree, ours=start_tree, theirs=step.tree)
        if merged.tree is None and number == len(steps):
            return list(merged.conflicts)
        if merged.tree is not None and merged.tree != newest:
            made.append(replace(step, tree=merged.tree))
            newest = merged.tree
    await shadow.keep(f"{keep}/branch", newest, beside=steps[-1].tree)
    files = await shadow.changed_files(start_tree, newest, counts=False)
    return BranchPlan(ref, old_commit, tuple(made), start, start_tree, len(files), who)


async def make_commits(shadow: ShadowRepository, plan: BranchPlan, policy: CommitPolicy) -> str:
    """Write the branch's commits to the user's repository without a reference.

    Returns:
        The id of the last one; the start where nothing changes.
    """
    ref = plan.ref if plan.old_commit is not None else None
    return await write_commits(
        shadow, plan.steps, parent=plan.start, parent_tree=plan.start_tree, who=plan.who, policy=policy, ref=ref
    )


async def write_branch(shadow: ShadowRepository, plan: BranchPlan, commit: str, failpoints: Failpoints) -> None:
    """Point the branch at its commit.

    Raises:
        Conflict: `branch_exists`, `reference_moved`, `reference_locked`.
    """
    await user_commit.move_reference(shadow.checkout, plan.ref, old=plan.old_commit, new=commit, who=plan.who)
    failpoints.hit("apply.after_ref")


async def resume_branch(shadow: ShadowRepository, one: WritingApply) -> bool:
    """Finish an interrupted branch; False if it was made or moved by others since."""
    assert one.ref is not None and one.new_commit is not None
    checkout = shadow.checkout
    now = await user_commit.read_reference(checkout, one.ref)
    if now is not None and await user_commit.contains(checkout, one.new_commit, now):
        return True
    try:
        who = await user_commit.identity(checkout)
        await user_commit.move_reference(checkout, one.ref, old=one.old_commit, new=one.new_commit, who=who)
    except BoocoderError:
        return False
    return True
