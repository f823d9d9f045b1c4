"""Several hosts on one database while PostgreSQL is stopped and services are killed, and what became of every task."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg

from boocoder.db.server.embedded import EmbeddedPostgres
from tests.acceptance.many_tasks import Created, Id
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation
from tests.invariants import World, fingerprint, violations

SCRIPT = "[[say begin {word}]] [[delay 0.01]] [[tokens 40]] [[bash echo once >> {word}.txt]] [[say end {word}]]"
FIRST_WORD = "w0123456789"  # of the task that shows what the others have to say
ENDS = {"completed", "interrupted"}
ANSWERS = """
    SELECT t.id::text, t.state::text, coalesce(string_agg(c.text, '' ORDER BY c.part, c."offset"), '') AS text
    FROM tasks t
    LEFT JOIN messages m ON m.task_id = t.id AND m.role = 'assistant'
    LEFT JOIN message_parts p ON p.message_id = m.id AND p.kind = 'text'
    LEFT JOIN part_chunks c ON c.message_id = m.id AND c.part = p.part AND c.field = 'text'
    GROUP BY t.id
"""
FIRST_END = "SELECT min(ended_at) FROM tasks WHERE ended_at > $1"
OPEN = "SELECT count(*) FROM tasks WHERE ended_at IS NULL"
SENT_TWICE = """
    SELECT count(*) FROM (
        SELECT 1 FROM attempts WHERE prompt_sent_at IS NOT NULL GROUP BY task_id HAVING count(*) > 1) t
"""
MOVED = "SELECT count(*) FROM snapshots WHERE kind = 'takeover'"
QUICK = {"BOOCODER_LEASE_TTL_S": "5", "BOOCODER_TAKEOVER_AFTER_S": "5"}
UP_S = 60.0
END_S = 600.0  # for all tasks, once nothing is stopped any more

Span = tuple[float, float]


@dataclass(frozen=True)
class ChaosPlan:
    """How much of what happens.

    Args:
        name: of the form, for the report.
        seconds: how long things are stopped.
        sessions, tasks: how many tasks are queued over how many sessions in that time.
        database_every_s, kill_every_s: pauses between stops of PostgreSQL, and between kills of a service, seconds.
        down_s: how long a killed service stays away.
        seed: of all chance.
    """

    name: str
    seconds: float
    sessions: int
    tasks: int
    database_every_s: Span = (5.0, 40.0)
    kill_every_s: Span = (20.0, 60.0)
    down_s: Span = (0.0, 20.0)
    seed: int = 16


@dataclass
class ChaosReport:
    """What became of it; every count of a fault is 0 where nothing is wrong."""

    plan: ChaosPlan
    hosts: int
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    twice: int = 0
    stuck: int = 0
    missing_chars: int = 0
    moved: int = 0
    wrong: list[str] = field(default_factory=list)
    recoveries_s: list[float] = field(default_factory=list)

    def row(self) -> str:
        """A row of the table in docs/hosts.md."""
        slowest = f"{max(self.recoveries_s, default=0.0):.0f} s"
        cells = (
            self.plan.name, self.hosts, sum(self.ends.values()), self.faults["fast"], self.faults["immediate"],
            self.faults["kill"], self.moved, self.ends["completed"], self.ends["interrupted"],
            self.lost, self.twice, self.stuck, self.missing_chars, slowest,
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


HEAD = (
    "| form | hosts | tasks | fast stops | immediate stops | kills | sessions moved | completed | interrupted "
    "| lost | twice | stuck | characters missing | slowest recovery |\n|" + "---|" * 14
)


@asynccontextmanager
async def chaos(plan: ChaosPlan, root: Path, project: Repository, *, hosts: int) -> AsyncIterator[ChaosRun]:
    """A run with a server and hosts under `root`, which end with the block."""
    async with several_hosts(root, hosts, {"BOOCODER_LEASE_TTL_S": "5", "BOOCODER_TAKEOVER_AFTER_S": "5"}) as (
        server,
        made,
    ):
        yield ChaosRun(plan, server=server, hosts=made, project=project)


@asynccontextmanager
async def several_hosts(
    root: Path, count: int, settings: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[EmbeddedPostgres, list[Installation]]]:
    """A server that writes to the disk as usual, and installations on it, not started, which end with the block."""
    server = EmbeddedPostgres(data_dir=root / "server")
    dsn, made = await server.start(), list[Installation]()
    for number in range(1, count + 1):
        home = root / f"host {number}"
        home.mkdir()
        made.append(Installation(home, {"BOOCODER_DATABASE_URL": dsn, **(settings or {})}))
    try:
        yield server, made
    finally:
        for host in made:
            await asyncio.to_thread(host.stop)
        await server.stop()


class ChaosRun:
    """One run. The database server and the hosts are its own.

    Args:
        hosts: installations that use `server`; none is started.
    """

    def __init__(
        self, plan: ChaosPlan, *, server: EmbeddedPostgres, hosts: list[Installation], project: Repository
    ) -> None:
        self._plan = plan
        self._server = server
        self._hosts = hosts
        self._project = project
        self._chance = random.Random(plan.seed)
        self._until = 0.0
        self._whole = ""
        self._sessions: list[str] = []
        self._tasks: dict[str, str] = {}  # id by word
        self._unanswered: dict[str, dict[str, str]] = {}
        self._up_again: list[datetime] = []
        self.report = ChaosReport(plan, len(hosts))

    async def run(self) -> ChaosReport:
        """Do all of it, and judge what is left."""
        before = await self._open()
        self._until = time.monotonic() + self._plan.seconds
        await asyncio.gather(self._queue(), self._stop_database(), self._kill_services())
        await self._send_again()
        await self._wait_ended()
        await self._judge(before)
        return self.report

    async def _open(self) -> str:
        """Start the hosts and open the sessions; returns what the person's repository is like before."""
        before = fingerprint(self._project.path)
        await asyncio.gather(*(asyncio.to_thread(host.start) for host in self._hosts))
        async with self._hosts[0].client() as client:
            project = await client.post("/api/projects", Id, {"path": str(self._project.path)})
            for _ in range(self._plan.sessions):
                self._sessions.append((await client.post("/api/sessions", Id, {"project_id": project.id})).id)
        await self._learn()
        return before

    async def _learn(self) -> None:
        """What a task says that nothing disturbs."""
        self._ask_for(FIRST_WORD, self._sessions[0])
        await self._send(FIRST_WORD)
        await self._wait_ended()
        self._whole = str(await self._ask(f"SELECT text FROM ({ANSWERS}) t"))

    def _ask_for(self, word: str, session: str) -> None:
        prompt = SCRIPT.format(word=word)
        self._unanswered[word] = {"session_id": session, "prompt": prompt, "agent": "scripted"}

    async def _queue(self) -> None:
        pause_s = self._plan.seconds * 0.9 / self._plan.tasks
        for number in range(self._plan.tasks):
            word = f"w{uuid4().hex[:10]}"
            self._ask_for(word, self._sessions[number % len(self._sessions)])
            await self._send(word)
            await asyncio.sleep(pause_s)

    async def _send(self, word: str) -> None:
        """Queue a task at any host; what is not answered is sent again later, with the same key."""
        try:
            async with asyncio.timeout(10), self._chance.choice(self._hosts).client() as client:
                made = await client.post("/api/tasks", Created, self._unanswered[word], key=word)
        except Exception:  # noqa: BLE001 - the service, or its database, may just be gone
            self.report.faults["unanswered"] += 1
        else:
            self._tasks[word] = made.task_id
            del self._unanswered[word]

    async def _send_again(self) -> None:
        async with asyncio.timeout(UP_S):
            while self._unanswered:
                for word in list(self._unanswered):
                    await self._send(word)

    async def _stop_database(self) -> None:
        while await self._pause(self._plan.database_every_s):
            kind = self._chance.choice(("fast", "immediate"))
            pid = int(str(await self._ask("SELECT pg_read_file('postmaster.pid')")).splitlines()[0])
            os.kill(pid, signal.SIGINT if kind == "fast" else signal.SIGQUIT)
            while Path(f"/proc/{pid}").exists():
                await asyncio.sleep(0.05)
            await self._ask("SELECT 1")
            self.report.faults[kind] += 1
            self._up_again.append(datetime.now(UTC))

    async def _kill_services(self) -> None:
        while await self._pause(self._plan.kill_every_s):
            host = self._chance.choice(self._hosts)
            await asyncio.to_thread(host.kill)
            self.report.faults["kill"] += 1
            await asyncio.sleep(self._chance.uniform(*self._plan.down_s))
            await self._start(host)
            self._up_again.append(datetime.now(UTC))

    async def _start(self, host: Installation) -> None:
        """Start a service as often as it takes: one that finds no database says so and ends."""
        async with asyncio.timeout(UP_S):
            while True:
                try:
                    return await asyncio.to_thread(host.start)
                except AssertionError:
                    self.report.faults["start refused"] += 1
                    await asyncio.to_thread(host.stop)

    async def _pause(self, span: Span) -> bool:
        """Whether there is time for another fault after a pause."""
        await asyncio.sleep(self._chance.uniform(*span))
        return time.monotonic() < self._until

    async def _ask(self, query: str, *args: object) -> object:
        """Ask the database, as soon as it is there."""
        async with asyncio.timeout(UP_S):
            while True:
                try:
                    conn = await asyncpg.connect(self._server.dsn, timeout=10)
                    try:
                        return await conn.fetchval(query, *args)
                    finally:
                        await conn.close(timeout=5)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await asyncio.sleep(0.05)

    async def _wait_ended(self) -> None:
        deadline = time.monotonic() + END_S
        while open_tasks := int(str(await self._ask(OPEN))):
            if time.monotonic() > deadline:
                self.report.stuck = open_tasks
                return
            await asyncio.sleep(0.2)

    async def _judge(self, before: str) -> None:
        report = self.report
        conn = await asyncpg.connect(self._server.dsn)
        try:
            rows = {row["id"]: row for row in await conn.fetch(ANSWERS)}
            report.twice = await conn.fetchval(SENT_TWICE)
            report.moved = await conn.fetchval(MOVED)
            for up in self._up_again:
                if (ended := await conn.fetchval(FIRST_END, up)) is not None:
                    report.recoveries_s.append((ended - up).total_seconds())
        finally:
            await conn.close()
        for host in self._hosts:
            await asyncio.to_thread(host.stop)
        for word, task_id in self._tasks.items():
            if task_id not in rows:
                report.lost += 1
                continue
            self._judge_task(word, rows[task_id]["state"], rows[task_id]["text"])
        others = tuple(host.data_dir for host in self._hosts[1:])
        world = World(self._server.dsn, self._hosts[0].data_dir, {self._project.path: before}, other_data_dirs=others)
        report.wrong += await violations(world)

    def _judge_task(self, word: str, state: str, text: str) -> None:
        report = self.report
        report.ends[state] += 1
        said = [len(log.read_text().split()) for log in self._logs(word)]
        if any(count != 1 for count in said):
            report.twice += 1
        if state not in ENDS:
            report.wrong.append(f"{word} ended as {state}")
        if state == "completed":
            whole = self._expected(word)
            report.missing_chars += max(0, len(whole) - len(text))
            if text != whole:
                report.wrong.append(f"{word} says {text!r}")

    def _logs(self, word: str) -> list[Path]:
        """What a task's command has written, on each host that has had its session."""
        return [log for host in self._hosts for log in (host.data_dir / "worktrees").glob(f"*/{word}.txt")]

    def _expected(self, word: str) -> str:
        return self._whole.replace(FIRST_WORD, word)
