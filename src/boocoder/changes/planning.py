"""What applying would do, for each place that a change can be put: computed first, written behind the journal later."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from boocoder.changes.apply import ApplyPlan, plan_apply, write_plan
from boocoder.changes.apply_branch import BranchStep, free_name, make_commits, plan_branch, write_branch
from boocoder.changes.apply_commit import CommitPlan, make_commit, plan_commit, write_commit
from boocoder.changes.conflicts import ConflictFile
from boocoder.changes.measure import path_text
from boocoder.changes.message import given_message, squash_message, turn_message
from boocoder.changes.selection import Part, Select
from boocoder.db import changes, sessions, tasks, worktrees
from boocoder.db.changes import ApplyTarget, Change, Step
from boocoder.db.pool import Database
from boocoder.errors import Conflict as ConflictError
from boocoder.failpoints import Failpoints
from boocoder.git import user_commit
from boocoder.git.merge import Conflict
from boocoder.git.shadow import ShadowRepository
from boocoder.model.ids import ChangeId

STEPS_MAX = 500  # turns of one branch
SLUG_MAX_CHARS = 40


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
    """

    target: ApplyTarget = ApplyTarget.CHECKOUT
    select: Select | None = None
    message: str | None = None
    branch: str | None = None
    start: BranchStart = BranchStart.BASE
    by_turn: bool = False
    extend: bool = False
    co_author: bool = False


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What applying came to.

    Args:
        state: `applied` now, or `already_applied` before; of a plan that nothing came of `possible`, or `conflicts`
            where files stand against it.
        files: how many files were written or deleted.
        left: paths, as text, that were not written: submodules, and after a crash what somebody changed since.
        target: where it was put.
        ref, commit: the branch, and the commit on it; None for a checkout.
        units, of: how many units of the change were applied, and how many it had; 0 where nothing was decided.
        rest: the change that holds what was not applied; None if nothing is left.
        conflicts: file by file what stands against it, with both sides.
    """

    change_id: ChangeId
    state: Literal["applied", "already_applied", "possible", "conflicts"]
    files: int = 0
    left: tuple[str, ...] = ()
    target: ApplyTarget = ApplyTarget.CHECKOUT
    ref: str | None = None
    commit: str | None = None
    units: int = 0
    of: int = 0
    rest: ChangeId | None = None
    conflicts: tuple[ConflictFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """An apply that can be done.

    Args:
        target: where it ends up; a commit that changes nothing is a checkout.
        pre_tree, post_tree: the checkout before and after.
        ref, old_commit: the reference that moves, and from where.
        files: how many.
        left: paths that are not written.
        prepare: puts objects where they have to be, and returns the commit.
        write: does it, given that commit; returns what stood against it.
    """

    target: ApplyTarget
    pre_tree: str
    post_tree: str
    ref: str | None
    old_commit: str | None
    files: int
    left: tuple[str, ...]
    prepare: Callable[[], Awaitable[str | None]]
    write: Callable[[str | None], Awaitable[list[Conflict]]]


async def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one apply.

    Args:
        index: a private index of the user's checkout.
    """

    database: Database
    failpoints: Failpoints
    shadow: ShadowRepository
    index: Path
    change: Change
    part: Part
    request: ApplyRequest

    async def plan(self) -> Planned | list[Conflict]:
        """What it would do, or what stands against it; nothing is touched.

        Raises:
            Conflict, InvalidInput: as `plan_commit` and `plan_branch`.
            GitError: git failed.
        """
        base_tree = await self._merge_base()
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
        if not self.part.whole:
            return self.change.base_tree
        async with self.database.connection() as conn:
            return await changes.decided_tree(conn, self.change.session_id) or self.change.base_tree

    async def _checkout(self, base_tree: str) -> Planned | list[Conflict]:
        root = self.shadow.checkout.root
        plan = await plan_apply(
            self.shadow, checkout=root, index=self.index, base_tree=base_tree, tree=self.part.tree, ref=self._kept
        )
        return plan if isinstance(plan, list) else self._of_checkout(plan)

    def _of_checkout(self, plan: ApplyPlan) -> Planned:
        async def write(_: str | None) -> list[Conflict]:
            root = self.shadow.checkout.root
            self.failpoints.hit("apply.after_begin")
            conflicts = await write_plan(
                self.shadow, checkout=root, index=self.index, pre_tree=plan.pre_tree, post_tree=plan.post_tree
            )
            self.failpoints.hit("apply.after_files")
            return conflicts

        left = tuple(path_text(path)[0] for path in plan.submodules)
        files = len(plan.files) - len(left)
        return Planned(ApplyTarget.CHECKOUT, plan.pre_tree, plan.post_tree, None, None, files, left, _nothing, write)

    async def _commit(self, base_tree: str) -> Planned | list[Conflict]:
        plan = await plan_commit(
            self.shadow, index=self.index, base_tree=base_tree, tree=self.part.tree, ref=self._kept
        )
        if isinstance(plan, list):
            return plan
        if plan.tree == plan.head.tree:  # the user has committed it already
            return self._of_checkout(plan.plan)
        return self._of_commit(plan)

    def _of_commit(self, plan: CommitPlan) -> Planned:
        async def prepare() -> str:
            commit = await make_commit(self.shadow, plan, await self._message())
            self.failpoints.hit("apply.after_objects")
            return commit

        async def write(commit: str | None) -> list[Conflict]:
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

        files, head = plan.plan, plan.head
        left = tuple(path_text(path)[0] for path in files.submodules)
        return Planned(
            ApplyTarget.COMMIT,
            files.pre_tree,
            files.post_tree,
            head.ref,
            head.commit,
            len(plan.files),
            left,
            prepare,
            write,
        )

    async def _branch(self, base_tree: str) -> Planned | list[Conflict]:
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

        async def prepare() -> str:
            commit = await make_commits(self.shadow, plan)
            self.failpoints.hit("apply.after_objects")
            return commit

        async def write(commit: str | None) -> list[Conflict]:
            assert commit is not None
            self.failpoints.hit("apply.after_begin")
            await write_branch(self.shadow, plan, commit, self.failpoints)
            return []

        tree = self.part.tree
        return Planned(ApplyTarget.BRANCH, tree, tree, plan.ref, plan.old_commit, plan.files, (), prepare, write)

    async def _place_of_branch(self) -> tuple[str, str | None]:
        """The branch's full name, and where it stands if the session goes on with one."""
        checkout = self.shadow.checkout
        async with self.database.connection() as conn:
            session = await sessions.get_session(conn, self.change.session_id)
            last = await changes.last_branch(conn, self.change.session_id) if self.request.extend else None
        if last is not None and last.ref is not None:
            head = await user_commit.checked_out(checkout)
            stands = await user_commit.read_reference(checkout, last.ref)
            if stands is not None and last.ref not in head:
                return last.ref, stands
        if self.request.branch is not None:
            return await free_name(checkout, self.request.branch, generated=False), None
        return await free_name(checkout, f"boocoder/{slug(session.title)}", generated=True), None

    async def _start(self) -> str:
        if self.request.start is BranchStart.HEAD:
            return (await user_commit.user_head(self.shadow.checkout)).commit
        async with self.database.connection() as conn:
            worktree = await worktrees.get_worktree(conn, self.change.session_id)
        if worktree is None:
            return (await user_commit.user_head(self.shadow.checkout)).commit
        return worktree.base_commit

    async def _steps(self) -> list[BranchStep]:
        if not self.request.by_turn:
            return [BranchStep(self.part.tree, await self._message())]
        if not self.part.whole:
            raise ConflictError(
                "part_has_no_turns",
                "Only a part of the change is applied, and a part cannot be told by turns.",
                "Apply all of it, or make one commit.",
            )
        steps = [step for step in await self._turns() if step.tree != self.part.tree]
        last = [step for step in await self._turns() if step.tree == self.part.tree][-1:]
        made = [BranchStep(step.tree, turn_message(step, co_author=self.request.co_author)) for step in steps]
        final = turn_message(last[0], co_author=self.request.co_author) if last else await self._message()
        return [*made, BranchStep(self.part.tree, final)]

    async def _turns(self) -> list[Step]:
        """What was asked for, turn by turn; at least the turn that made the change."""
        async with self.database.connection() as conn:
            steps = await changes.list_steps(conn, self.change.session_id, STEPS_MAX)
            task = await tasks.get_task(conn, self.change.task_id)
        return steps or [Step(self.change.tree, task.prompt, task.agent, task.model)]

    async def _message(self) -> str:
        if self.request.message is not None and self.request.message.strip():
            return given_message(self.request.message, agent=self.change.agent, co_author=self.request.co_author)
        async with self.database.connection() as conn:
            session = await sessions.get_session(conn, self.change.session_id)
        return squash_message(
            session.title, await self._turns(), agent=self.change.agent, co_author=self.request.co_author
        )


def slug(title: str) -> str:
    """A title as a part of a branch's name."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:SLUG_MAX_CHARS].rstrip("-") or "session"
