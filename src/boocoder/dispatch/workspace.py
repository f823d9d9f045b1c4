"""A session's worktree: made once at a fixed base commit, measured after every turn. One copy for every backend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from boocoder.changes.measure import ChangeMeasure, measure
from boocoder.changes.shadows import Shadows
from boocoder.db import worktrees
from boocoder.db.pool import Database
from boocoder.db.tasks import ClaimedTask
from boocoder.events.agent_event import Notice
from boocoder.failpoints import Failpoints
from boocoder.git.shadow import Worktree
from boocoder.model.ids import SessionId

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
        known = _known(task)
        if known is not None and known.path.is_dir():
            return Workspace(known)
        lock = self._locks.setdefault(task.session_id, asyncio.Lock())
        async with lock:
            return await self._make(task, known)

    async def _make(self, task: ClaimedTask, known: Worktree | None) -> Workspace:
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        path = self._root / str(task.session_id)
        notices: list[Notice] = []
        if known is not None:
            await shadow.remove_worktree(path)
            notices.append(await self._restore_notice(task))
        elif path.exists():
            await shadow.remove_worktree(path)  # an earlier try was cut short before its row said ready
        made = await shadow.add_worktree(path, commit=known.base_commit if known else None)
        if known is not None:
            await shadow.restore(path, index=self.index_of(task.session_id), ref=_ref(task.session_id))
        self._failpoints.hit("worktree.after_add")
        async with self._database.connection() as conn:
            await worktrees.put_worktree(
                conn,
                session_id=task.session_id,
                path=str(made.path),
                base_commit=made.base_commit,
                base_tree=made.base_tree,
                state="ready",
            )
        if made.dirty_files and known is None:
            notices.append(_dirty_notice(made.dirty_files, made.base_commit))
        return Workspace(made, tuple(notices))

    async def _restore_notice(self, task: ClaimedTask) -> Notice:
        return Notice(
            "worktree_restored",
            f"The worktree {task.worktree_path} was gone; it was made again from its last snapshot.",
        )

    def index_of(self, session_id: SessionId) -> Path:
        """The private git index of a session."""
        return self._indexes / f"{session_id}.index"

    async def take(self, task: ClaimedTask, worktree: Worktree) -> Taken:
        """Snapshot the worktree and measure it against its base.

        Raises:
            GitError: git refused, or took too long.
        """
        shadow = await self._shadows.of(task.project_id, Path(task.project_path))
        tree = await shadow.snapshot(worktree.path, index=self.index_of(task.session_id), ref=_ref(task.session_id))
        self._failpoints.hit("settle.after_snapshot")
        return await measure(shadow, base_tree=worktree.base_tree, tree=tree)
