"""Takes the snapshot at the end of a turn and measures the change, with a time limit."""

from __future__ import annotations

import asyncio
import logging
import time

from boocoder.changes.diff.statistics import ChangeMeasure, path_text
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.workspaces import Workspace, Workspaces
from boocoder.errors import BoocoderError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.events.transcript import Transcript

log = logging.getLogger(__name__)

SKIPPED_SHOWN = 20  # files that a snapshot had to leave out, named one by one
SNAPSHOT_S = 120.0  # a worktree that cannot be read in this time leaves the change as it was, with a notice


async def measure_worktree(
    task: ClaimedTask, workspace: Workspace | None, transcript: Transcript, workspaces: Workspaces
) -> ChangeMeasure | None:
    """Snapshot and measure the worktree; where that fails, the transcript says so and the change stays as it was."""
    if workspace is None:
        return None
    began = time.monotonic()
    if workspace.watch is not None:
        workspace.watch.look_again()
    try:
        async with asyncio.timeout(SNAPSHOT_S):
            worktree, moved = await workspaces.follow_merge(task, workspace.worktree)
            measure = await workspaces.take(task, worktree)
    except (BoocoderError, TimeoutError) as error:
        log.warning("snapshot failed", extra={"task_id": task.id}, exc_info=error)
        text = f"The worktree could not be read, so the change was left as it was: {error}"
        transcript.notice(Notice("snapshot_failed", text, NoticeLevel.WARNING))
        return None
    if moved is not None:
        transcript.notice(moved)
    outside = await workspace.watch.notice(time.monotonic() - began) if workspace.watch is not None else None
    if outside is not None:
        transcript.notice(outside)
    for left_out in measure.skipped[:SKIPPED_SHOWN]:
        text = f"{path_text(left_out.path)[0]} is not in the change: {left_out.reason}"
        transcript.notice(Notice("file_skipped", text, NoticeLevel.WARNING))
    return measure
