"""Lists by agent and time: each filter of each list finds exactly its rows, and pages go on within them."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import pytest

from boocoder.db.conversation import sessions
from boocoder.db.core.list_filter import ListFilter
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes
from boocoder.db.tasks import permissions, tasks
from boocoder.model.ids import new_id
from tests.fixtures.row_builders import add_host, add_place, add_request, add_running, end


class Row(Protocol):
    @property
    def id(self) -> UUID: ...


class Lister(Protocol):
    def __call__(self, conn: Connection, *, only: ListFilter, limit: int) -> Awaitable[Sequence[Row]]: ...


LISTS: dict[str, tuple[Lister, str]] = {
    "tasks": (tasks.list_tasks, "created_at"),
    "sessions": (sessions.list_sessions, "created_at"),
    "pending_changes": (changes.list_changes, "created_at"),
    "permission_requests": (permissions.list_requests, "asked_at"),
}


async def fill(conn: Connection, agents: Sequence[str]) -> dict[str, list[UUID]]:
    """A session with a task, a change and a request for each agent; the ids by table, in the order of the agents."""
    host = await add_host(conn)
    made: dict[str, list[UUID]] = {name: [] for name in LISTS}
    for agent in agents:
        place = await add_place(conn)
        task = await add_running(conn, host, place)
        request, change = await add_request(conn, task), new_id()
        await end(conn, host, task)
        await conn.execute("UPDATE tasks SET agent = $2 WHERE id = $1", task.id, agent)
        await conn.execute("UPDATE chats SET agent = $2 WHERE id = $1", task.chat_id, agent)
        await conn.execute(
            "INSERT INTO pending_changes (id, session_id, task_id, agent, base_tree, tree, files, additions, deletions)"
            " VALUES ($1, $2, $3, $4, repeat('0', 40), repeat('1', 40), '[]', 0, 0)",
            *(change, task.session_id, task.id, agent),
        )
        for name, one in zip(LISTS, (task.id, task.session_id, change, request), strict=True):
            made[name].append(one)
    return made


@pytest.mark.parametrize("table", LISTS)
async def test_a_list_is_narrowed_by_agent_and_time(database: Database, table: str) -> None:
    listed, moment = LISTS[table]
    async with database.connection() as conn:
        ids = (await fill(conn, ["qwen", "goose", "qwen"]))[table]
        start = datetime.fromisoformat("2026-11-30T12:00:00+00:00")
        for hour, one in enumerate(ids):
            await conn.execute(f"UPDATE {table} SET {moment} = $2 WHERE id = $1", one, start + timedelta(hours=hour))

        async def found(only: ListFilter) -> set[UUID]:
            return {row.id for row in await listed(conn, only=only, limit=10)}

        first, second, third = ids
        hour = timedelta(hours=1)
        assert await found(ListFilter()) == {first, second, third}
        assert await found(ListFilter(agent="qwen")) == {first, third}
        assert await found(ListFilter(agent="qwe")) == set()
        assert await found(ListFilter(since=start + hour)) == {second, third}
        assert await found(ListFilter(until=start + hour)) == {first}
        assert await found(ListFilter("qwen", start + hour, start + 3 * hour)) == {third}
