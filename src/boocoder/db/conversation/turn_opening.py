"""How a turn begins in the database: both messages and the first frames, by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.conversation.events import AttemptGuard
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import statement
from boocoder.db.tasks.attempts import lease_lost
from boocoder.events import frames
from boocoder.model.ids import ChatId, MessageId, SessionId


class NewMessages(msgspec.Struct, frozen=True):
    """The messages that a turn begins with.

    Args:
        user_id: of the person's, which is complete; None where an earlier attempt has stored it.
        message_id: of the agent's, which streams from now on.
        agent, model: who writes it.
    """

    session_id: SessionId
    chat_id: ChatId
    user_id: MessageId | None
    message_id: MessageId
    agent: str
    model: str | None


class TurnOpening(msgspec.Struct, frozen=True):
    """What the database gave a turn that begins.

    Args:
        first_seq: number of the first frame; the others follow.
        message_ord: number of the agent's message.
        pending: tasks of the session that wait.
        batches: of the session's stream; the turn's own follow.
    """

    first_seq: int
    message_ord: int
    pending: int
    batches: int


_OPEN = statement(
    "messages",
    "open_turn",
    row=TurnOpening,
    params=(UUID, UUID, int, UUID, UUID, UUID | None, UUID, str | None, str | None, list[str], list[str]),
)


async def open_turn(
    conn: Connection, attempt: AttemptGuard, messages: NewMessages, drafts: Sequence[frames.Frame]
) -> TurnOpening:
    """Store the messages and frames at once, or nothing. One round trip.

    Args:
        drafts: in order, without numbers; the one of the queue without its count.

    Raises:
        LeaseLost: attempt_lease_lost, the attempt has ended or another instance owns it; nothing was stored.
        Unavailable, InvalidInput: as Statement.all.
    """
    opening = await _OPEN.first(
        conn,
        messages.session_id,
        *attempt,
        messages.chat_id,
        messages.user_id,
        messages.message_id,
        messages.agent,
        messages.model,
        [frames.type_of(one) for one in drafts],
        [frames.encode(one).decode() for one in drafts],
    )
    if opening is None:
        raise lease_lost(attempt[0], attempt[1])
    return opening
