"""Applies a change as a commit on the checked-out branch and to the files, all or nothing.

The commit contains none of the user's own edits, staged or not. The index stays locked from before the first file is
written until it has the entries of the commit. `changes.apply.applier` keeps the journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.changes.apply.plan import ApplyPlan, plan_apply, resume_apply, write_plan
from boocoder.db.files.applies import WritingApply
from boocoder.errors import BoocoderError, GitError
from boocoder.errors import Conflict as ConflictError
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.diff.tree_diff import ChangedFile
from boocoder.git.project import Checkout
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user import commit as user_commit
from boocoder.git.user.commit import UserHead
from boocoder.git.user.index import (
    index_lock,
    place_index,
    prepare_index,
    staged_conflicts,
    staged_entries,
)

UNFINISHED = "apply_unfinished"  # an error after the point of no return: the journal stays open


@dataclass(frozen=True, slots=True)
class CommitPlan:
    """What applying a change as a commit would do.

    Args:
        head: what is checked out.
        tree: of the commit; equal to head's where the user has it all already.
        files: how it differs from head's tree.
        plan: of the checkout's files.
        who: as `user_commit.identity`.
    """

    head: UserHead
    tree: str
    files: tuple[ChangedFile, ...]
    plan: ApplyPlan
    who: Mapping[str, str]


async def plan_commit(
    shadow: ShadowRepository, *, index: Path, base_tree: str, tree: str, ref: str
) -> CommitPlan | list[MergeConflict]:
    """Compute the commit and the files; nothing is touched. Arguments as for `plan_apply`.

    Raises:
        Conflict: `branch_unborn`, `git_identity_missing`, or `git_operation_under_way`.
    """
    checkout = shadow.checkout
    _refuse_under_way(checkout)
    head = await user_commit.user_head(checkout)
    who = await user_commit.identity(checkout)
    merged = await shadow.merge(base=base_tree, ours=head.tree, theirs=tree)
    if merged.tree is None:
        return list(merged.conflicts)
    await shadow.keep(f"{ref}/commit", merged.tree, beside=tree)
    files = await shadow.changed_files(head.tree, merged.tree, counts=False)
    staged = await staged_entries(checkout, head.tree)
    _refuse_unmerged(checkout, any(one.unmerged for one in staged))
    if conflicts := staged_conflicts(staged, files):
        return conflicts
    plan = await plan_apply(shadow, checkout=checkout.root, index=index, base_tree=base_tree, tree=tree, ref=ref)
    return plan if isinstance(plan, list) else CommitPlan(head, merged.tree, tuple(files), plan, who)


def _refuse_under_way(checkout: Checkout) -> None:
    if (what := user_commit.operation_under_way(checkout)) is not None:
        raise ConflictError(
            "git_operation_under_way",
            f"{what[:1].upper()}{what[1:]} is under way in {checkout.root}; nothing was touched.",
            "End it (git status says how), or apply to a branch of its own.",
        )


def _refuse_unmerged(checkout: Checkout, unmerged: bool) -> None:
    if unmerged:
        raise ConflictError(
            "git_operation_under_way",
            f"{checkout.root} has files with unresolved conflicts; nothing was touched.",
            "Resolve them (git status lists them), or apply to a branch of its own.",
        )


async def write_commit(
    shadow: ShadowRepository, *, index: Path, plan: CommitPlan, commit: str, name: str, failpoints: Failpoints
) -> list[MergeConflict]:
    """Write the files, move the branch and update the index, all or nothing.

    Args:
        commit: as `write_commits` gave it.
        name: identifies the owner of the index lock.

    Returns:
        Empty when all is done; else the conflicts, and nothing is changed.

    Raises:
        Conflict: `index_locked`, `reference_moved`, `reference_locked`, `git_operation_under_way`; all is as it was.
    """
    checkout, head = shadow.checkout, plan.head
    async with index_lock(checkout, name):
        failpoints.hit("apply.after_lock")
        _refuse_under_way(checkout)
        staged = await staged_entries(checkout, head.tree)
        if conflicts := staged_conflicts(staged, plan.files):
            return conflicts
        fresh = await prepare_index(shadow.git, checkout, plan.files, name)

        async def move() -> None:
            failpoints.hit("apply.after_files")
            await _check_head(checkout, head)
            await user_commit.move_reference(checkout, head.ref, old=head.commit, new=commit, who=plan.who)

        conflicts = await write_plan(
            shadow,
            checkout=checkout.root,
            index=index,
            pre_tree=plan.plan.pre_tree,
            post_tree=plan.plan.post_tree,
            then=move,
        )
        if conflicts:
            return conflicts
        failpoints.hit("apply.after_ref")
        await _place(shadow, fresh)
        failpoints.hit("apply.after_index")
    failpoints.hit("apply.after_unlock")
    return []


async def _place(shadow: ShadowRepository, fresh: Path) -> None:
    try:
        await place_index(shadow.git, shadow.checkout, fresh)
    except OSError as error:
        raise GitError(
            UNFINISHED,
            f"The commit is made, but the index of {shadow.checkout.root} could not be written: {error.strerror}.",
            "Free disk space and restart the service: it updates the index.",
        ) from error


async def _check_head(checkout: Checkout, head: UserHead) -> None:
    now = await user_commit.user_head(checkout)
    if now != head:
        raise ConflictError(
            "reference_moved",
            f"{now.ref} is checked out at {now.commit[:12]}, it was {head.ref} at {head.commit[:12]}.",
            "Apply again.",
        )


async def resume_commit(
    shadow: ShadowRepository, *, index: Path, one: WritingApply, name: str
) -> tuple[bool, list[MergeConflict]]:
    """Finish an interrupted commit, or undo it if the user's repository has moved on.

    Returns:
        Whether it is applied now, and the paths that were edited since and left as they are.
    """
    assert one.ref is not None and one.old_commit is not None and one.new_commit is not None
    checkout = shadow.checkout
    async with index_lock(checkout, name):
        now = await user_commit.read_reference(checkout, one.ref)
        if now is not None and await user_commit.contains(checkout, one.new_commit, now):
            return True, await _bring_along(shadow, index, one, name)
        if await _can_go_on(checkout, one):
            left = await _forward(shadow, index, one)
            try:
                await user_commit.move_reference(
                    checkout,
                    one.ref,
                    old=one.old_commit,
                    new=one.new_commit,
                    who=await user_commit.identity(checkout),
                )
            except BoocoderError:
                return False, await _back(shadow, index, one)
            await _bring_along(shadow, index, one, name)
            return True, left
        return False, await _back(shadow, index, one)


async def _can_go_on(checkout: Checkout, one: WritingApply) -> bool:
    """Whether everything but the files is as it was when it began."""
    if user_commit.operation_under_way(checkout) is not None:
        return False
    try:
        head = await user_commit.user_head(checkout)
    except BoocoderError:
        return False
    return (head.ref, head.commit) == (one.ref, one.old_commit) and one.new_commit is not None


async def _forward(shadow: ShadowRepository, index: Path, one: WritingApply) -> list[MergeConflict]:
    return await resume_apply(
        shadow, checkout=shadow.checkout.root, index=index, pre_tree=one.pre_tree, post_tree=one.post_tree
    )


async def _back(shadow: ShadowRepository, index: Path, one: WritingApply) -> list[MergeConflict]:
    return await resume_apply(
        shadow, checkout=shadow.checkout.root, index=index, pre_tree=one.post_tree, post_tree=one.pre_tree
    )


async def _bring_along(shadow: ShadowRepository, index: Path, one: WritingApply, name: str) -> list[MergeConflict]:
    """After the branch has moved: write the files, and the index entries that the user has not changed since."""
    assert one.old_commit is not None and one.new_commit is not None
    checkout = shadow.checkout
    head = await user_commit.user_head(checkout)
    if (head.ref, head.commit) != (one.ref, one.new_commit):
        return []
    left = await _forward(shadow, index, one)
    old_tree = await user_commit.tree_of(checkout, one.old_commit)
    files = await shadow.changed_files(old_tree, head.tree, counts=False)
    edited = {staged.path for staged in await staged_entries(checkout, old_tree)}
    fresh = await prepare_index(shadow.git, checkout, _untouched(files, edited), name)
    await place_index(shadow.git, checkout, fresh)
    return left


def _untouched(files: Sequence[ChangedFile], edited: set[bytes]) -> list[ChangedFile]:
    """The files whose entry is still the one of the commit before; one that is as after is in `edited` too."""
    return [file for file in files if file.path not in edited]
