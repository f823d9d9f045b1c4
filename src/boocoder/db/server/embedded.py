"""The embedded PostgreSQL: found, made, started, shared, restarted and stopped; it knows nothing of our tables."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from boocoder.db.server.access import lock_access, prepare_access
from boocoder.db.server.binaries import PostgresBinaries, find_binaries
from boocoder.db.server.cluster import (
    Cluster,
    check_version,
    choose_user,
    clear_stale_locks,
    create_if_missing,
    launch_argv,
    make_data_dir,
    postmaster_pid,
    socket_directory,
)
from boocoder.db.server.probe import DATABASE, PORT, dsn_for, probe_server
from boocoder.errors import BoocoderError, Unavailable
from boocoder.net.backoff import backoff
from boocoder.process.environment import agent_environment
from boocoder.process.exit_watch import ExitWatch, wait_uninterrupted
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

LOCK_FILE = "postgres.lock"
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
FAST_STOP_S = 10.0
IMMEDIATE_STOP_S = 5.0
READY_POLL_S = 0.015
LOG_MAX_BYTES = 1024 * 1024  # a bigger log is set aside at the next start
STEADY_S = 30.0  # a server that lived so long had a good start
MAX_FAILURES = 6
BACKOFF_FIRST_S = 0.1
BACKOFF_CAP_S = 5.0


class EmbeddedPostgres:
    """A PostgreSQL of our own, shared by all processes that use the same data directory.

    The first process starts it as its child; the others attach, and one of them takes over when it dies.
    The kernel stops the server when its owner dies, however it dies.

    Args:
        data_dir: holds `pg<major>`, a log and lock files; made if missing.
        runtime_dir: where the private socket directory is made; /tmp if None or too long for a socket.
        settings: additional server settings.
    """

    def __init__(
        self, *, data_dir: Path, runtime_dir: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self._data_dir = data_dir
        self._runtime_dir = runtime_dir or Path("/tmp")  # noqa: S108 -- the directory made in it is private
        self._settings = {**SETTINGS, **(settings or {})}
        self._binaries: PostgresBinaries | None = None
        self._user = ""
        self._socket_dir: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: ExitWatch | None = None
        self._supervisor = TaskSupervisor("embedded-postgres")
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
        """Make sure that a server is running; afterwards `_watch` reports its end."""
        self._release()
        self._user = self._user or await choose_user()
        make_data_dir(self._data_dir, self._user)
        async with _start_lock(self._data_dir / LOCK_FILE):
            cluster = await self._prepare(self._user)
            deadline = time.monotonic() + START_TIMEOUT_S
            while (found := await probe_server(cluster)) != "ready":
                if found == "absent" and self._process is None:
                    await clear_stale_locks(cluster)
                    self._launch(cluster)
                await self._pause(cluster, deadline)
            if self._watch is None:
                self._watch = ExitWatch(postmaster_pid(cluster.path))
            self.dsn = dsn_for(cluster, DATABASE)
            await lock_access(cluster, self.dsn)

    async def _prepare(self, user: str) -> Cluster:
        binaries = self._binaries = self._binaries or await find_binaries()
        path = check_version(self._data_dir.resolve(), binaries)
        durable = self._settings.get("fsync", "on") != "off"
        await create_if_missing(path, binaries, user, durable=durable)
        self._socket_dir = socket_directory(path, self._runtime_dir, user)
        cluster = Cluster(path=path, socket_dir=self._socket_dir, user=user)
        prepare_access(cluster)
        return cluster

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
                await asyncio.sleep(backoff(failures, first_s=BACKOFF_FIRST_S, cap_s=BACKOFF_CAP_S))
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
                self._remove_socket_dir()
        self._release()

    def _remove_socket_dir(self) -> None:
        """Leave no empty directory behind, unless somebody is just starting a server there."""
        with suppress(OSError), _lock(self._data_dir / LOCK_FILE):
            if self._socket_dir is not None:
                self._socket_dir.rmdir()


async def _shut_down(process: subprocess.Popen[bytes], watch: ExitWatch) -> None:
    steps = ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S), (signal.SIGKILL, IMMEDIATE_STOP_S))
    for number, limit_s in steps:
        if not watch.exited.is_set():
            process.send_signal(number)
        if await wait_uninterrupted(watch.exited, limit_s):
            return


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the start lock.

    Raises:
        BlockingIOError: another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@asynccontextmanager
async def _start_lock(path: Path) -> AsyncIterator[None]:
    """Let one process at a time look and start."""
    deadline = time.monotonic() + START_TIMEOUT_S
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(_lock(path))
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        "postgres_start_locked",
                        f"Another process has held {path} for {START_TIMEOUT_S:g} s.",
                        "End it.",
                    ) from None
                await asyncio.sleep(READY_POLL_S)
        yield


def _open_log(path: Path) -> BinaryIO:
    """The server's log, for appending; a big one is set aside first."""
    if path.is_file() and path.stat().st_size > LOG_MAX_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))


def _log_end(path: Path) -> str:
    try:
        return path.read_bytes()[-1000:].decode("utf-8", "replace").strip()
    except OSError:
        return "(no log)"
