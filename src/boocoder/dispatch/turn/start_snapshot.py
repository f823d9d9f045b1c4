"""Keeps what a session's files were before a turn, beside the turn's other preparations. It never fails a turn."""

from __future__ import annotations

import asyncio

from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.workspaces import Workspaces
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.service import TaskSupervisor

STOP_S = 120.0  # a snapshot under way is finished rather than cut off


class StartSnapshot:
    """One turn's first snapshot.

    It may begin as soon as the task is claimed: every other operation that changes the files of a worktree locks it.
    The claim respects that lock, and no lock is granted while a task runs.
    """

    def __init__(self, task: ClaimedTask, workspaces: Workspaces) -> None:
        self._task = task
        self._workspaces = workspaces
        self._supervisor = TaskSupervisor(f"turn:{task.id}")
        self._taking: asyncio.Task[None] | None = None

    def begin(self, worktree: Worktree | None) -> None:
        """Begin to take it, unless it has begun, or the files are not there (they are as in a snapshot, then)."""
        if self._taking is None and worktree is not None and is_real_directory(worktree.path):
            taking = self._workspaces.take_start(self._task, worktree)
            self._taking = self._supervisor.spawn(taking, "snapshot")

    async def wait(self) -> None:
        """Wait until the files as they were are kept, or could not be."""
        if self._taking is not None:
            await self._taking

    async def stop(self) -> None:
        """The turn is over, or was given up."""
        await self._supervisor.stop(STOP_S)
