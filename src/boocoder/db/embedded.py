"""The embedded PostgreSQL: found, made, started, shared, restarted and stopped; it knows nothing of our tables."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import random
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Literal
from urllib.parse import quote

import asyncpg

from boocoder.db.binaries import PostgresBinaries, find_binaries
from boocoder.db.cluster import (
    ROLE,
    Cluster,
    check_version,
    choose_user,
    clear_stale_locks,
    create_if_missing,
    launch_argv,
    postmaster_pid,
    socket_directory,
)
from boocoder.db.sql import load_statements
from boocoder.errors import BoocoderError, Unavailable
from boocoder.process.environment import agent_environment
from boocoder.process.exit import ExitWatch, wait_uninterrupted
from boocoder.service import Supervisor

log = logging.getLogger(__name__)

DATABASE = "boocoder"
PORT = 5432  # names the socket file only; the server listens on no address
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",  # our pools and listeners use about 20; the rest is for a second host and psql
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",  # our statements are short
    "autovacuum_max_workers": "1",
    "autovacuum_naptime": "30s",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
}
START_TIMEOUT_S = 300.0  # crash recovery of a busy server was seen to take 36 s
CONNECT_TIMEOUT_S = 5.0
FAST_STOP_S = 10.0
IMMEDIATE_STOP_S = 5.0
READY_POLL_S = 0.015
LOG_MAX_BYTES = 1024 * 1024  # a bigger log is set aside at the next start
STEADY_S = 30.0  # a server that lived so long had a good start
MAX_FAILURES = 6
BACKOFF_CAP_S = 5.0

Probe = Literal["ready", "starting", "absent"]


class EmbeddedPostgres:
    """A PostgreSQL of our own, shared by all processes that use the same data directory.

    The first process starts it as its child; the others attach, and one of them takes over when it dies.
    The kernel stops the server when its owner dies, however it dies.

    Args:
        data_dir: holds `pg<major>`, a log and lock files; made if missing.
        runtime_dir: where the private socket directory is made; /tmp if None or too long for a socket.
        settings: server settings on top of ours.
    """

    def __init__(
        self, *, data_dir: Path, runtime_dir: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._data_dir = data_dir
        self._runtime_dir = runtime_dir or Path("/tmp")  # noqa: S108 -- the directory made in it is private
        self._settings = {**SETTINGS, **(settings or {})}
        self._binaries: PostgresBinaries | None = None
        self._cluster: Cluster | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: ExitWatch | None = None
        self._supervisor = Supervisor("embedded-postgres")
        self._keeper: asyncio.Task[None] | None = None
        self.dsn = ""

    async def start(self) -> str:
        """Serve the data directory, or attach to the process that serves it; make the database if it is missing.

        Returns:
            DSN for asyncpg, also in `dsn`.

        Raises:
            Unavailable: no PostgreSQL, another major version's data, or the server does not start.
        """
        if self._keeper is None:
            try:
                await self._ensure()
            except BaseException:
                await self._end()
                raise
            self._keeper = self._supervisor.spawn(self._keep(), "keeper", vital=True)
        return self.dsn

    async def stop(self) -> None:
        """Shut down the server if this object started it. Bounded; safe twice and before `start`."""
        await self._supervisor.stop()
        self._keeper = None
        await self._end()

    async def wait_failed(self) -> BaseException:
        """Wait until the server cannot be kept alive any more and return why."""
        return await self._supervisor.wait_failed()

    @property
    def owned(self) -> bool:
        """Whether this object started the server, so that it ends with this process."""
        return self._process is not None

    async def _ensure(self) -> None:
        """See that somebody serves; afterwards `_watch` tells when that ends."""
        self._release()
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with _start_lock(self._data_dir / "postgres.lock"):
            cluster = await self._prepare()
            deadline = time.monotonic() + START_TIMEOUT_S
            while (probe := await _probe(cluster)) != "ready":
                if probe == "absent" and self._process is None:
                    await clear_stale_locks(cluster)
                    self._launch(cluster)
                await self._pause(cluster, deadline)
            if self._watch is None:
                self._watch = ExitWatch(postmaster_pid(cluster.path))
        self.dsn = dsn_for(cluster.socket_dir, DATABASE)

    async def _prepare(self) -> Cluster:
        binaries = self._binaries = self._binaries or await find_binaries()
        path = check_version(self._data_dir.resolve(), binaries)
        user = self._cluster.user if self._cluster else await choose_user()
        durable = self._settings.get("fsync", "on") != "off"
        await create_if_missing(path, binaries, user, durable=durable)
        self._cluster = Cluster(path=path, socket_dir=socket_directory(path, self._runtime_dir, user), user=user)
        return self._cluster

    def _launch(self, cluster: Cluster) -> None:
        assert self._binaries is not None
        # A comma or space in a directory's name would end it without the quotes.
        settings = {**self._settings, "unix_socket_directories": f'"{cluster.socket_dir}"'}
        if self._binaries.major >= 18:
            settings.setdefault("io_method", "sync")  # no worker processes for a small local database
        arguments = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        argv = [str(self._binaries.postgres), "-D", str(cluster.path), *arguments]
        with _open_log(self._log_path) as sink:
            self._process = subprocess.Popen(
                launch_argv(cluster.user, signal.SIGINT, argv),
                cwd="/",
                env=agent_environment(),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        self._watch = ExitWatch(self._process.pid)

    @property
    def _log_path(self) -> Path:
        return self._data_dir / "postgres.log"

    async def _pause(self, cluster: Cluster, deadline: float) -> None:
        """Wait a little for the server to come up, unless it has ended."""
        ended = self._watch.exited if self._watch is not None else asyncio.Event()
        try:
            async with asyncio.timeout(READY_POLL_S):
                await ended.wait()
        except TimeoutError:
            if time.monotonic() < deadline:
                return
        raise Unavailable(
            "postgres_start_failed",
            f"The embedded PostgreSQL for {cluster.path} did not start. Its log ends: {_log_end(self._log_path)}",
            f"See {self._log_path}; free disk space or memory, or set database_url to another PostgreSQL.",
        )

    async def _keep(self) -> None:
        """Restart the server, or attach to its next owner, whenever it is gone."""
        failures = 0
        while True:
            assert self._watch is not None
            began = time.monotonic()
            await self._watch.exited.wait()
            failures = 0 if time.monotonic() - began > STEADY_S else failures
            log.warning("the embedded PostgreSQL ended", extra={"owned": self.owned})
            failures = await self._restart(failures)

    async def _restart(self, failures: int) -> int:
        """Try until it serves; returns the number of failures to count on from."""
        while True:
            if failures:
                await asyncio.sleep(min(BACKOFF_CAP_S, 0.1 * 2**failures) * random.uniform(0.5, 1.0))
            failures += 1
            try:
                await self._ensure()
                return failures
            except (BoocoderError, OSError) as error:
                log.warning("the embedded PostgreSQL does not start", extra={"failures": failures, "error": str(error)})
                await self._end()
                if failures >= MAX_FAILURES:
                    raise

    def _release(self) -> None:
        """Forget a server that has ended."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._process is not None and self._process.poll() is not None:
            self._process = None

    async def _end(self) -> None:
        """Stop our own server: fast, then immediate, then by force."""
        process, watch = self._process, self._watch
        if process is not None and watch is not None:
            try:
                await _shut_down(process, watch)
            finally:
                process.poll()
        self._release()


async def _shut_down(process: subprocess.Popen[bytes], watch: ExitWatch) -> None:
    steps = ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S), (signal.SIGKILL, IMMEDIATE_STOP_S))
    for number, limit_s in steps:
        if not watch.exited.is_set():
            process.send_signal(number)
        if await wait_uninterrupted(watch.exited, limit_s):
            return


def dsn_for(socket_dir: Path, database: str) -> str:
    """The DSN of a database of the server behind a socket directory."""
    return f"postgresql:///{database}?host={quote(str(socket_dir), safe='')}&port={PORT}&user={ROLE}"


async def _probe(cluster: Cluster) -> Probe:
    """Ask the socket, which alone knows; makes our database once the server answers.

    Raises:
        Unavailable: another server answers there.
    """
    statements = load_statements("embedded")
    try:
        connection = await asyncpg.connect(dsn_for(cluster.socket_dir, "postgres"), timeout=CONNECT_TIMEOUT_S)
    except asyncpg.CannotConnectNowError:
        return "starting"
    except asyncpg.TooManyConnectionsError:
        return "ready"
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "absent"
    try:
        row = await connection.fetchrow(statements["probe"], timeout=CONNECT_TIMEOUT_S)
        if not row["has_database"]:
            await connection.execute(statements["create_database"])
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "starting"  # it went away while it answered: the caller looks again
    finally:
        connection.terminate()
    if Path(row["data_directory"]) != cluster.path:
        raise Unavailable(
            "postgres_socket_taken",
            f"{cluster.socket_dir} is the socket of another server, for {row['data_directory']}.",
            "Give boocoder another runtime directory.",
        )
    return "ready"


@asynccontextmanager
async def _start_lock(path: Path) -> AsyncIterator[None]:
    """Let one process at a time look and start."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(READY_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _open_log(path: Path) -> BinaryIO:
    """The server's log, for appending; a big one is set aside first."""
    if path.is_file() and path.stat().st_size > LOG_MAX_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _log_end(path: Path) -> str:
    try:
        return path.read_bytes()[-1000:].decode("utf-8", "replace").strip()
    except OSError:
        return "(no log)"
