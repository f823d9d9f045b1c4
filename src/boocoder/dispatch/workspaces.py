"""A turn's view of its session's worktree: had before the agent begins, measured when it is done."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.changes.diff.statistics import ChangeMeasure, measure
from boocoder.db.core.pool import Database
from boocoder.db.files.changes import decided_tree, move_base
from boocoder.db.files.worktrees import insert_snapshot, latest_snapshot
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.errors import BoocoderError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.worktree.session_base import branch_is_at, moved_base
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import SessionId, SnapshotId, TaskId, new_id
from boocoder.model.session import SnapshotKind, WorktreeState
from boocoder.model.turn import StopSignal
from boocoder.process.sandbox.profile import SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox
from boocoder.worktrees.checkout_watch import CheckoutWatch, TurnWatch
from boocoder.worktrees.create.factory import WorktreeFactory, needs_setup
from boocoder.worktrees.create.setup import Emit, NotReady
from boocoder.worktrees.locks import WorktreeLocks

log = logging.getLogger(__name__)

START_SNAPSHOT_S = 20.0  # a prompt waits no longer for it


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a session's agent works.

    Args:
        watch: detects changes to the user's checkout from the prompt on; None to skip this.
    """

    worktree: Worktree
    watch: TurnWatch | None = None


class Workspaces:
    """Hands the worktrees of this host to turns and measures what became of them.

    Args:
        worktrees: makes them.
        locks: gives a turn exclusive access to its worktree.
        watch: looks at the users' checkouts.
        sandbox: learns whose worktree an agent is about to work in.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: ShadowRegistry,
        worktrees: WorktreeFactory,
        locks: WorktreeLocks,
        watch: CheckoutWatch,
        failpoints: Failpoints,
        sandbox: Sandbox | None = None,
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._worktrees = worktrees
        self._locks = locks
        self._watch = watch
        self._failpoints = failpoints
        self._sandbox = sandbox
        self._told: set[SessionId] = set()

    def no_sandbox(self, task: ClaimedTask, agent: str) -> Notice | None:
        """The notice for a session's first turn that runs without a sandbox because this machine cannot enforce one."""
        if self._sandbox is None or task.session_id in self._told:
            return None
        missing = self._sandbox.missing(SandboxUse(agent, project=Path(task.project_path)))
        if not missing:
            return None
        self._told.add(task.session_id)
        return Notice("no_sandbox", f"{agent} runs without a sandbox: {missing}", NoticeLevel.WARNING)

    def turn(self, session_id: SessionId) -> AbstractAsyncContextManager[None]:
        """Have the session's worktree for the time of a turn; see `WorktreeLocks.turn`."""
        return self._locks.turn(session_id)

    async def ensure(
        self, task: ClaimedTask, *, emit: Emit, stop: StopSignal, checked: Worktree | None = None
    ) -> Workspace | NotReady:
        """The session's worktree, made and set up now as far as it is not; or how the turn ends without it.

        Args:
            emit: shows what is done as events of the turn.
            stop: ends the setup command.
            checked: the worktree, where `in_order` found it so a moment ago.

        Raises:
            InvalidInput: the project cannot have worktrees (gone, no repository, no commit), or start_unknown.
            GitError: git refused.
        """
        worktree = checked or await self._put_in_order(task, emit=emit, stop=stop)
        if not isinstance(worktree, Worktree):
            return worktree
        if self._sandbox is not None:
            self._sandbox.register(worktree.path, Path(task.project_path))
        return Workspace(worktree, self._watch.turn(task.project_id, Path(task.project_path)))

    async def _put_in_order(self, task: ClaimedTask, *, emit: Emit, stop: StopSignal) -> Worktree | NotReady:
        worktree = known_worktree(task)
        if worktree is None or not is_real_directory(worktree.path):
            return await self._worktrees.ensure(task.session_id, emit=emit, stop=stop)
        if not await self.in_order(task, worktree):
            await self._worktrees.repair(task.session_id, worktree, emit=emit)
        return worktree

    async def in_order(self, task: ClaimedTask, worktree: Worktree) -> bool:
        """Whether the worktree is there and nothing of its repository needs repair. It costs looks at a few files.

        Raises:
            InvalidInput, GitError: the project's repository cannot be used.
        """
        if not is_real_directory(worktree.path):
            return False
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        return await shadow.worktrees.in_order(worktree.path)

    async def take_start(self, task: ClaimedTask, worktree: Worktree) -> None:
        """Keep what the files are before the turn, where they are not as in the newest snapshot. It never fails.

        If no file changed, it costs one git status at most, and no row.
        """
        try:
            async with asyncio.timeout(START_SNAPSHOT_S):
                await self._take_start(task, worktree)
        except (BoocoderError, TimeoutError) as error:
            log.warning("no snapshot of a turn's start", extra={"task_id": task.id}, exc_info=error)

    async def _take_start(self, task: ClaimedTask, worktree: Worktree) -> None:
        session_id, index = task.session_id, self._worktrees.index_of(task.session_id)
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        now = f"refs/boocoder/{session_id}/now"
        tree = await shadow.snapshot(worktree.path, index=index, ref=now, watched=True)
        async with self._database.relaxed() as conn:
            newest = await latest_snapshot(conn, session_id)
            if newest is not None and newest.tree == tree and shadow.same_inside(newest.kept_by, now):
                return
            snapshot_id = SnapshotId(new_id())
            ref = f"refs/boocoder/{session_id}/{snapshot_id}"
            await shadow.keep(ref, tree, beside=tree, inside_of=now)
            await insert_snapshot(
                conn, snapshot_id, session_id, task_id=task.id, kind=SnapshotKind.TURN_START, tree=tree, ref=ref
            )

    async def follow_merge(self, task: ClaimedTask, worktree: Worktree) -> tuple[Worktree, Notice | None]:
        """Move the session's base where the agent has merged or rebased onto newer commits of the user's.

        The change then holds the agent's work alone.

        Raises:
            GitError: git refused.
        """
        shadow = await self._shadows.of(task.project_id, Path(task.project_path), absent=True)
        if not shadow.is_present:  # nothing of the user's to compare with
            return worktree, None
        if branch_is_at(shadow, worktree.path, worktree.base_commit):
            return worktree, None
        tree = await self._decided_tree(task.session_id) or worktree.base_tree
        ref = f"refs/boocoder/{task.session_id}/base"
        moved = await moved_base(shadow, worktree.path, commit=worktree.base_commit, tree=tree, keep=ref)
        if moved is None:
            return worktree, None
        async with self._database.transaction() as conn:
            await move_base(conn, task.session_id, base_commit=moved.commit, base_tree=moved.tree)
        text = f"The agent brought in commits up to {moved.commit[:10]}. Its change is measured from there."
        return Worktree(worktree.path, moved.commit, moved.tree), Notice("base_moved", text)

    async def take(self, task: ClaimedTask, worktree: Worktree) -> ChangeMeasure:
        """Snapshot the worktree and measure it against what was applied last, else against its base.

        Raises:
            GitError: git refused, or took too long.
        """
        shadow = await self._shadows.of(task.project_id, Path(task.project_path), absent=True)
        ref = _ref(task.session_id, task.id)
        head = await shadow.worktrees.head_commit(worktree.path)
        index = self._worktrees.index_of(task.session_id)
        snapshot = await shadow.take_snapshot(worktree.path, index=index, ref=ref, watched=True)
        self._failpoints.hit("settle.after_snapshot")
        base_tree = await self._decided_tree(task.session_id) or worktree.base_tree
        taken = await measure(shadow, base_tree=base_tree, tree=snapshot.tree)
        return replace(taken, skipped=snapshot.skipped, head_commit=head)

    async def _decided_tree(self, session_id: SessionId) -> str | None:
        async with self._database.connection() as conn:
            return await decided_tree(conn, session_id)


def known_worktree(task: ClaimedTask) -> Worktree | None:
    """The worktree that an agent of the session may have, according to the database."""
    if task.worktree_path is None or task.base_commit is None or task.base_tree is None:
        return None
    if task.worktree_state is not WorktreeState.READY or needs_setup(task.setup_state):
        return None
    return Worktree(Path(task.worktree_path), task.base_commit, task.base_tree)


def _ref(session_id: SessionId, task_id: TaskId) -> str:
    """The ref of the tree at the end of a task."""
    return f"refs/boocoder/{session_id}/{task_id}"
