"""What a running turn asks the database besides its own rows. It changes nothing."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.messages import MessageKey
from boocoder.db.pool import Connection
from boocoder.db.sql import statement
from boocoder.model.ids import ChangeId, ChatId, InstanceId, SessionId, TaskId
from boocoder.model.task import ChangeState


class SaidRow(msgspec.Struct, frozen=True):
    """One earlier message: `who` is 'user' or the agent's name."""

    who: str
    text: str


class LatestChange(msgspec.Struct, frozen=True):
    """The newest change of a session."""

    id: ChangeId
    state: ChangeState
    tree: str


class _Task(msgspec.Struct, frozen=True):
    id: TaskId


_USER_MESSAGE = statement("turns", "get_user_message", row=MessageKey, params=(UUID,))
_SAID = statement("turns", "said_before", row=SaidRow, params=(UUID, UUID, int, int))
_CANCELLED = statement("turns", "list_cancelled", row=_Task, params=(UUID,))
_LATEST = statement("turns", "latest_change", row=LatestChange, params=(UUID,))


async def get_user_message(conn: Connection, task_id: TaskId) -> MessageKey | None:
    """The user's message of a task, None before its first turn."""
    return await _USER_MESSAGE.first(conn, task_id)


async def said_before(
    conn: Connection, chat_id: ChatId, task_id: TaskId, limit: int, after_ord: int = 0
) -> list[SaidRow]:
    """The newest `limit` messages of a chat after number `after_ord`, besides those of one task; oldest first."""
    return (await _SAID.all(conn, chat_id, task_id, limit, after_ord))[::-1]


async def list_cancelled(conn: Connection, instance_id: InstanceId) -> list[TaskId]:
    """Tasks that this instance runs and that somebody asked to cancel."""
    return [row.id for row in await _CANCELLED.all(conn, instance_id)]


async def latest_change(conn: Connection, session_id: SessionId) -> LatestChange | None:
    """The newest change of a session, decided or not; None if it never had one."""
    return await _LATEST.first(conn, session_id)
