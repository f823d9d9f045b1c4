"""What ends a turn: snapshot and diff first, then one guarded transaction, then the frames. No other place ends one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import msgspec

from boocoder.broker.broker import Broker
from boocoder.changes.pending import store_measured
from boocoder.db import agent_sessions, attempts, events, messages, permissions, tasks
from boocoder.db.agent_sessions import AgentSessionState
from boocoder.db.pool import Connection, Database
from boocoder.db.worktrees import SnapshotKind, insert_snapshot
from boocoder.dispatch.owner import Owner
from boocoder.dispatch.permissions import frame_of
from boocoder.dispatch.workspace import Taken
from boocoder.errors import LeaseLost
from boocoder.events import frames
from boocoder.events.agent_event import Usage
from boocoder.events.batch import BatchItem, EventItem
from boocoder.events.transcript import TurnIds, request_item
from boocoder.failpoints import Failpoints
from boocoder.model.ids import SnapshotId, new_id
from boocoder.model.task import MessageStatus, TaskState
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, TimedOut, TurnError

Final = Literal["completed", "failed", "cancelled", "interrupted", "timed_out"]
Status = Literal["complete", "failed", "cancelled", "interrupted", "timed_out"]

NO_ERROR = TurnError("", "", "")
CRASH_CODES = ("agent_died", "agent_start_failed")  # the agent's session is resumed with care afterwards


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is known when a turn ends.

    Args:
        outcome: how it ended.
        agent: the product's name.
        summary: the first words of the answer.
        usage: the last usage that the agent told.
        taken: the worktree's newest tree and its diff; None where there is no worktree, or it could not be read.
        seen_ord: number of the newest message that the agent knows now; None where it never had the prompt.
        requeue: give the task back to the queue: the agent never had the prompt.
    """

    outcome: Outcome
    agent: str
    summary: str
    usage: Usage | None
    taken: Taken | None
    seen_ord: int | None
    requeue: bool = False


async def settle(
    ending: Ending, *, owner: Owner, ids: TurnIds, database: Database, broker: Broker, failpoints: Failpoints
) -> None:
    """End the attempt in one transaction, then publish.

    Raises:
        LeaseLost: another host owns the attempt; nothing was written.
    """
    async with database.transaction() as conn:
        state = TaskState.PENDING if ending.requeue else _state(ending.outcome)
        if not await attempts.end_attempt(conn, *owner.key, state):
            raise LeaseLost("lease_lost", f"Task {owner.task_id} is run by another host.")
        asked = [frame_of(request) for request in await permissions.close_requests(conn, owner.task_id, owner.epoch)]
        drafts = [*asked, *await _write(conn, ending, owner, ids)]
        drafts.append(await _queue_frame(conn, ids, state))
        drafts.append(_turn_ended(ending, ids, owner.epoch))
        items: list[BatchItem] = [request_item(frame) for frame in asked]
        items += [EventItem(frames.type_of(frame), frames.encode(frame)) for frame in drafts]
        first = await events.record_batch(conn, None, ids.session_id, items)
        failpoints.hit("settle.before_commit")
    failpoints.hit("settle.after_commit")
    frames.number(drafts, first, time.time())
    broker.commit(ids.session_id, first, first + len(drafts) - 1, drafts)


async def _write(conn: Connection, ending: Ending, owner: Owner, ids: TurnIds) -> list[frames.Frame]:
    error = error_of(ending.outcome)
    if ending.requeue:
        await tasks.requeue_task(conn, owner.task_id, owner.epoch)
    else:
        await tasks.finish_task(
            conn,
            owner.task_id,
            owner.epoch,
            _state(ending.outcome),
            error=error if error.code else None,
            summary=ending.summary or error.text,
            usage=msgspec.json.encode(ending.usage) if ending.usage else None,
        )
    status = _status(ending.outcome)
    drafts: list[frames.Frame] = []
    if await messages.finish_message(conn, ids.message_id, MessageStatus(status)):
        drafts.append(
            frames.MessageComplete(
                session_id=ids.session_id, message_id=ids.message_id, chat_id=ids.chat_id, status=status
            )
        )
    if ending.seen_ord is not None:
        await agent_sessions.set_seen(conn, ids.chat_id, ending.agent, ending.seen_ord)
    if error.code in CRASH_CODES:
        await agent_sessions.set_agent_session_state(conn, ids.chat_id, ending.agent, AgentSessionState.CRASHED)
    if ending.taken is not None:
        drafts.extend(await _write_change(conn, ending, ending.taken, ids))
    return drafts


async def _write_change(conn: Connection, ending: Ending, taken: Taken, ids: TurnIds) -> list[frames.Frame]:
    """The newest snapshot, and the session's one pending change as it makes it."""
    kind = SnapshotKind.INTERRUPTED if isinstance(ending.outcome, Interrupted) else SnapshotKind.TURN_END
    await insert_snapshot(conn, SnapshotId(new_id()), ids.session_id, task_id=ids.task_id, kind=kind, tree=taken.tree)
    return await store_measured(conn, ids.session_id, taken, task_id=ids.task_id, agent=ending.agent)


async def _queue_frame(conn: Connection, ids: TurnIds, state: TaskState) -> frames.QueueChanged:
    pending = (await tasks.count_tasks(conn, ids.session_id)).pending
    return frames.QueueChanged(session_id=ids.session_id, task_id=ids.task_id, state=state.value, pending=pending)


def _turn_ended(ending: Ending, ids: TurnIds, epoch: int) -> frames.TurnEnded:
    error = error_of(ending.outcome)
    return frames.TurnEnded(
        session_id=ids.session_id,
        task_id=ids.task_id,
        chat_id=ids.chat_id,
        outcome=_final(ending.outcome),
        code=error.code,
        text=error.text,
        cure=error.cure,
        epoch=epoch,
    )


def error_of(outcome: Outcome) -> TurnError:
    """The outcome's reason; empty where there is nothing to explain."""
    match outcome:
        case Failed(error) | Interrupted(error) | TimedOut(error):
            return error
        case Completed() | Cancelled():
            return NO_ERROR


def _final(outcome: Outcome) -> Final:
    match outcome:
        case Completed():
            return "completed"
        case Failed():
            return "failed"
        case Cancelled():
            return "cancelled"
        case Interrupted():
            return "interrupted"
        case TimedOut():
            return "timed_out"


def _state(outcome: Outcome) -> TaskState:
    return TaskState(_final(outcome))


def _status(outcome: Outcome) -> Status:
    final = _final(outcome)
    return "complete" if final == "completed" else final
