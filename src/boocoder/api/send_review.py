"""Makes the comments of a session that wait into one task: the prompt, the task and the sent comments, or nothing."""

from __future__ import annotations

from uuid import UUID

from boocoder.api.services import ApiServices
from boocoder.changes.comments import Message
from boocoder.db import review, tasks
from boocoder.db.pool import Connection
from boocoder.errors import Conflict
from boocoder.model.ids import ChatId, SessionId, TaskId
from boocoder.queue.enqueue import Enqueued, NewTask, enqueue


async def send_review(
    services: ApiServices,
    session_id: SessionId,
    *,
    with_rejected: bool,
    chat_id: UUID | None,
    agent: str | None,
    idempotency_key: str | None,
) -> Enqueued:
    """Queue the comments for the agent of a chat, the session's newest one if none is named.

    Sent again with the same key it gives the same task; without one, a second call finds nothing to send.

    Raises:
        NotFound: session_not_found, chat_not_found.
        Conflict: nothing_to_send; comment_sent, somebody else sent one at this moment; idempotency_key_reused.
        InvalidInput: as `enqueue`.
    """
    known = await _known(services, session_id, idempotency_key)
    if known is not None:
        return known
    message = await services.review.comments.message(session_id, with_rejected=with_rejected)
    new_task = NewTask(
        prompt=message.prompt,
        session_id=session_id,
        chat_id=None if chat_id is None else ChatId(chat_id),
        agent=agent,
        idempotency_key=idempotency_key,
    )
    done = await enqueue(services.database, new_task, also=lambda conn, task_id: _mark(conn, message, task_id))
    numbers = [frame.seq for frame in done.events if frame.seq is not None]
    if numbers:
        services.broker.commit(session_id, min(numbers), max(numbers), done.events)
    await services.review.comments.tell_sent(session_id)
    return done


async def _known(services: ApiServices, session_id: SessionId, key: str | None) -> Enqueued | None:
    """The task of an earlier call with this key: its comments are sent, so its prompt cannot be written again."""
    if key is None:
        return None
    async with services.database.connection() as conn:
        known = await tasks.find_by_idempotency_key(conn, key)
    if known is None:
        return None
    if known.session_id != session_id:
        text = f"The idempotency key {key} was used for another request."
        raise Conflict("idempotency_key_reused", text, "Use a new key for a new request.")
    return Enqueued(known.id, known.session_id, known.chat_id, created=False, events=())


async def _mark(conn: Connection, message: Message, task_id: TaskId) -> None:
    if not await review.mark_sent(conn, message.comments, task_id):
        text = "One of the comments was sent or deleted at this moment; nothing was sent now."
        raise Conflict("comment_sent", text, "Look at the comments again.")
