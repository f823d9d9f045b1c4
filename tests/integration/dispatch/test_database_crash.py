"""PostgreSQL crashes and forgets its newest writes: a turn's text is exact all the same, no accepted task is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from asyncpg.transaction import Transaction as DriverTransaction

from boocoder.backends.base import TurnPort
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.db.conversation import messages
from boocoder.db.core.migrate import migrate
from boocoder.db.core.pool import Connection, Database
from boocoder.db.registry import projects
from boocoder.db.server.embedded import EmbeddedPostgres
from boocoder.db.tasks import tasks
from boocoder.db.tasks.claim import claim_tasks
from boocoder.dispatch.attempt_key import AttemptKey
from boocoder.dispatch.turn.run import run_turn
from boocoder.errors import Unavailable
from boocoder.events import agent_event
from boocoder.intake.enqueue import enqueue
from boocoder.intake.new_task import NewTask
from boocoder.model.ids import ProjectId, new_id
from boocoder.model.task import TaskState
from boocoder.model.turn import Completed, Outcome, StopSignal, TurnRequest
from tests.fixtures.outboxes import outbox_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import LEASE_S, add_host, add_place, add_task
from tests.fixtures.turn_services import services_of
from tests.invariants import CHUNK_GAPS, NUMBERS
from tests.waiting import until

# Nothing reaches the disk by itself (`_Crash.prepare` stops the third that writes): what no durable commit has taken
# along is lost for certain, however slow the machine is.
SETTINGS = {"fsync": "off", "autovacuum": "off", "bgwriter_lru_maxpages": "0"}
WAL_WRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
STORED = "SELECT count(*) FROM part_chunks"


class _Crash:
    """Where the database is, and what it had and has lost."""

    dsn = ""
    lost: list[int] = []
    wal_writer = 0

    @classmethod
    async def prepare(cls) -> None:
        """Stop the process that writes commits which do not wait for the disk."""
        conn = await asyncpg.connect(cls.dsn)
        while (wal_writer := await conn.fetchval(WAL_WRITER)) is None:
            await asyncio.sleep(0.02)
        await conn.close()
        cls.wal_writer = wal_writer
        os.kill(wal_writer, signal.SIGSTOP)

    @classmethod
    async def now(cls) -> None:
        """Let it crash, and wait until it is back."""
        conn = await asyncpg.connect(cls.dsn)
        before = await conn.fetchval(STORED)
        postmaster = int((await conn.fetchval("SELECT pg_read_file('postmaster.pid')")).splitlines()[0])
        await conn.close()
        os.kill(postmaster, signal.SIGQUIT)
        os.kill(cls.wal_writer, signal.SIGKILL)  # it is stopped, and would keep the others waiting
        await until(lambda: not Path(f"/proc/{postmaster}").exists())
        async with asyncio.timeout(60):
            while True:
                try:
                    conn = await asyncpg.connect(cls.dsn)
                    break
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.02)
        cls.lost.append(before - await conn.fetchval(STORED))
        await conn.close()
        await cls.prepare()


class _Speaker(ScriptedBackend):
    """Says ten words, of which each is stored by itself, while the database crashes after some of them."""

    crashes: tuple[int, ...] = ()

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        await port.emit(agent_event.PromptSending())
        for number in range(10):
            await port.emit(agent_event.TextDelta("answer", f"word {number} "))
            if number == 4:
                await port.emit(agent_event.Notice("half", "Half of it."))
            await port.flush()  # type: ignore[attr-defined]
            if number in self.crashes:
                await _Crash.now()
        await port.emit(agent_event.AgentDone())
        return Completed()


@pytest.fixture
async def crashing(tmp_path: Path) -> AsyncIterator[Database]:
    server = EmbeddedPostgres(data_dir=tmp_path / "server", settings=SETTINGS)
    _Crash.dsn, _Crash.lost = await server.start(), []
    await migrate(_Crash.dsn)
    await _Crash.prepare()
    database = Database(dsn=_Crash.dsn)
    await database.open()
    try:
        yield database
    finally:
        os.kill(_Crash.wal_writer, signal.SIGCONT)
        await database.close()
        await server.stop()


async def test_what_a_crash_forgets_is_written_again(
    crashing: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    async with crashing.connection() as conn:
        owner = await add_host(conn)
        project = await projects.insert_project(conn, ProjectId(new_id()), "project", repository().path)
        place = await add_place(conn, project.id)
    services = services_of(crashing, tmp_path, owner, _Speaker)
    for crashes in ((5,), (2, 7), (9,)):  # in the middle, twice, and behind the last word
        _Speaker.crashes = crashes
        async with crashing.connection() as conn:
            task_id = await add_task(conn, place)
            [task] = await claim_tasks(conn, owner.host_id, owner.instance_id, 1, LEASE_S)
        await run_turn(task, AttemptKey(task.id, 1, owner.host_id, owner.instance_id), StopSignal(), services)
        async with crashing.connection() as conn:
            assert (await tasks.get_task(conn, task_id)).state is TaskState.COMPLETED
            message = (await messages.list_messages(conn, task.chat_id, after_ord=0, limit=50))[-1]
            texts = [part.text for part in message.parts if part.kind == "text"]
            assert texts == ["".join(f"word {number} " for number in range(10))]
            assert await conn.fetch(CHUNK_GAPS) == []
            for row in await conn.fetch(NUMBERS):
                assert row["have"] == row["different"] == row["last_seq"] == row["last"]
    assert all(lost > 0 for lost in _Crash.lost), "every crash has lost something, or nothing is shown here"


async def test_a_task_that_was_answered_outlives_a_crash(
    crashing: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    async with crashing.connection() as conn:
        project = await projects.insert_project(conn, ProjectId(new_id()), "project", repository().path)
    made = await enqueue(outbox_of(crashing), NewTask("Say ok.", project_id=project.id, agent="scripted"))
    await _Crash.now()
    async with crashing.connection() as conn:
        assert (await tasks.get_task(conn, made.task_id)).state is TaskState.PENDING


async def test_no_answer_tells_of_a_task_that_a_crash_took_before_the_disk_had_it(
    crashing: Database, repository: MakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with crashing.connection() as conn:
        project = await projects.insert_project(conn, ProjectId(new_id()), "project", repository().path)
    new = NewTask("Say ok.", project_id=project.id, agent="scripted")
    commit = DriverTransaction.commit

    async def crash_after(transaction: DriverTransaction) -> None:
        await commit(transaction)
        await _Crash.now()

    with monkeypatch.context() as patched, pytest.raises(Unavailable):
        patched.setattr(DriverTransaction, "commit", crash_after)
        await enqueue(outbox_of(crashing), new)
    async with crashing.connection() as conn:
        assert await conn.fetch("SELECT FROM tasks") == []


async def test_a_repeated_answer_waits_for_the_disk_as_well(
    crashing: Database, repository: MakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with crashing.connection() as conn:
        project = await projects.insert_project(conn, ProjectId(new_id()), "project", repository().path)
    new = NewTask("Say ok.", project_id=project.id, agent="scripted", idempotency_key="k")

    async def never(_: Connection) -> None:
        """The first request has stored its task and waits for the disk still."""

    with monkeypatch.context() as patched:
        patched.setattr("boocoder.db.core.durability.flush_commits", never)
        await enqueue(outbox_of(crashing), new)
    again = await enqueue(outbox_of(crashing), new)
    await _Crash.now()
    async with crashing.connection() as conn:
        assert (again.created, (await tasks.get_task(conn, again.task_id)).state) == (False, TaskState.PENDING)
