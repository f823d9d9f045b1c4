"""Keeps what a session's files were before a turn, beside the turn's other preparations. It never fails a turn."""

from __future__ import annotations

import asyncio

from boocoder.db.claim import ClaimedTask
from boocoder.dispatch.workspace import Workspaces
from boocoder.git.shadow import Worktree
from boocoder.service import Supervisor

STOP_S = 120.0  # a snapshot under way is finished rather than cut off


class StartSnapshot:
    """One turn's first snapshot.

    It may begin as soon as the task is claimed: whoever else changes the files of a worktree holds it by a mark that
    the claim respects, and gets none while a task runs.
    """

    def __init__(self, task: ClaimedTask, workspaces: Workspaces) -> None:
        self._task = task
        self._workspaces = workspaces
        self._supervisor = Supervisor(f"turn:{task.id}")
        self._taking: asyncio.Task[None] | None = None

    def begin(self, worktree: Worktree | None) -> None:
        """Begin to take it, unless it has begun, or the files are not there (they are as in a snapshot, then)."""
        if self._taking is None and worktree is not None and worktree.path.is_dir():
            taking = self._workspaces.take_start(self._task, worktree)
            self._taking = self._supervisor.spawn(taking, "snapshot")

    async def wait(self) -> None:
        """Wait until the files as they were are kept, or could not be."""
        if self._taking is not None:
            await self._taking

    async def stop(self) -> None:
        """The turn is over, or was given up."""
        await self._supervisor.stop(STOP_S)
