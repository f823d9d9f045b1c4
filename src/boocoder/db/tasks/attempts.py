"""Attempts: the lease under which a host runs a turn. What a lost turn becomes is upkeep's decision."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import LeaseLost
from boocoder.model.ids import HostId, InstanceId, SessionId, TaskId
from boocoder.model.task import TaskState


class LostAttempt(msgspec.Struct, frozen=True):
    """A live attempt whose owner is gone; `prompt_sent_at` says whether the agent may have the prompt."""

    task_id: TaskId
    epoch: int
    host_id: HostId
    instance_id: InstanceId
    started_at: datetime
    lease_until: datetime
    prompt_sent_at: datetime | None
    session_id: SessionId


class PromptMark(msgspec.Struct, frozen=True):
    """It is recorded that the agent may have the prompt; `steers_wait` says whether a person sent more meanwhile."""

    steers_wait: bool


class EndedAttempt(msgspec.Struct, frozen=True):
    """An attempt has ended; `batches` is how many its session's stream has."""

    batches: int


_HOLD = statement("attempts", "hold_attempt", row=Done, params=(UUID, int, UUID))
_SENT = statement("attempts", "mark_prompt_sent", row=PromptMark, params=(UUID, int, UUID))
_END = statement("attempts", "end_attempt", row=EndedAttempt, params=(UUID, int, UUID, TaskState))
_LOST = statement("attempts", "list_lost_attempts", row=LostAttempt, params=(UUID, UUID, float))
_TAKE_OVER = statement("attempts", "take_over_attempt", row=Done, params=(UUID, int, UUID, UUID, float))


def lease_lost(task_id: TaskId, epoch: int) -> LeaseLost:
    """The error of a writer whose attempt has ended or belongs to another instance."""
    text = f"Attempt {epoch} of task {task_id} has ended or is owned by another process."
    return LeaseLost("attempt_lease_lost", text)


async def hold_attempt(conn: Connection, task_id: TaskId, epoch: int, instance_id: InstanceId) -> None:
    """Make sure, until the transaction ends, that this instance owns the attempt. First thing in a turn's transaction.

    Raises:
        LeaseLost: attempt_lease_lost.
    """
    if not await _HOLD.changed(conn, task_id, epoch, instance_id):
        raise lease_lost(task_id, epoch)


async def mark_prompt_sent(conn: Connection, task_id: TaskId, epoch: int, instance_id: InstanceId) -> PromptMark | None:
    """Record that the agent is about to get the prompt; None if the lease is lost: then it must not be sent."""
    return await _SENT.first(conn, task_id, epoch, instance_id)


async def end_attempt(
    conn: Connection, task_id: TaskId, epoch: int, instance_id: InstanceId, outcome: TaskState
) -> EndedAttempt | None:
    """End an attempt; None if it has ended already or another instance owns it.

    Args:
        outcome: a final state, or PENDING when the task goes back to the queue unsent.
    """
    return await _END.first(conn, task_id, epoch, instance_id, outcome)


async def list_lost_attempts(
    conn: Connection, host_id: HostId, instance_id: InstanceId, grace_s: float
) -> list[LostAttempt]:
    """Live attempts without a live host, oldest first.

    Args:
        host_id: attempts of another instance of it are lost at once, as only one instance uses a host.
        instance_id: mine, never in the list.
        grace_s: seconds past the lease's end before another host's attempt counts as lost.
    """
    return await _LOST.all(conn, host_id, instance_id, grace_s)


async def take_over_attempt(
    conn: Connection, task_id: TaskId, epoch: int, host_id: HostId, instance_id: InstanceId, ttl_s: float
) -> bool:
    """Become the owner of a lost attempt; False if it has ended, was renewed, or another host was quicker."""
    return await _TAKE_OVER.changed(conn, task_id, epoch, host_id, instance_id, ttl_s)
