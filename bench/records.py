"""Event times from the database of a measured service, and the cost of a bare NOTIFY on the same server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from bench.recorder import TURN_TIMEOUT_S
from boocoder.db.server.embedded import EmbeddedPostgres

POLL_S = 0.02
NOTIFY_TIMEOUT_S = 5.0
CHANNEL = "bench"


@dataclass(frozen=True, slots=True)
class Attempt:
    """When an attempt's steps were written, in Unix seconds (the start of the transaction that wrote it)."""

    started: float
    prompt_sent: float
    ended: float


class Records:
    """One connection that reads and one that listens.

    Args:
        reader, listener: open connections.
    """

    def __init__(self, *, reader: asyncpg.Connection, listener: asyncpg.Connection) -> None:
        self._reader = reader
        self._listener = listener

    async def attempt(self, task_id: str) -> Attempt:
        """The times of a task that has ended."""
        row = await self._reader.fetchrow(
            "SELECT started_at, prompt_sent_at, ended_at FROM attempts WHERE task_id = $1", UUID(task_id)
        )
        return Attempt(*(moment.timestamp() for moment in row))

    async def add_messages(self, chat_id: str, count: int) -> None:
        """Give a chat that has had a turn so many more answers, each with a line of text."""
        task = await self._reader.fetchrow("SELECT task_id, session_id FROM messages WHERE chat_id = $1", UUID(chat_id))
        await self._reader.execute(
            "WITH made AS (INSERT INTO messages (id, session_id, chat_id, task_id, role, status, agent, finished_at)"
            " SELECT gen_random_uuid(), $2, $1, $3, 'assistant', 'complete', 'scripted', now()"
            " FROM generate_series(1, $4) RETURNING id),"
            " parts AS (INSERT INTO message_parts (message_id, part, kind, key) SELECT id, 0, 'text', 't' FROM made)"
            ' INSERT INTO part_chunks (message_id, part, field, "offset", text, session_id, seq)'
            " SELECT m.id, 0, 'text', 0, 'some words of an answer', $2, s.last_seq + row_number() OVER ()"
            " FROM made m, event_streams s WHERE s.session_id = $2",
            UUID(chat_id),
            task["session_id"],
            task["task_id"],
            count,
            timeout=TURN_TIMEOUT_S,
        )
        await self._pass_numbers(task["session_id"], count)

    async def add_events(self, session_id: str, count: int) -> int:
        """Give a session's stream so many more notices; its last number."""
        await self._reader.execute(
            "INSERT INTO events (session_id, seq, type, frame) SELECT s.session_id, s.last_seq + n, 'notice',"
            " jsonb_build_object('type', 'notice', 'code', 'bench', 'text', 'a notice ' || n)"
            " FROM event_streams s, generate_series(1, $2) AS n WHERE s.session_id = $1",
            UUID(session_id),
            count,
            timeout=TURN_TIMEOUT_S,
        )
        await self._reader.execute("ANALYZE events")
        return await self._pass_numbers(UUID(session_id), count)

    async def _pass_numbers(self, session_id: UUID, count: int) -> int:
        """The last number of a session's stream, once it has taken so many more."""
        last: int = await self._reader.fetchval(
            "UPDATE event_streams SET last_seq = last_seq + $2 WHERE session_id = $1 RETURNING last_seq",
            session_id,
            count,
        )
        return last

    async def read(self, statement: str, *arguments: object) -> int:
        """Run a statement of the service; how many rows it gives."""
        return len(await self._reader.fetch(statement, *arguments))

    async def require_index(self, statement: str, *arguments: object) -> None:
        """Look at a statement's plan.

        Raises:
            RuntimeError: it reads a whole table of events.
        """
        shown = await self._reader.fetch(f"EXPLAIN {statement}", *arguments)
        plan = "\n".join(str(row[0]) for row in shown)
        if "Seq Scan on events" in plan or "Index" not in plan:
            raise RuntimeError(f"a statement reads a whole table:\n{plan}")

    async def wait_ended(self, *task_ids: str) -> None:
        """Wait until all these tasks have completed.

        Raises:
            RuntimeError: one ended otherwise.
        """
        wanted = [UUID(task_id) for task_id in task_ids]
        async with asyncio.timeout(TURN_TIMEOUT_S):
            while True:
                rows = await self._reader.fetch(
                    "SELECT state::text AS state, count(*) AS n FROM tasks WHERE id = ANY($1) GROUP BY state", wanted
                )
                counts = {row["state"]: row["n"] for row in rows}
                if counts.get("completed") == len(wanted):
                    return
                if set(counts) - {"completed", "pending", "running"}:
                    raise RuntimeError(f"measured tasks ended badly: {counts}")
                await asyncio.sleep(POLL_S)

    async def notify_round_trip_s(self) -> float:
        """From NOTIFY on one connection to its arrival on the other."""
        arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()

        def hear(*_: object) -> None:
            if not arrived.done():
                arrived.set_result(time.monotonic())

        await self._listener.add_listener(CHANNEL, hear)
        try:
            began = time.monotonic()
            await self._reader.execute("SELECT pg_notify($1, 'x')", CHANNEL)
            async with asyncio.timeout(NOTIFY_TIMEOUT_S):
                return await arrived - began
        finally:
            await self._listener.remove_listener(CHANNEL, hear)


@asynccontextmanager
async def attached(data_dir: Path) -> AsyncIterator[Records]:
    """Join the embedded server that the service of this data directory has started."""
    server = EmbeddedPostgres(data_dir=data_dir)
    dsn = await server.start()
    try:
        reader, listener = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
        try:
            yield Records(reader=reader, listener=listener)
        finally:
            await reader.close()
            await listener.close()
    finally:
        await server.stop()
