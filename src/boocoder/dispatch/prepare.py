"""A claimed task gets its messages and its first frames, in one transaction, before anything slow is done."""

from __future__ import annotations

from dataclasses import dataclass

from boocoder.broker.broker import Broker
from boocoder.db import events, messages, tasks
from boocoder.db.attempts import hold_attempt
from boocoder.db.claim import ClaimedTask
from boocoder.db.notes import take_notes
from boocoder.db.pool import Connection, Database
from boocoder.db.turns import get_user_message, said_before
from boocoder.dispatch.handover import MISSED_HEAD, Said, digest
from boocoder.dispatch.owner import Owner
from boocoder.events import frames
from boocoder.events.transcript import TurnIds
from boocoder.model.ids import MessageId, new_id
from boocoder.model.task import MessageRole

HANDOVER_MESSAGES = 200  # the newest of a chat; the digest is bounded by characters besides


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn whose messages exist; `message_ord` is the number of the assistant's message."""

    ids: TurnIds
    message_ord: int


async def open_turn(task: ClaimedTask, owner: Owner, *, agent: str, database: Database, broker: Broker) -> Opened:
    """Insert the user's and the assistant's message and publish turn_started and both message_started.

    Raises:
        LeaseLost: another host owns the attempt; nothing was written.
    """
    ids = TurnIds(task.session_id, task.chat_id, task.id, MessageId(new_id()))
    async with database.relaxed() as conn, conn.transaction():
        await hold_attempt(conn, *owner.key)
        user_id = await _insert_user_message(conn, task)
        message_ord = await messages.insert_message(
            conn,
            ids.message_id,
            session_id=task.session_id,
            chat_id=task.chat_id,
            task_id=task.id,
            role=MessageRole.ASSISTANT,
            agent=agent,
            model=task.model,
        )
        pending = (await tasks.count_tasks(conn, task.session_id)).pending
        drafts = _first_frames(task, agent, ids, user_id, pending)
        first = await events.append_frames(conn, task.session_id, drafts)
    broker.commit(task.session_id, first, first + len(drafts) - 1, drafts)
    return Opened(ids, message_ord)


async def _insert_user_message(conn: Connection, task: ClaimedTask) -> MessageId | None:
    """The new message's id; None where an earlier attempt inserted it."""
    if task.epoch > 1 and await get_user_message(conn, task.id) is not None:
        return None
    user_id = MessageId(new_id())
    await messages.insert_message(
        conn,
        user_id,
        session_id=task.session_id,
        chat_id=task.chat_id,
        task_id=task.id,
        role=MessageRole.USER,
    )
    return user_id


def _first_frames(
    task: ClaimedTask, agent: str, ids: TurnIds, user_id: MessageId | None, pending: int
) -> list[frames.Frame]:
    drafts: list[frames.Frame] = [
        frames.QueueChanged(session_id=task.session_id, task_id=task.id, state="running", pending=pending),
        frames.TurnStarted(
            session_id=task.session_id,
            task_id=task.id,
            chat_id=task.chat_id,
            agent=agent,
            model=task.model,
            mode=task.mode,
            epoch=task.epoch,
        ),
    ]
    if user_id is not None:  # a second attempt finds the user's message in place
        drafts.append(
            frames.MessageStarted(
                session_id=task.session_id,
                message_id=user_id,
                chat_id=task.chat_id,
                task_id=task.id,
                role="user",
                text=task.prompt,
                attachments=tuple(
                    frames.AttachmentData(one.id, one.name, one.media_type, one.size_bytes) for one in task.attached()
                ),
            )
        )
    drafts.append(
        frames.MessageStarted(
            session_id=task.session_id,
            message_id=ids.message_id,
            chat_id=task.chat_id,
            task_id=task.id,
            role="assistant",
        )
    )
    return drafts


async def handover_text(task: ClaimedTask, *, database: Database) -> str:
    """What an agent that has not seen this chat must be told before the prompt."""
    async with database.connection() as conn:
        said = await said_before(conn, task.chat_id, task.id, HANDOVER_MESSAGES)
    return digest([Said(row.who, row.text) for row in said])


async def missed_text(task: ClaimedTask, *, database: Database) -> str:
    """What was said in the chat since the task's agent took its last turn there; "" where it was the last one."""
    if task.seen_message_ord is None or task.native_id is None:
        return ""
    async with database.connection() as conn:
        said = await said_before(conn, task.chat_id, task.id, HANDOVER_MESSAGES, task.seen_message_ord)
    return digest([Said(row.who, row.text) for row in said], head=MISSED_HEAD)


async def notes_text(task: ClaimedTask, *, database: Database) -> str:
    """What a person did to the session's files since its last prompt; "" where there is nothing to tell."""
    if not task.has_notes:
        return ""
    async with database.connection() as conn:
        return "\n".join(await take_notes(conn, task.session_id, task.id))
