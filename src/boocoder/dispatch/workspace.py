"""A session's worktree: made once at a fixed base commit, measured after every turn. One copy for every backend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.changes.measure import ChangeMeasure, measure
from boocoder.db import worktrees
from boocoder.db.changes import decided_tree
from boocoder.db.claim import ClaimedTask
from boocoder.db.pool import Database
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.shadow import ShadowRepository, Worktree
from boocoder.git.shadows import Shadows
from boocoder.model.ids import SessionId, TaskId

Taken = ChangeMeasure


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a session's agent works.

    Args:
        notices: what the person should know about it, when it was made just now.
    """

    worktree: Worktree
    notices: tuple[Notice, ...] = ()


class Workspaces:
    """Makes and measures the worktrees of this host.

    Args:
        root: directory of all worktrees; their names are session ids.
        indexes: directory of the private git indexes, one a session, which make snapshots quick.
    """

    def __init__(
        self, *, database: Database, shadows: Shadows, root: Path, indexes: Path, failpoints: Failpoints
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._root = root
        self._indexes = indexes
        self._failpoints = failpoints
        self._locks: dict[SessionId, asyncio.Lock] = {}

    async def ensure(self, task: ClaimedTask) -> Workspace:
        """The session's worktree, made now if it does not exist.

        Raises:
            InvalidInput: the project cannot have worktrees (gone, no repository, no commit).
            GitError: git refused.
        """
        known = known_worktree(task)
        if known is not None and known.path.is_dir():
            return Workspace(known)
        lock = self._locks.setdefault(task.session_id, asyncio.Lock())
        async with lock:
            return await self._make(task, known)

    async def _make(self, task: ClaimedTask, known: Worktree | None) -> Workspace:
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        path = self._root / str(task.session_id)
        if known is not None or path.exists():  # gone by hand, or an earlier try was cut short
            await shadow.remove_worktree(path)
        made = await shadow.add_worktree(path, commit=known.base_commit if known else None)
        self._failpoints.hit("worktree.after_add")
        notices = (await self._restore(task, shadow, made),) if known else _notices_of_new(made)
        async with self._database.connection() as conn:
            await worktrees.put_worktree(
                conn,
                task.session_id,
                path=made.path,
                base_commit=made.base_commit,
                base_tree=made.base_tree,
                state=worktrees.WorktreeState.READY,
            )
        return Workspace(made, notices)

    async def _restore(self, task: ClaimedTask, shadow: ShadowRepository, made: Worktree) -> Notice:
        """Put the files of the newest snapshot back into a worktree that somebody deleted."""
        async with self._database.connection() as conn:
            newest = await worktrees.latest_snapshot(conn, task.session_id)
        if newest is not None and newest.task_id is not None:
            ref = _ref(task.session_id, newest.task_id)
            if await shadow.restore(made.path, index=self.index_of(task.session_id), ref=ref):
                text = "The session's worktree was gone; it was made again from its newest snapshot."
                return Notice("worktree_restored", text, NoticeLevel.WARNING)
        text = "The session's worktree was gone; it was made again from its base commit."
        return Notice("worktree_remade", text, NoticeLevel.WARNING)

    def index_of(self, session_id: SessionId) -> Path:
        """The private git index of a session."""
        return self._indexes / f"{session_id}.index"

    async def take(self, task: ClaimedTask, worktree: Worktree) -> Taken:
        """Snapshot the worktree and measure it against what was applied last, else against its base.

        Raises:
            GitError: git refused, or took too long.
        """
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        ref = _ref(task.session_id, task.id)
        snapshot = await shadow.take_snapshot(worktree.path, index=self.index_of(task.session_id), ref=ref)
        self._failpoints.hit("settle.after_snapshot")
        base_tree = await self._decided_tree(task.session_id) or worktree.base_tree
        taken = await measure(shadow, base_tree=base_tree, tree=snapshot.tree)
        return replace(taken, skipped=snapshot.skipped)

    async def _decided_tree(self, session_id: SessionId) -> str | None:
        async with self._database.connection() as conn:
            return await decided_tree(conn, session_id)


def known_worktree(task: ClaimedTask) -> Worktree | None:
    """The worktree that the session has according to the database."""
    if task.worktree_path is None or task.base_commit is None or task.base_tree is None:
        return None
    if task.worktree_state is not worktrees.WorktreeState.READY:
        return None
    return Worktree(Path(task.worktree_path), task.base_commit, task.base_tree)


def _notices_of_new(made: Worktree) -> tuple[Notice, ...]:
    if not made.dirty_files:
        return ()
    files = "1 uncommitted file" if made.dirty_files == 1 else f"{made.dirty_files} uncommitted files"
    text = f"Your checkout has {files}. The agent starts from commit {made.base_commit[:10]} and does not see them."
    return (Notice("base_is_dirty", text),)


def _ref(session_id: SessionId, task_id: TaskId) -> str:
    """The ref that keeps the tree which a task left behind."""
    return f"refs/boocoder/{session_id}/{task_id}"
