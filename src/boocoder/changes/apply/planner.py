"""Computes what applying a change does, for each target, before anything is written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal

from boocoder.changes.apply.branch import free_name, make_commits, plan_branch, write_branch
from boocoder.changes.apply.commit import CommitPlan, plan_commit, write_commit
from boocoder.changes.apply.conflicts import ConflictFile
from boocoder.changes.apply.plan import ApplyPlan, plan_apply, write_plan
from boocoder.changes.commits.agent_commits import KeptCommits, agent_commits, kept_commits
from boocoder.changes.commits.filtered_files import check_filtered
from boocoder.changes.commits.message import given_message, slug, squash_message, turn_message
from boocoder.changes.commits.steps import CommitStep, write_commits
from boocoder.changes.diff.statistics import path_text
from boocoder.changes.review.selection import ChangePart, PartFilter
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, changes, worktrees
from boocoder.db.files.changes import Change, TurnStep
from boocoder.db.tasks import tasks
from boocoder.errors import Conflict as ConflictError
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.lfs.contents import give_contents, missing_contents
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user import commit as user_commit
from boocoder.git.user.commit_policy import CommitPolicy
from boocoder.model.change import ApplyTarget
from boocoder.model.ids import ChangeId

ApplyOutcome = Literal["applied", "already_applied", "possible", "conflicts", "undone"]

STEPS_MAX = 500  # turns of one branch


class BranchStart(StrEnum):
    """Where a new branch begins."""

    BASE = "base"  # the commit that the session's worktree was made at
    HEAD = "head"  # what the user has checked out now


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What to apply, and where to.

    Args:
        target: the place.
        select: which part; None for what is accepted, if anything is, else for what is not rejected.
        message: of the commit; None to write it from the session.
        branch: name of a new branch; None to make one from the session's title.
        start: where the branch begins.
        by_turn: one commit a turn; only when all of the change is applied.
        extend: go on with the branch that the session was put on last, where there is one.
        co_author: name the agent as a co-author.
        keep_commits: the commits that the agent made, instead of one; only when all of the change is applied.
        filtered: commit files as they are that a filter of the user's git converts.
    """

    target: ApplyTarget = ApplyTarget.CHECKOUT
    select: PartFilter | None = None
    message: str | None = None
    branch: str | None = None
    start: BranchStart = BranchStart.BASE
    by_turn: bool = False
    extend: bool = False
    co_author: bool = False
    keep_commits: bool = False
    filtered: bool = False


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """The result of applying, or of a preview.

    Args:
        state: `applied` now, or `already_applied` before; of a preview `possible`, or `conflicts`
            where files conflict; `undone` where an interrupted undo of an apply was finished.
        files: how many files were written or deleted.
        left: paths, as text, that were not written: submodules, and after a crash what somebody changed since.
        target: where it was put.
        ref, commit: the branch, and the commit on it; None for a checkout.
        units, of: how many units of the change were applied, and how many it had; 0 where nothing was decided.
        rest: the change that holds what was not applied; None if nothing is left.
        conflicts: the conflicting files, with both sides.
        commits: how many commits it is; 0 for a checkout.
        warnings: of a commit, the user's rules that it does not follow: signing and hooks; and why the agent's commits
            were not kept.
    """

    change_id: ChangeId
    state: ApplyOutcome
    files: int = 0
    left: tuple[str, ...] = ()
    target: ApplyTarget = ApplyTarget.CHECKOUT
    ref: str | None = None
    commit: str | None = None
    units: int = 0
    of: int = 0
    rest: ChangeId | None = None
    conflicts: tuple[ConflictFile, ...] = ()
    commits: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedApply:
    """An apply that can be done.

    Args:
        target: where it ends up; a commit that changes nothing is a checkout.
        pre_tree, post_tree: the checkout before and after.
        ref, old_commit: the reference that moves, and from where.
        files: how many.
        left: paths that are not written.
        prepare: puts objects where they have to be, and returns the commit.
        write: does it, given that commit; returns the conflicts.
        commits: how many commits are made.
        warnings: why the agent's commits are not kept, missing contents of Git LFS, files with filters.
    """

    target: ApplyTarget
    pre_tree: str
    post_tree: str
    ref: str | None
    old_commit: str | None
    files: int
    left: tuple[str, ...]
    prepare: Callable[[], Awaitable[str | None]]
    write: Callable[[str | None], Awaitable[list[MergeConflict]]]
    commits: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyPlanner:
    """Plans one apply.

    Args:
        index: a private index of the user's checkout.
        applied: the change was applied before and is now put on a branch.
        policy: which of the user's rules for commits hold.
    """

    database: Database
    failpoints: Failpoints
    shadow: ShadowRepository
    index: Path
    change: Change
    part: ChangePart
    request: ApplyRequest
    applied: bool = False
    policy: CommitPolicy = field(default_factory=CommitPolicy)

    async def plan(self) -> PlannedApply | list[MergeConflict]:
        """What it would do, or the conflicts; nothing is written.

        Raises:
            Conflict, InvalidInput: as `plan_commit` and `plan_branch`.
            GitError: git failed.
        """
        base_tree = await self._merge_base()
        planned = await self._plan(base_tree)
        if isinstance(planned, list):
            return planned
        trees, allowed = (base_tree, self.part.tree), self.request.filtered
        warnings = [*planned.warnings, *await missing_contents(self.shadow.git, *trees)]
        if planned.target is not ApplyTarget.CHECKOUT:
            warnings += await check_filtered(self.shadow, *trees, index=self.index, allowed=allowed)
        return replace(planned, warnings=tuple(warnings))

    async def _plan(self, base_tree: str) -> PlannedApply | list[MergeConflict]:
        match self.request.target:
            case ApplyTarget.CHECKOUT:
                return await self._checkout(base_tree)
            case ApplyTarget.COMMIT:
                return await self._commit(base_tree)
            case ApplyTarget.BRANCH:
                return await self._branch(base_tree)

    @property
    def _kept(self) -> str:
        return f"refs/boocoder/applies/{self.change.id}"

    async def _merge_base(self) -> str:
        """The tree that the user and the change have in common: what was applied last, else the base.

        A session goes on after its change was applied. Its next change holds the applied one too, and against
        the base every line that both hold would be a conflict. A part is made of the change's own base.
        """
        if self.applied:
            return await self._base_of_applied()
        if not self.part.whole:
            return self.change.base_tree
        async with self.database.connection() as conn:
            return await changes.decided_tree(conn, self.change.session_id) or self.change.base_tree

    async def _base_of_applied(self) -> str:
        """For the session's first branch its base, so that the branch holds all that the session applied so far."""
        session_id = self.change.session_id
        async with self.database.connection() as conn:
            worktree = await worktrees.get_worktree(conn, session_id)
            earlier = await applies.last_branch(conn, session_id)
            decided = await changes.decided_tree(conn, session_id)
        if worktree is None or decided is None or (earlier is not None and self.request.extend):
            return self.change.base_tree
        return worktree.base_tree

    async def _checkout(self, base_tree: str) -> PlannedApply | list[MergeConflict]:
        root = self.shadow.checkout.root
        plan = await plan_apply(
            self.shadow, checkout=root, index=self.index, base_tree=base_tree, tree=self.part.tree, ref=self._kept
        )
        return plan if isinstance(plan, list) else self._of_checkout(plan)

    def _of_checkout(self, plan: ApplyPlan) -> PlannedApply:
        async def write(_: str | None) -> list[MergeConflict]:
            root = self.shadow.checkout.root
            self.failpoints.hit("apply.after_begin")
            conflicts = await write_plan(
                self.shadow, checkout=root, index=self.index, pre_tree=plan.pre_tree, post_tree=plan.post_tree
            )
            self.failpoints.hit("apply.after_files")
            return conflicts

        left = tuple(path_text(path)[0] for path in plan.submodules)
        files = len(plan.files) - len(left)

        async def prepare() -> None:
            await give_contents(self.shadow.git, plan.pre_tree, plan.post_tree)

        place = (plan.pre_tree, plan.post_tree, None, None, files, left)
        return PlannedApply(ApplyTarget.CHECKOUT, *place, prepare, write)

    async def _commit(self, base_tree: str) -> PlannedApply | list[MergeConflict]:
        plan = await plan_commit(
            self.shadow, index=self.index, base_tree=base_tree, tree=self.part.tree, ref=self._kept
        )
        if isinstance(plan, list):
            return plan
        if plan.tree == plan.head.tree:  # the user has committed it already
            return self._of_checkout(plan.plan)
        return self._of_commit(plan, await self._commits_of(plan.head.tree, plan.tree))

    def _of_commit(self, plan: CommitPlan, kept: KeptCommits) -> PlannedApply:
        head = plan.head

        async def prepare() -> str:
            commit = await write_commits(
                self.shadow,
                kept.steps,
                parent=head.commit,
                parent_tree=head.tree,
                who=plan.who,
                policy=self.policy,
                ref=head.ref,
            )
            self.failpoints.hit("apply.after_objects")
            return commit

        async def write(commit: str | None) -> list[MergeConflict]:
            assert commit is not None
            self.failpoints.hit("apply.after_begin")
            return await write_commit(
                self.shadow,
                index=self.index,
                plan=plan,
                commit=commit,
                name=self.change.id.hex,
                failpoints=self.failpoints,
            )

        files = plan.plan
        left = tuple(path_text(path)[0] for path in files.submodules)
        return PlannedApply(
            ApplyTarget.COMMIT,
            files.pre_tree,
            files.post_tree,
            head.ref,
            head.commit,
            len(plan.files),
            left,
            prepare,
            write,
            len(kept.steps),
            kept.warnings,
        )

    async def _branch(self, base_tree: str) -> PlannedApply | list[MergeConflict]:
        ref, old = await self._place_of_branch()
        plan = await plan_branch(
            self.shadow,
            ref=ref,
            old_commit=old,
            start=old or await self._start(),
            base_tree=base_tree,
            steps=await self._steps(),
            keep=self._kept,
        )
        if isinstance(plan, list):
            return plan
        warnings: tuple[str, ...] = ()
        if self.request.keep_commits and plan.steps:
            kept = await self._commits_of(plan.start_tree, plan.steps[-1].tree)
            plan, warnings = replace(plan, steps=kept.steps), kept.warnings

        async def prepare() -> str:
            commit = await make_commits(self.shadow, plan, self.policy)
            self.failpoints.hit("apply.after_objects")
            return commit

        async def write(commit: str | None) -> list[MergeConflict]:
            assert commit is not None
            self.failpoints.hit("apply.after_begin")
            await write_branch(self.shadow, plan, commit, self.failpoints)
            return []

        tree = self.part.tree
        place = (plan.ref, plan.old_commit, plan.files, ())
        return PlannedApply(ApplyTarget.BRANCH, tree, tree, *place, prepare, write, len(plan.steps), warnings)

    async def _commits_of(self, start_tree: str, tree: str) -> KeptCommits:
        """One commit with this tree, or the agent's where they are asked for."""
        last = CommitStep(tree, await self._message())
        if not self.request.keep_commits:
            return KeptCommits((last,))
        if not self.part.whole:
            return KeptCommits((last,), "Only a part of the change is applied, so it is one commit.")
        made = await agent_commits(self.database, self.shadow, self.change)
        request = self.request
        return await kept_commits(
            self.shadow, made, start_tree=start_tree, last=last, agent=self.change.agent, co_author=request.co_author
        )

    async def _place_of_branch(self) -> tuple[str, str | None]:
        """The branch's full name, and its commit if the session extends one."""
        checkout = self.shadow.checkout
        async with self.database.connection() as conn:
            session = await sessions.get_session(conn, self.change.session_id)
            last = await applies.last_branch(conn, self.change.session_id) if self.request.extend else None
        if last is not None and last.ref is not None:
            head = await user_commit.checked_out(checkout)
            commit = await user_commit.read_reference(checkout, last.ref)
            if commit is not None and last.ref not in head:
                return last.ref, commit
        if self.request.branch is not None:
            return await free_name(checkout, self.request.branch, generated=False), None
        return await free_name(checkout, f"boocoder/{slug(session.title)}", generated=True), None

    async def _start(self) -> str:
        if self.request.start is BranchStart.HEAD:
            return (await user_commit.user_head(self.shadow.checkout)).commit
        async with self.database.connection() as conn:
            worktree = await worktrees.get_worktree(conn, self.change.session_id)
        checkout = self.shadow.checkout
        if worktree is None or await user_commit.read_reference(checkout, worktree.base_commit) is None:
            return (await user_commit.user_head(self.shadow.checkout)).commit
        return worktree.base_commit

    async def _steps(self) -> list[CommitStep]:
        if not self.request.by_turn:
            return [CommitStep(self.part.tree, await self._message())]
        if not self.part.whole:
            raise ConflictError(
                "part_has_no_turns",
                "Only a part of the change is applied, and a part cannot be split by turns.",
                "Apply all of it, or make one commit.",
            )
        steps = [step for step in await self._turns() if step.tree != self.part.tree]
        last = [step for step in await self._turns() if step.tree == self.part.tree][-1:]
        made = [CommitStep(step.tree, turn_message(step, co_author=self.request.co_author)) for step in steps]
        final = turn_message(last[0], co_author=self.request.co_author) if last else await self._message()
        return [*made, CommitStep(self.part.tree, final)]

    async def _turns(self) -> list[TurnStep]:
        """What was asked for, turn by turn; at least the turn that made the change."""
        async with self.database.connection() as conn:
            steps = await changes.list_steps(conn, self.change.session_id, STEPS_MAX)
            task = await tasks.get_task(conn, self.change.task_id)
        return steps or [TurnStep(self.change.tree, task.prompt, task.agent, task.model)]

    async def _message(self) -> str:
        if self.request.message is not None and self.request.message.strip():
            return given_message(self.request.message, agent=self.change.agent, co_author=self.request.co_author)
        async with self.database.connection() as conn:
            session = await sessions.get_session(conn, self.change.session_id)
        made = (await agent_commits(self.database, self.shadow, self.change)).commits if self.part.whole else ()
        return squash_message(
            session.title,
            await self._turns(),
            agent=self.change.agent,
            co_author=self.request.co_author,
            commits=[commit.message for commit in made],
        )
