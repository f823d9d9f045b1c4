"""Takes the snapshot at the end of a turn and measures the change, with a time limit.

It may begin as soon as the agent's end is seen, while the backend still reads what the agent has stored of the turn.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field

from boocoder.changes.diff.statistics import ChangeMeasure, path_text
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.workspaces import Workspace, Workspaces
from boocoder.errors import BoocoderError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.events.transcript import Transcript
from boocoder.failpoints import Failpoints
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

SKIPPED_SHOWN = 20  # files that a snapshot had to leave out, named one by one
SNAPSHOT_S = 120.0  # a worktree that cannot be read in this time leaves the change as it was, with a notice


@dataclass(slots=True)
class MeasuredWorktree:
    """What a worktree held at one moment.

    Args:
        worktree: with the base that the change is measured against.
        measure: None where the worktree could not be read.
        base_moved: says so, where it moved now.
        notices: what else a person should see.
    """

    worktree: Worktree
    measure: ChangeMeasure | None = None
    base_moved: Notice | None = None
    notices: list[Notice] = field(default_factory=list)

    def tell(self, transcript: Transcript) -> ChangeMeasure | None:
        """Put the notices into the transcript, and return the measure."""
        for notice in (self.base_moved, *self.notices):
            if notice is not None:
                transcript.notice(notice)
        return self.measure


class EndSnapshot:
    """One turn's last snapshot: of the moment at which its agent was done, or of a later one."""

    def __init__(self, task: ClaimedTask, workspaces: Workspaces, failpoints: Failpoints) -> None:
        self._task = task
        self._workspaces = workspaces
        self._failpoints = failpoints
        self._supervisor = TaskSupervisor(f"turn-end:{task.id}")
        self._early: asyncio.Task[MeasuredWorktree] | None = None

    def begin(self, workspace: Workspace) -> None:
        """Begin to measure now, once; the agent is done as far as it says."""
        if self._early is None:
            self._early = self._supervisor.spawn(self._measure_early(workspace), "snapshot")

    async def _measure_early(self, workspace: Workspace) -> MeasuredWorktree:
        measured = await _measured(self._task, workspace, self._workspaces)
        self._failpoints.hit("done.after_snapshot")
        return measured

    async def measure(self, workspace: Workspace | None, transcript: Transcript, *, anew: bool) -> ChangeMeasure | None:
        """The worktree's measure; where there is none, the transcript says so and the change stays as it was.

        Args:
            anew: the agent may have done more since the snapshot began.
        """
        if workspace is None:
            return None
        early = await self._early_result()
        if early is not None and early.measure is not None and not anew:
            return early.tell(transcript)
        if early is not None:
            workspace = Workspace(early.worktree, workspace.watch)
        measured = await _measured(self._task, workspace, self._workspaces)
        if early is not None:
            measured.base_moved = measured.base_moved or early.base_moved
        return measured.tell(transcript)

    async def _early_result(self) -> MeasuredWorktree | None:
        if self._early is None:
            return None
        await asyncio.wait({self._early})  # also where it is too early: both use the session's private index
        failed = self._early.cancelled() or self._early.exception() is not None
        return None if failed else self._early.result()

    async def stop(self) -> None:
        """The turn is over, or was given up; a snapshot under way is finished rather than cut off."""
        await self._supervisor.stop(SNAPSHOT_S)


async def measure_worktree(
    task: ClaimedTask, workspace: Workspace | None, transcript: Transcript, workspaces: Workspaces
) -> ChangeMeasure | None:
    """Snapshot and measure the worktree; where that fails, the transcript says so and the change stays as it was."""
    if workspace is None:
        return None
    return (await _measured(task, workspace, workspaces)).tell(transcript)


async def _measured(task: ClaimedTask, workspace: Workspace, workspaces: Workspaces) -> MeasuredWorktree:
    found = MeasuredWorktree(workspace.worktree)
    began = time.monotonic()
    if workspace.watch is not None:
        workspace.watch.look_again()
    try:
        async with asyncio.timeout(SNAPSHOT_S):
            found.worktree, found.base_moved = await workspaces.follow_merge(task, workspace.worktree)
            found.measure = await workspaces.take(task, found.worktree)
    except (BoocoderError, TimeoutError) as error:
        log.warning("snapshot failed", extra={"task_id": task.id}, exc_info=error)
        text = f"The worktree could not be read, so the change was left as it was: {error}"
        found.notices.append(Notice("snapshot_failed", text, NoticeLevel.WARNING))
        return found
    outside = await workspace.watch.notice(time.monotonic() - began) if workspace.watch is not None else None
    if outside is not None:
        found.notices.append(outside)
    for left_out in found.measure.skipped[:SKIPPED_SHOWN]:
        text = f"{path_text(left_out.path)[0]} is not in the change: {left_out.reason}"
        found.notices.append(Notice("file_skipped", text, NoticeLevel.WARNING))
    return found
