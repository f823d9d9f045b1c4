"""Picks the frames of one task out of its session's stream, and the text of its answer out of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from boocoder.client.http_client import Client
from boocoder.events import frames
from boocoder.model.task import TaskState


class TaskFrames:
    """Picks the frames of one task out of its session's stream."""

    def __init__(self, task_id: UUID) -> None:
        self._task_id = task_id
        self._messages: set[UUID] = set()
        self._running = False
        self.outcome = ""  # set when the task has ended

    def takes(self, frame: frames.Frame) -> bool:
        """Whether the frame belongs to the task."""
        match frame:
            case frames.TurnStartedFrame():
                self._running = frame.task_id == self._task_id
                return self._running
            case frames.MessageStartedFrame():
                if frame.task_id == self._task_id:
                    self._messages.add(frame.message_id)
                return frame.task_id == self._task_id
            case frames.TurnEndedFrame() if frame.task_id == self._task_id:
                self.outcome = frame.outcome
                return True
            case frames.QueueChangedFrame() if frame.task_id == self._task_id:
                if frame.state == "cancelled" and not self._running:
                    self.outcome = frame.state  # it never ran, so no turn ends
                return True
            case frames.UsageFrame() | frames.ProgressFrame() | frames.TurnEndedFrame() | frames.QueueChangedFrame():
                return frame.task_id == self._task_id
            case frames.NoticeFrame() if frame.message_id is None:
                return self._running
            case (
                frames.ChangeUpdatedFrame()
                | frames.ReviewChangedFrame()
                | frames.AgentCommandsFrame()
                | frames.CaughtUpFrame()
                | frames.ResyncFrame()
            ):
                return self._running
            case _:
                return frame.message_id in self._messages


class AnswerText:
    """Collects the text that the agent writes, from live and stored frames alike."""

    def __init__(self) -> None:
        self._parts: dict[tuple[UUID, int], str] = {}

    def add(self, frame: frames.Frame) -> None:
        """Take the text of a frame; what is known already changes nothing."""
        if isinstance(frame, frames.DeltaFrame):
            key = (frame.message_id, frame.part)
            known = self._parts.get(key, "")
            if frame.offset <= len(known) < frame.offset + len(frame.text):
                self._parts[key] = known + frame.text[len(known) - frame.offset :]

    @property
    def text(self) -> str:
        """All of it, a blank line between parts."""
        return "\n\n".join(part.strip("\n") for part in self._parts.values() if part.strip())


async def follow_task(client: Client, session_id: UUID, task_id: UUID) -> AsyncGenerator[frames.Frame]:
    """The frames of a task from its beginning to its end; the last one has its outcome.

    Raises:
        Unavailable: the service was away for too long.
    """
    wanted = TaskFrames(task_id)
    async with aclosing(client.stream(session_id)) as received:
        async for frame in received:
            if wanted.takes(frame):
                yield frame
            if wanted.outcome:
                return


def ended_state(frame: frames.Frame) -> str:
    """The final state in a task's last frame, "" for any other frame."""
    match frame:
        case frames.TurnEndedFrame():
            return frame.outcome
        case frames.QueueChangedFrame() if TaskState(frame.state).final:
            return frame.state
        case _:
            return ""
