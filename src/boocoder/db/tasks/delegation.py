"""Rows of tasks that agents start: the chain up to a person's task."""

from __future__ import annotations

from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import SessionId, TaskId


class ParentTask(msgspec.Struct, frozen=True):
    """A task whose turn starts another one.

    Args:
        depth: how many tasks are above it.
        root_id: the person's task that its chain begins with; itself where a person started it.
    """

    id: TaskId
    session_id: SessionId
    agent: str
    depth: int
    root_id: TaskId


class ChainUse(msgspec.Struct, frozen=True):
    """What the tasks of a chain have used.

    Args:
        tasks: started by agents.
        cost_usd: of all turns that have ended, as far as agents report it.
    """

    tasks: int
    cost_usd: float


class _OpenTask(msgspec.Struct, frozen=True):
    id: TaskId


_HOLD_PARENT = statement("delegation", "hold_parent", row=ParentTask, params=(UUID,))
_CHAIN_USE = statement("delegation", "chain_use", row=ChainUse, params=(UUID,))
_STARTED = statement("delegation", "started_session", row=Done, params=(UUID, UUID))
_OPEN_BELOW = statement("delegation", "list_open_below", row=_OpenTask, params=(UUID,))


async def hold_parent(conn: Connection, task_id: TaskId) -> ParentTask | None:
    """The task while its turn runs and nobody has asked it to end; its chain is held until the transaction ends."""
    return await _HOLD_PARENT.first(conn, task_id)


async def chain_use(conn: Connection, root_id: TaskId) -> ChainUse:
    """What the chain that begins with this task has used."""
    return await _CHAIN_USE.one(conn, root_id)


async def has_started(conn: Connection, session_id: SessionId, *, by: SessionId) -> bool:
    """Whether a session was begun by a task that a turn of another one started."""
    return (await _STARTED.one(conn, session_id, by)).done


async def list_open_below(conn: Connection, task_id: TaskId) -> list[TaskId]:
    """The tasks that a task has brought about, at any depth, that still go on and that nobody has asked to end."""
    return [row.id for row in await _OPEN_BELOW.all(conn, task_id)]
