"""A turn's view of its session's worktree: had before the agent begins, measured when it is done."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.changes.measure import ChangeMeasure, measure
from boocoder.db.changes import decided_tree
from boocoder.db.claim import ClaimedTask
from boocoder.db.pool import Database
from boocoder.db.worktrees import SnapshotKind, WorktreeState, insert_snapshot, latest_snapshot
from boocoder.errors import BoocoderError
from boocoder.failpoints import Failpoints
from boocoder.git.shadow import Worktree
from boocoder.git.shadows import Shadows
from boocoder.model.ids import SessionId, SnapshotId, TaskId, new_id
from boocoder.model.turn import StopSignal
from boocoder.worktrees.checkout_watch import CheckoutWatch, TurnWatch
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.making import Worktrees, needs_setup
from boocoder.worktrees.setup import Emit, NotReady

log = logging.getLogger(__name__)

Taken = ChangeMeasure
START_SNAPSHOT_S = 20.0  # a prompt waits no longer for it


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a session's agent works.

    Args:
        watch: notices what changes in the user's checkout meanwhile; None where nobody looks.
    """

    worktree: Worktree
    watch: TurnWatch | None = None


class Workspaces:
    """Hands the worktrees of this host to turns and measures what became of them.

    Args:
        worktrees: makes them.
        holds: keeps everybody else out of a turn's worktree.
        watch: looks at the users' checkouts.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: Shadows,
        worktrees: Worktrees,
        holds: Holds,
        watch: CheckoutWatch,
        failpoints: Failpoints,
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._worktrees = worktrees
        self._holds = holds
        self._watch = watch
        self._failpoints = failpoints

    def turn(self, session_id: SessionId) -> AbstractAsyncContextManager[None]:
        """Have the session's worktree for the time of a turn; see `Holds.turn`."""
        return self._holds.turn(session_id)

    async def ensure(self, task: ClaimedTask, *, emit: Emit, stop: StopSignal) -> Workspace | NotReady:
        """The session's worktree, made and set up now as far as it is not; or how the turn ends without it.

        Args:
            emit: shows what is done as events of the turn.
            stop: ends the setup command.

        Raises:
            InvalidInput: the project cannot have worktrees (gone, no repository, no commit), or start_unknown.
            GitError: git refused.
        """
        worktree: Worktree | NotReady | None = known_worktree(task)
        if not isinstance(worktree, Worktree) or not worktree.path.is_dir():
            worktree = await self._worktrees.ensure(task.session_id, emit=emit, stop=stop)
        if not isinstance(worktree, Worktree):
            return worktree
        return Workspace(worktree, self._watch.begin(task.project_id, Path(task.project_path)))

    async def take_start(self, task: ClaimedTask, worktree: Worktree) -> None:
        """Keep what the files are before the turn, where they are not as in the newest snapshot. It never fails.

        On files that nobody touched it costs one look of git's and no row.
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
        tree = await shadow.snapshot(worktree.path, index=index, ref=now)
        async with self._database.relaxed() as conn:
            newest = await latest_snapshot(conn, session_id)
            if newest is not None and newest.tree == tree:
                return
            snapshot_id = SnapshotId(new_id())
            ref = f"refs/boocoder/{session_id}/{snapshot_id}"
            await shadow.keep(ref, tree, beside=tree)
            await insert_snapshot(
                conn, snapshot_id, session_id, task_id=task.id, kind=SnapshotKind.TURN_START, tree=tree, ref=ref
            )

    async def take(self, task: ClaimedTask, worktree: Worktree) -> Taken:
        """Snapshot the worktree and measure it against what was applied last, else against its base.

        Raises:
            GitError: git refused, or took too long.
        """
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        ref = _ref(task.session_id, task.id)
        snapshot = await shadow.take_snapshot(worktree.path, index=self._worktrees.index_of(task.session_id), ref=ref)
        self._failpoints.hit("settle.after_snapshot")
        base_tree = await self._decided_tree(task.session_id) or worktree.base_tree
        taken = await measure(shadow, base_tree=base_tree, tree=snapshot.tree)
        return replace(taken, skipped=snapshot.skipped)

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
    """The ref that keeps the tree which a task left behind."""
    return f"refs/boocoder/{session_id}/{task_id}"
