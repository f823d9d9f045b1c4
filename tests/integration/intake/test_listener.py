"""Listening: hints arrive, a lost or half-open link is noticed and made again, and nothing depends on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from boocoder.db.conversation.events import record_batch
from boocoder.db.core.pool import Database
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import claim_tasks
from boocoder.events.batch import EventItem
from boocoder.intake.listener import QueueListener
from boocoder.model.ids import ProjectId, SessionId, TaskId
from tests.fixtures.row_builders import LEASE_S, add_host, add_place, add_running, add_task, end
from tests.waiting import PATIENCE_S

T = TypeVar("T")
SOCKET = ".s.PGSQL.5432"


class Heard:
    """What a listener said, and a way to wait for it."""

    def __init__(self) -> None:
        self.wakes = 0
        self.ready: list[SessionId] = []
        self.cancelled: list[TaskId] = []
        self.events: list[tuple[SessionId, int]] = []
        self.projects: list[ProjectId] = []
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self.wakes += 1
        self._changed.set()

    def listener(self, dsn: str) -> QueueListener:
        return QueueListener(
            dsn=dsn,
            on_wake=self.wake,
            on_ready=lambda session_id: self._add(self.ready, session_id),
            on_cancel=lambda task_id: self._add(self.cancelled, task_id),
            on_events=lambda session_id, last: self._add(self.events, (session_id, last)),
            on_project=lambda project_id: self._add(self.projects, project_id),
            ping_interval_s=0.2,
            ping_timeout_s=0.3,
            connect_timeout_s=2.0,
            backoff_max_s=0.2,
        )

    def _add(self, where: list[T], what: T) -> None:
        where.append(what)
        self._changed.set()

    async def until(self, condition: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(limit_s):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def listening(dsn: str) -> AsyncIterator[tuple[Heard, QueueListener]]:
    heard = Heard()
    listener = heard.listener(dsn)
    await listener.start()
    try:
        yield heard, listener
    finally:
        await listener.stop()
        await listener.stop()


async def test_hints_arrive(dsn: str, database: Database) -> None:
    async with listening(dsn) as (heard, listener), database.connection() as conn:
        assert heard.wakes == 1
        host = await add_host(conn)
        place = await add_place(conn)
        running = await add_running(conn, host, place)
        await heard.until(lambda: heard.ready == [place.session_id])
        await tasks.request_cancel(conn, running.id)
        await heard.until(lambda: heard.cancelled == [running.id])
        await record_batch(conn, None, place.session_id, [EventItem("notice", b"{}"), EventItem("notice", b"{}")])
        await heard.until(lambda: heard.events == [(place.session_id, 2)])
        await add_task(conn, place)
        await heard.until(lambda: len(heard.ready) == 2)
        await end(conn, host, running)
        await heard.until(lambda: len(heard.ready) == 3)  # the next task of the session may start now
        assert listener.statistics().connected
        await heard.until(lambda: heard.projects == [place.project_id])
        assert listener.statistics().notifications == 6


async def test_ending_a_sessions_last_task_is_not_announced(dsn: str, database: Database) -> None:
    async with listening(dsn) as (heard, _), database.connection() as conn:
        host = await add_host(conn)
        running = await add_running(conn, host, await add_place(conn))
        await end(conn, host, running)
        marker = await add_place(conn)
        await record_batch(conn, None, marker.session_id, [EventItem("notice", b"{}")])
        await heard.until(lambda: bool(heard.events))
        assert heard.ready == [running.session_id]


async def test_a_terminated_backend_is_replaced(dsn: str, database: Database) -> None:
    async with listening(dsn) as (heard, listener), database.connection() as conn:
        for round_number in range(1, 6):
            killed = await conn.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'boocoder listener' AND datname = current_database()"
            )
            assert len(killed) == 1
            await heard.until(lambda number=round_number: heard.wakes == number + 1)
        place = await add_place(conn)
        await add_task(conn, place)
        await heard.until(lambda: heard.ready == [place.session_id])
        assert listener.statistics().reconnects == 5


async def test_unknown_payloads_are_ignored(dsn: str, database: Database) -> None:
    async with listening(dsn) as (heard, _), database.connection() as conn:
        for channel in ("boocoder_tasks", "boocoder_events"):
            for payload in ("", "ready:", "ready:x", "nonsense", "cancel:1:2", ":", "x:1"):
                await conn.execute("SELECT pg_notify($1, $2)", channel, payload)
        place = await add_place(conn)
        await add_task(conn, place)
        await heard.until(lambda: bool(heard.ready))
        assert heard.ready == [place.session_id]
        assert heard.cancelled == heard.events == []


class StallingProxy:
    """Forwards bytes of a unix socket until it is set to drop them: a connection that is open but dead."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._links: set[asyncio.Task[None]] = set()
        self.links = 0
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links += 1
        up_reader, up_writer = await asyncio.open_unix_connection(self._target)
        pair = [
            asyncio.ensure_future(self._pump(reader, up_writer)),
            asyncio.ensure_future(self._pump(up_reader, writer)),
        ]
        self._links.update(pair)
        await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
        for task in pair:
            task.cancel()
        await asyncio.gather(*pair, return_exceptions=True)
        up_writer.close()
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self.flowing.wait()
            writer.write(data)
            await writer.drain()

    def stop(self) -> None:
        for task in self._links:
            task.cancel()


@pytest.fixture
async def proxy(dsn: str, tmp_path: Path) -> AsyncIterator[tuple[StallingProxy, str]]:
    """A proxy before the server's socket, and the DSN that leads through it."""
    address = urlsplit(dsn)
    query = parse_qs(address.query)
    directory = query["host"][0]
    proxy = StallingProxy(Path(directory) / SOCKET)
    here = tmp_path / "s"
    here.mkdir()
    server = await asyncio.start_unix_server(proxy.handle, here / SOCKET)
    try:
        password = (
            Path(query["passfile"][0]).read_text().strip().rpartition(":")[2]
        )  # the file names the server's socket
        yield proxy, f"postgresql://{address.path}?host={here}&user=boocoder&password={password}"
    finally:
        server.close()
        proxy.stop()


async def test_a_half_open_link_is_noticed_and_replaced(proxy: tuple[StallingProxy, str], database: Database) -> None:
    link, through = proxy
    async with listening(through) as (heard, listener), database.connection() as conn:
        await heard.until(lambda: heard.wakes == 1)
        link.flowing.clear()
        async with asyncio.timeout(60):
            while listener.statistics().connected:
                await asyncio.sleep(0.01)
        place = await add_place(conn)
        await add_task(conn, place)  # its NOTIFY is lost: on_wake after the reconnect stands for it
        link.flowing.set()
        await heard.until(lambda: heard.wakes == 2)
        assert listener.statistics().reconnects == 1


async def test_a_server_that_is_away_does_not_stop_the_start(tmp_path: Path) -> None:
    async with listening(f"postgresql:///nothing?host={tmp_path}") as (heard, listener):
        assert not listener.statistics().connected
        assert heard.wakes == 0


async def test_stop_before_start_is_harmless(dsn: str) -> None:
    listener = Heard().listener(dsn)
    await listener.stop()
    assert not listener.statistics().connected


async def test_everything_is_right_with_notify_off(database: Database) -> None:
    """Without the trigger, polling finds every task, in order."""
    async with database.connection() as conn:
        await conn.execute("DROP TRIGGER tasks_notify ON tasks")
        host = await add_host(conn)
        places = [await add_place(conn) for _ in range(5)]
        made = [await add_task(conn, places[number % 5]) for number in range(50)]
        done: list[TaskId] = []
        while claimed := await claim_tasks(conn, host.host_id, host.instance_id, 3, LEASE_S):
            for task in claimed:
                await end(conn, host, task)
                done.append(task.id)
    assert sorted(done) == sorted(made)
    for place in range(5):
        mine = made[place::5]
        assert [task for task in done if task in mine] == mine
