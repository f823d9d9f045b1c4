"""Messages for a turn that runs: their rows, and the guarded moves of their states."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.tasks.tasks import queue_changed
from boocoder.errors import NotFound
from boocoder.events import frames
from boocoder.model.ids import MessageId, SessionId, SteerId, TaskId, new_id
from boocoder.model.steer import SteerSender, SteerState
from boocoder.model.task import TaskState
from boocoder.wire.steers import SteerInfo


class SteerTarget(msgspec.Struct, frozen=True):
    """The task whose turn a message is for, and its agent."""

    task_id: TaskId
    agent: str


_HOLD = statement("steers", "hold_turn", row=SteerTarget, params=(UUID,))
_NEWEST = statement("steers", "newest_task", row=SteerTarget, params=(UUID,))
_INSERT = statement("steers", "insert_steer", row=SteerInfo, params=(UUID, UUID, UUID, str, SteerSender, str | None))
_GET = statement("steers", "get_steer", row=SteerInfo, params=(UUID,))
_FIND = statement("steers", "find_by_idempotency_key", row=SteerInfo, params=(str,))
_LIST = statement("steers", "list_steers", row=SteerInfo, params=(UUID, SteerState | None, int, UUID | None))
_NEXT = statement("steers", "next_reserved", row=SteerInfo, params=(UUID,))
_DELIVER = statement("steers", "deliver_steer", row=SteerInfo, params=(UUID, UUID, int))
_END = statement("steers", "end_steer", row=SteerInfo, params=(UUID, SteerState))
_RETURN = statement("steers", "return_steer", row=SteerInfo, params=(UUID, UUID))
_OPEN = statement("steers", "lock_open", row=SteerInfo, params=(UUID,))
_PUT_BEFORE = statement("steers", "put_before_returned", row=Done, params=(UUID,))


async def hold_turn(conn: Connection, session_id: SessionId) -> SteerTarget | None:
    """The turn that runs in a session, kept from ending until the transaction does; None if none runs."""
    return await _HOLD.first(conn, session_id)


async def newest_task(conn: Connection, session_id: SessionId) -> SteerTarget | None:
    """The newest task of a session, None if it has none."""
    return await _NEWEST.first(conn, session_id)


async def insert_steer(
    conn: Connection,
    *,
    session_id: SessionId,
    task_id: TaskId,
    prompt: str,
    sent_by: SteerSender,
    idempotency_key: str | None,
) -> SteerInfo | None:
    """A new reserved message; None where the idempotency key is taken."""
    return await _INSERT.first(conn, SteerId(new_id()), session_id, task_id, prompt, sent_by, idempotency_key)


async def get_steer(conn: Connection, steer_id: SteerId) -> SteerInfo:
    """One message.

    Raises:
        NotFound: steer_not_found.
    """
    found = await _GET.first(conn, steer_id)
    if found is None:
        text = f"There is no message {steer_id} for a running turn."
        raise NotFound("steer_not_found", text, "List the session's messages for running turns to see their ids.")
    return found


async def find_by_idempotency_key(conn: Connection, key: str) -> SteerInfo | None:
    """The message that was sent with this key."""
    return await _FIND.first(conn, key)


async def list_steers(
    conn: Connection,
    session_id: SessionId,
    *,
    state: SteerState | None = None,
    limit: int = 100,
    before: SteerId | None = None,
) -> list[SteerInfo]:
    """A page of a session's messages, newest first.

    Args:
        state: only these.
        limit: rows at most.
        before: id of the last one of the page before.
    """
    return await _LIST.all(conn, session_id, state, limit, before)


async def next_reserved(conn: Connection, task_id: TaskId) -> SteerInfo | None:
    """The oldest message that waits for a task's turn."""
    return await _NEXT.first(conn, task_id)


async def deliver_steer(conn: Connection, steer_id: SteerId, message_id: MessageId, part: int) -> SteerInfo | None:
    """The agent gets it now, as this part of its message; None where it is not reserved any more."""
    return await _DELIVER.first(conn, steer_id, message_id, part)


async def confirm_steer(conn: Connection, steer_id: SteerId) -> SteerInfo | None:
    """The agent has it; None where it is not on its way."""
    return await _END.first(conn, steer_id, SteerState.CONFIRMED)


async def withdraw_steer(conn: Connection, steer_id: SteerId) -> SteerInfo | None:
    """A person takes it back; None where the agent may have it, or it is over."""
    return await _END.first(conn, steer_id, SteerState.WITHDRAWN)


async def return_steer(conn: Connection, steer_id: SteerId) -> SteerInfo | None:
    """It becomes a task that runs next; None where it is over already."""
    return await _RETURN.first(conn, steer_id, TaskId(new_id()))


async def close_steers(conn: Connection, task_id: TaskId, *, requeue: bool) -> list[SteerInfo]:
    """At a turn's end: what waits is returned to the queue, what was delivered and not confirmed stays so.

    Args:
        requeue: the turn's task goes back into the queue, and has to run before its messages.

    Returns:
        those that moved, oldest first.
    """
    moved: list[SteerInfo] = []
    for steer in await _OPEN.all(conn, task_id):
        waits = steer.state is SteerState.RESERVED
        ended = await (return_steer(conn, steer.id) if waits else _END.one(conn, steer.id, SteerState.UNCONFIRMED))
        if ended is not None:
            moved.append(ended)
    if requeue and moved:
        await _PUT_BEFORE.changed(conn, task_id)
    return moved


def steer_frame(steer: SteerInfo) -> frames.SteerFrame:
    """The frame that shows the message's state."""
    return frames.SteerFrame(
        session_id=steer.session_id,
        steer_id=steer.id,
        task_id=steer.task_id,
        state=steer.state.value,
        text=steer.prompt,
        sent_by=steer.sent_by.value,
        message_id=steer.message_id,
        part=steer.part,
        queued_task_id=steer.queued_task_id,
    )


async def moved_frames(conn: Connection, steer: SteerInfo) -> list[frames.Frame]:
    """The frames of a message that moved, with that of the task that it may have become."""
    if steer.queued_task_id is None:
        return [steer_frame(steer)]
    queued = await queue_changed(conn, steer.session_id, steer.queued_task_id, TaskState.PENDING)
    return [queued, steer_frame(steer)]
