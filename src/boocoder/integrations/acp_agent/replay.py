"""Where the history of a session ends, so that it can be sent before a session is reported as loaded."""

from __future__ import annotations

import asyncio
from uuid import UUID

from boocoder.client.http_client import Client
from boocoder.events import frames
from boocoder.model.task import TaskState
from boocoder.wire.tasks import TaskInfo


class ReplayEnd:
    """The frame at which everything that happened before the load was seen.

    Args:
        task_id: the newest task whose turn began or that was cancelled; what comes of a running turn later is live.
        running: whether its turn runs.
    """

    def __init__(self, task_id: UUID, *, running: bool) -> None:
        self._task_id = task_id
        self._running = running
        self.reached = asyncio.Event()

    def take(self, frame: frames.Frame) -> bool:
        """Take a frame; True if it is the last one of history."""
        if self.reached.is_set() or not self._ends(frame):
            return False
        self.reached.set()
        return True

    def _ends(self, frame: frames.Frame) -> bool:
        match frame:
            case frames.TurnStartedFrame():
                return self._running and frame.task_id == self._task_id
            case frames.TurnEndedFrame():
                return frame.task_id == self._task_id
            case frames.QueueChangedFrame(state="cancelled"):
                return frame.task_id == self._task_id
            case _:
                return False


async def find_replay_end(client: Client, session_id: str) -> ReplayEnd | None:
    """The end of a session's history as it is now; None if nothing has happened in it."""
    before: str | None = None
    while page := await client.items("/api/tasks", TaskInfo, session_id=session_id, before=before):
        for task in page:
            if task.state is not TaskState.PENDING:
                return ReplayEnd(task.id, running=not task.state.final)
        before = str(page[-1].id)
    return None
