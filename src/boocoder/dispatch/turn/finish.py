"""Settles a turn: attempt, task, message, usage, change and terminal frame in one guarded transaction."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from boocoder.broker.batch_writer import WENT_BACK
from boocoder.broker.outbox import Outbox
from boocoder.changes.diff.statistics import ChangeMeasure
from boocoder.changes.pending import store_measured
from boocoder.db.conversation import agent_sessions, messages
from boocoder.db.conversation.agent_sessions import AgentSessionState
from boocoder.db.conversation.events import BatchesLost
from boocoder.db.core.pool import Connection
from boocoder.db.files.worktrees import insert_snapshot
from boocoder.db.tasks import attempts, permissions, steers, tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.permission_rules import frame_of
from boocoder.dispatch.turn.recorder import Recorder
from boocoder.dispatch.turn.services import TurnServices
from boocoder.errors import BoocoderError, LeaseLost, Unavailable
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel, Usage
from boocoder.events.batch import PartItem
from boocoder.events.message_part import request_item, steer_item
from boocoder.events.transcript import TurnIds
from boocoder.failpoints import Failpoints
from boocoder.model.ids import SnapshotId, new_id
from boocoder.model.session import SnapshotKind
from boocoder.model.task import MessageStatus, TaskState
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, TimedOut, TurnError
from boocoder.wire.steers import SteerInfo

Final = Literal["completed", "failed", "cancelled", "interrupted", "timed_out"]
Status = Literal["complete", "failed", "cancelled", "interrupted", "timed_out"]

log = logging.getLogger(__name__)

KEPT_OF_REFUSED_CHARS = 1_000_000  # of each part of a message whose text the database refuses to finish
FINISH_S = 60.0  # for a database that is being restarted
FINISH_RETRY_S = 0.5
NO_ERROR = TurnError("", "", "")
CRASH_CODES = (
    "agent_died",
    "agent_start_failed",
)  # afterwards the agent's session is resumed only if a load replays something


@dataclass(frozen=True, slots=True)
class TurnEnding:
    """All that is known when a turn ends.

    Args:
        outcome: how it ended.
        agent: the product's name.
        summary: the first words of the answer.
        usage: the last usage that the agent reported.
        measure: the worktree's newest tree and its diff; None where there is no worktree, or it could not be read.
        seen_ord: number of the newest message that the agent knows now; None where it never had the prompt.
        requeue: give the task back to the queue: the agent never had the prompt.
        left_out: what could not be stored, as part of a sentence; "" where everything can.
    """

    outcome: Outcome
    agent: str
    summary: str
    usage: Usage | None
    measure: ChangeMeasure | None
    seen_ord: int | None
    requeue: bool = False
    left_out: str = ""


async def finish_turn(
    ending: TurnEnding, *, key: AttemptKey, ids: TurnIds, services: TurnServices, recorder: Recorder | None = None
) -> None:
    """End the attempt; what the database refuses is left out, so that no turn can keep its session busy.

    Args:
        recorder: of the turn, which stores again what a crash of the database has lost.

    Raises:
        LeaseLost: another host owns the attempt; nothing was written.
        Unavailable: the database stayed away for FINISH_S; orphan recovery ends the turn.
    """
    for reduced in _reductions(ending):
        try:
            await _settle_patiently(reduced, key, ids, services, recorder)
        except LeaseLost:
            raise
        except Exception as error:  # the turn has to end after any error
            if isinstance(error, Unavailable) and error.code != "database_slow":
                raise
            log.exception("turn not finished", extra={"task_id": key.task_id, "left_out": reduced.left_out})
        else:
            return
    raise BoocoderError("turn_not_settled", f"The end of task {key.task_id} cannot be stored.", "See the log.")


def _reductions(ending: TurnEnding) -> Iterator[TurnEnding]:
    """The ending, then with less and less of what may be in the way."""
    yield ending
    yield replace(ending, measure=None, left_out="the change")
    yield replace(
        ending, measure=None, usage=None, summary="", left_out="the change, the usage and the end of the text"
    )


async def _settle_patiently(
    ending: TurnEnding, key: AttemptKey, ids: TurnIds, services: TurnServices, recorder: Recorder | None
) -> None:
    give_up_at = time.monotonic() + FINISH_S
    while True:
        try:
            try:
                return await end_attempt(
                    ending,
                    key=key,
                    ids=ids,
                    outbox=services.outbox,
                    failpoints=services.failpoints,
                    batches=recorder.batches if recorder is not None else None,
                )
            except BatchesLost as error:
                assert recorder is not None
                await recorder.restore(error.stored)
        except Unavailable as error:
            if error.code in ("database_slow", WENT_BACK) or time.monotonic() > give_up_at:
                raise
            await asyncio.sleep(FINISH_RETRY_S)


async def end_attempt(
    ending: TurnEnding,
    *,
    key: AttemptKey,
    ids: TurnIds,
    outbox: Outbox,
    failpoints: Failpoints,
    batches: int | None = None,
) -> None:
    """End the attempt in one transaction, and publish it.

    Args:
        batches: how many the session's stream has to have; None for any number.

    Raises:
        BatchesLost: it has another number; nothing was written.
        LeaseLost: another host owns the attempt; nothing was written.
        Unavailable: the database is not there.
    """
    async with outbox.transaction() as transaction:
        conn = transaction.conn
        state = TaskState.PENDING if ending.requeue else _state(ending.outcome)
        ended = await attempts.end_attempt(conn, *key.guard, state)
        if ended is None:
            raise LeaseLost("lease_lost", f"Task {key.task_id} is run by another host.")
        if batches not in (None, ended.batches):
            raise BatchesLost(ids.session_id, expected=batches, stored=ended.batches)
        asked = [frame_of(request) for request in await permissions.close_requests(conn, key.task_id, key.epoch)]
        drafts = [*asked, *await _write(conn, ending, key, ids)]
        steered = await steers.close_steers(conn, key.task_id, requeue=ending.requeue)
        for steer in steered:
            drafts.extend(await steers.moved_frames(conn, steer))
        drafts.append(await tasks.queue_changed(conn, ids.session_id, ids.task_id, state))
        drafts.append(_turn_ended(ending, ids, key.epoch))
        await transaction.append(ids.session_id, drafts, parts=[*map(request_item, asked), *_steer_parts(steered)])
        failpoints.hit("settle.before_commit")
    failpoints.hit("settle.after_commit")


def _steer_parts(steered: Sequence[SteerInfo]) -> list[PartItem]:
    items = (steer_item(steers.steer_frame(steer)) for steer in steered)
    return [item for item in items if item is not None]


async def _write(conn: Connection, ending: TurnEnding, key: AttemptKey, ids: TurnIds) -> list[frames.Frame]:
    error = error_of(ending.outcome)
    if ending.requeue:
        await tasks.requeue_task(conn, key.task_id, key.epoch)
    else:
        await tasks.finish_task(
            conn,
            key.task_id,
            key.epoch,
            _state(ending.outcome),
            error=error if error.code else None,
            summary=ending.summary or error.text,
            usage=msgspec.json.encode(ending.usage) if ending.usage else None,
        )
    status = _status(ending.outcome)
    if ending.left_out and ending.usage is None:
        await messages.cut_text(conn, ids.message_id, KEPT_OF_REFUSED_CHARS)
    drafts: list[frames.Frame] = []
    if await messages.finish_message(conn, ids.message_id, MessageStatus(status)):
        drafts.append(
            frames.MessageCompleteFrame(
                session_id=ids.session_id, message_id=ids.message_id, chat_id=ids.chat_id, status=status
            )
        )
    if ending.left_out:
        text = f"The database refused a part of this turn, so it was left out: {ending.left_out}. The files are kept."
        drafts.append(frames.session_notice(ids.session_id, "turn_cut", text, NoticeLevel.WARNING))
    if ending.seen_ord is not None:
        await agent_sessions.set_seen(conn, ids.chat_id, ending.agent, ending.seen_ord)
    if error.code in CRASH_CODES:
        await agent_sessions.set_agent_session_state(conn, ids.chat_id, ending.agent, AgentSessionState.CRASHED)
    if ending.measure is not None:
        drafts.extend(await _write_change(conn, ending, ending.measure, ids))
    return drafts


async def _write_change(
    conn: Connection, ending: TurnEnding, measure: ChangeMeasure, ids: TurnIds
) -> list[frames.Frame]:
    """The newest snapshot, and the session's one pending change as it makes it."""
    kind = SnapshotKind.INTERRUPTED if isinstance(ending.outcome, Interrupted) else SnapshotKind.TURN_END
    await insert_snapshot(
        conn,
        SnapshotId(new_id()),
        ids.session_id,
        task_id=ids.task_id,
        kind=kind,
        tree=measure.tree,
        head_commit=measure.head_commit,
    )
    return await store_measured(conn, ids.session_id, measure, task_id=ids.task_id, agent=ending.agent)


def _turn_ended(ending: TurnEnding, ids: TurnIds, epoch: int) -> frames.TurnEndedFrame:
    error = error_of(ending.outcome)
    return frames.TurnEndedFrame(
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
