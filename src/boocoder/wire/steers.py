"""Messages for a turn that runs."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import MessageId, SessionId, SteerId, TaskId
from boocoder.model.steer import SteerSender, SteerState


class SteerInfo(msgspec.Struct, frozen=True):
    """A message for a turn that runs.

    Args:
        task_id: whose turn it is for.
        message_id, part: where in the conversation it was delivered, null before that.
        queued_task_id: the task that it became, where the turn could not take it.
    """

    id: SteerId
    session_id: SessionId
    task_id: TaskId
    prompt: str
    sent_by: SteerSender
    state: SteerState
    message_id: MessageId | None
    part: int | None
    queued_task_id: TaskId | None
    created_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None
