"""Turns the unsent comments of a session into one task, in one transaction."""

from __future__ import annotations

from uuid import UUID

from boocoder.api.services import ApiServices
from boocoder.changes.review.comments import CommentPrompt
from boocoder.db.core.pool import Connection
from boocoder.db.files import review
from boocoder.errors import Conflict
from boocoder.intake.enqueue import enqueue, find_enqueued
from boocoder.intake.new_task import NewTask
from boocoder.model.ids import ChatId, SessionId, TaskId
from boocoder.wire.tasks import EnqueuedTask


async def send_review(
    services: ApiServices,
    session_id: SessionId,
    *,
    with_rejected: bool,
    chat_id: UUID | None,
    agent: str | None,
    idempotency_key: str | None,
) -> EnqueuedTask:
    """Queue the comments for the agent of a chat, the session's newest one if none is named.

    Sent again with the same key it gives the same task; without one, a second call finds nothing to send.

    Raises:
        NotFound: session_not_found, chat_not_found.
        Conflict: nothing_to_send; comment_sent, another request sent one at the same time; idempotency_key_reused.
        InvalidInput: as `enqueue`.
    """
    known = await find_enqueued(services.database, idempotency_key, session_id)
    if known is not None:
        return known
    message = await services.changes.comments.message(session_id, with_rejected=with_rejected)
    new_task = NewTask(
        prompt=message.prompt,
        session_id=session_id,
        chat_id=None if chat_id is None else ChatId(chat_id),
        agent=agent,
        idempotency_key=idempotency_key,
    )
    done = await enqueue(
        services.outbox,
        new_task,
        resolver=services.resolver,
        also=lambda conn, task_id: _mark(conn, message, task_id),
    )
    await services.changes.comments.publish_sent(session_id)
    return done


async def _mark(conn: Connection, message: CommentPrompt, task_id: TaskId) -> None:
    if not await review.mark_sent(conn, message.comments, task_id):
        text = "One of the comments was sent or deleted at this moment; nothing was sent now."
        raise Conflict("comment_sent", text, "Look at the comments again.")
