"""Opens a claimed task as a turn: its messages and first frames by one statement, and what its prompt may need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation.agent_notes import take_notes
from boocoder.db.conversation.messages import EarlierMessage, get_user_message, messages_before, unfinished_calls
from boocoder.db.conversation.turn_opening import NewMessages
from boocoder.db.core.pool import Database
from boocoder.db.tasks.claim import ClaimedTask
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.events import frames
from boocoder.events.tool_command import command_of
from boocoder.events.transcript import TurnIds
from boocoder.model.ids import MessageId, new_id
from boocoder.model.task import TaskState

EARLIER_MESSAGES = 200  # the newest of a chat; the texts made of them are bounded by characters


@dataclass(frozen=True, slots=True)
class OpenedTurn:
    """A turn whose messages exist; `message_ord` is the number of the assistant's message.

    Args:
        batches: how many the session's stream has.
    """

    ids: TurnIds
    message_ord: int
    batches: int


async def open_turn(task: ClaimedTask, attempt: AttemptKey, *, agent: str, outbox: Outbox) -> OpenedTurn:
    """Insert the user's and the assistant's message and publish turn_started and both message_started.

    Raises:
        LeaseLost: another host owns the attempt; nothing was written.
    """
    ids = TurnIds(task.session_id, task.chat_id, task.id, MessageId(new_id()))
    user_id = await _new_user_message(task, outbox.database)
    messages = NewMessages(task.session_id, task.chat_id, user_id, ids.message_id, agent, task.model)
    opening = await outbox.open_turn(messages, _first_frames(task, agent, ids, user_id), attempt.guard)
    return OpenedTurn(ids, opening.message_ord, opening.batches)


async def _new_user_message(task: ClaimedTask, database: Database) -> MessageId | None:
    """An id for the user's message; None where an earlier attempt inserted it."""
    if task.epoch > 1:
        async with database.connection() as conn:
            if await get_user_message(conn, task.id) is not None:
                return None
    return MessageId(new_id())


def _first_frames(task: ClaimedTask, agent: str, ids: TurnIds, user_id: MessageId | None) -> list[frames.Frame]:
    drafts: list[frames.Frame] = [
        frames.QueueChangedFrame(
            session_id=task.session_id, task_id=task.id, state=TaskState.RUNNING.value, pending=0
        ),  # counted as it is stored
        frames.TurnStartedFrame(
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
            frames.MessageStartedFrame(
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
        frames.MessageStartedFrame(
            session_id=task.session_id,
            message_id=ids.message_id,
            chat_id=task.chat_id,
            task_id=task.id,
            role="assistant",
        )
    )
    return drafts


@dataclass(frozen=True, slots=True)
class PromptContext:
    """Context that a prompt may need in addition to the person's text.

    Args:
        earlier: messages of the chat before this task, oldest first.
        notes: what changed in the agent's files since its last turn.
        unfinished: the commands that the agent's last turn here began and did not end.
    """

    earlier: Sequence[EarlierMessage]
    notes: str
    unfinished: tuple[str, ...] = ()


async def read_context(task: ClaimedTask, *, database: Database) -> PromptContext:
    """Read what the prompt may need; nothing of it changes while the session's turn runs."""
    async with database.connection() as conn:
        earlier = await messages_before(conn, task.chat_id, task.id, EARLIER_MESSAGES)
        notes = await take_notes(conn, task.session_id, task.id) if task.has_notes else []
        last = next((message for message in reversed(earlier) if message.who == task.agent), None)
        left = await unfinished_calls(conn, task.chat_id, task.id, task.agent) if last and not last.complete else []
    return PromptContext(earlier, "\n".join(notes), tuple(command_of(call.title, call.input) for call in left))
