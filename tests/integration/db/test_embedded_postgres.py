"""The embedded PostgreSQL: started, shared, killed, restarted, refused."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from boocoder.db.server.cluster import postmaster_pid
from boocoder.db.server.embedded import EmbeddedPostgres
from boocoder.errors import Unavailable
from tests.waiting import until

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
NOBODY = 65534
OWNER = """
import asyncio, os, sys
from pathlib import Path
from boocoder.db.server.embedded import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(data_dir=Path(sys.argv[1]))
    print(await server.start(), server.owned, os.getuid(), flush=True)
    await server.wait_failed()

asyncio.run(main())
"""


@asynccontextmanager
async def serving(data_dir: Path, **settings: str) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir=data_dir, settings={**FAST, **settings})
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def owner(data_dir: Path, *, prefix: Sequence[str] = ()) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Another process that serves the directory, and its DSN."""
    argv = [*prefix, sys.executable, "-c", OWNER, str(data_dir)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd="/")
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().decode().strip()
    finally:
        process.stdout.close()
        process.kill()
        process.wait()


async def ask(dsn: str, query: str = "SELECT 1") -> object:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def ask_until(dsn: str, query: str = "SELECT 1") -> object:
    """Ask a server that may be on its way back."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask(dsn, query)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return b") Z" not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


def working_in(path: Path) -> list[str]:
    """Pids of the processes of the server of `path`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == path:
                found.append(entry.name)
        except OSError:
            continue
    return found


def cluster_of(data_dir: Path) -> Path:
    return next(path for path in data_dir.resolve().glob("pg*") if path.name.removeprefix("pg").isdigit())


async def test_the_shared_server_answers(postgres_server: str) -> None:
    assert await ask(postgres_server, "SELECT current_database()") == "postgres"


async def test_first_and_later_starts_answer_and_leave_nothing_running(tmp_path: Path) -> None:
    for _ in range(2):
        async with serving(tmp_path, fsync="on") as server:
            assert await ask(server.dsn, "SELECT current_database()") == "boocoder"
            assert await ask(server.dsn, "SELECT current_setting('shared_buffers')") == "32MB"
    assert not working_in(cluster_of(tmp_path))


async def test_the_socket_is_private(tmp_path: Path) -> None:
    async with serving(tmp_path):
        directory = Path((tmp_path / f"{cluster_of(tmp_path).name}.socket").read_text())
        assert directory.stat().st_mode & 0o777 == 0o700
        assert (directory / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
        assert cluster_of(tmp_path).stat().st_mode & 0o777 == 0o700


async def refused_without_password(server: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.dsn.partition("&passfile")[0] + "&password=guess")


async def test_only_the_holder_of_the_password_gets_in(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        passfile = cluster_of(tmp_path).with_name(f"{cluster_of(tmp_path).name}.pgpass")
        assert passfile.stat().st_mode & 0o777 == 0o600
        password = passfile.read_text().strip().rpartition(":")[2]
        assert len(password) == 64 and password not in server.dsn
        await refused_without_password(server)
        assert await ask(server.dsn) == 1
        environments = [psutil.Process(int(pid)).environ() for pid in working_in(cluster_of(tmp_path))]
        assert environments and password not in str(environments)


async def test_a_cluster_that_trusted_every_local_user_is_closed_with_its_data(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await ask(server.dsn, "CREATE TABLE rows AS SELECT 7 AS value")
    cluster = cluster_of(tmp_path)
    (cluster / "pg_hba.conf").write_text("local all all trust\n")
    cluster.with_name(f"{cluster.name}.pgpass").unlink()
    async with serving(tmp_path) as server:
        await until_refused(server)
        assert await ask(server.dsn, "SELECT value FROM rows") == 7


async def test_a_lost_password_is_replaced(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await ask(server.dsn, "CREATE TABLE rows AS SELECT 7 AS value")
    cluster = cluster_of(tmp_path)
    cluster.with_name(f"{cluster.name}.pgpass").unlink()
    async with serving(tmp_path) as server:
        await until_refused(server)
        assert await ask(server.dsn, "SELECT value FROM rows") == 7


async def until_refused(server: EmbeddedPostgres) -> None:
    """Wait until the server has read its new rules, then see that a guess is refused."""
    async with asyncio.timeout(60):
        while True:
            try:
                await ask(server.dsn.partition("&passfile")[0] + "&password=guess")
            except asyncpg.InvalidPasswordError:
                return
            await asyncio.sleep(0.02)


async def test_an_open_data_directory_is_tightened(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    async with serving(tmp_path):
        assert tmp_path.stat().st_mode & 0o077 in (0, 0o011)


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name, which may have 107 bytes in all."""
    with tempfile.TemporaryDirectory(prefix="boo-test-", dir="/tmp") as directory:
        yield Path(directory)


async def test_a_directory_squatted_by_somebody_is_not_used(tmp_path: Path, short_directory: Path) -> None:
    runtime = short_directory
    first = EmbeddedPostgres(data_dir=tmp_path / "data", runtime_dir=runtime, settings=FAST)
    await first.start()
    await first.stop()
    squatted = Path((tmp_path / "data" / f"{cluster_of(tmp_path / 'data').name}.socket").read_text())
    assert not squatted.exists()
    squatted.mkdir()
    squatted.chmod(0o777)
    second = EmbeddedPostgres(data_dir=tmp_path / "data", runtime_dir=runtime, settings=FAST)
    dsn = await second.start()
    try:
        assert await ask(dsn) == 1
        assert len(list(runtime.iterdir())) == 2
        assert not list(squatted.glob(".s.PGSQL*"))
    finally:
        await second.stop()


@pytest.mark.parametrize("name", ["with space, comma and 'quote'", "/".join(["long" * 12] * 6), "ünïcode"])
async def test_any_path_works(tmp_path: Path, name: str) -> None:
    runtime = tmp_path / name
    runtime.mkdir(parents=True)
    server = EmbeddedPostgres(data_dir=runtime / "data", runtime_dir=runtime, settings=FAST)
    dsn = await server.start()
    try:
        assert await ask(dsn) == 1
    finally:
        await server.stop()


async def test_stop_is_safe_twice_and_before_start(tmp_path: Path) -> None:
    server = EmbeddedPostgres(data_dir=tmp_path / "data", settings=FAST)
    await server.stop()
    assert not (tmp_path / "data").exists()
    dsn = await server.start()
    assert await server.start() == dsn
    await server.stop()
    await server.stop()
    assert await server.start() == dsn
    assert await ask(dsn) == 1
    await server.stop()


async def test_two_processes_share_one_server_and_the_second_takes_over(tmp_path: Path) -> None:
    with owner(tmp_path) as (process, said):
        assert said.split()[1] == "True"
        async with serving(tmp_path) as server:
            assert not server.owned
            await ask(server.dsn, "CREATE TABLE kept AS SELECT 7 AS value")
            process.kill()
            process.wait()
            assert await ask_until(server.dsn, "SELECT value FROM kept") == 7
            await until(lambda: server.owned)
    assert not working_in(cluster_of(tmp_path))


async def test_racing_starts_make_one_server(tmp_path: Path) -> None:
    servers = [EmbeddedPostgres(data_dir=tmp_path, settings=FAST) for _ in range(4)]
    try:
        dsns = await asyncio.gather(*(server.start() for server in servers))
        assert len(set(dsns)) == 1
        assert sum(server.owned for server in servers) == 1
        pids = {await ask(dsn, "SELECT pg_postmaster_start_time()") for dsn in dsns}
        assert len(pids) == 1
    finally:
        await asyncio.gather(*(server.stop() for server in servers))


async def test_a_killed_postmaster_comes_back_with_its_data(tmp_path: Path) -> None:
    async with serving(tmp_path, fsync="on", synchronous_commit="on", full_page_writes="on") as server:
        await ask(server.dsn, "CREATE TABLE rows (value int)")
        for value in range(3):
            await ask(server.dsn, f"INSERT INTO rows VALUES ({value})")
            pid = postmaster_pid(cluster_of(tmp_path))
            os.kill(pid, signal.SIGKILL)
            await until(lambda pid=pid: not alive(pid))  # type: ignore[misc]
            assert await ask_until(server.dsn, "SELECT count(*) FROM rows") == value + 1


async def test_kill_9_of_the_owner_leaves_no_server_and_no_damage(tmp_path: Path) -> None:
    for number in range(3):
        with owner(tmp_path) as (process, said):
            dsn = said.split()[0]
            if number == 0:
                await ask(dsn, "CREATE TABLE rows (value int)")
            await ask(dsn, "INSERT INTO rows VALUES (1)")
            process.kill()
            process.wait()
            began = time.monotonic()
            await until(lambda: not working_in(cluster_of(tmp_path)))
            assert time.monotonic() - began < 60
    async with serving(tmp_path) as server:
        assert await ask(server.dsn, "SELECT count(*) FROM rows") == 3


async def test_owner_and_postmaster_killed_together(tmp_path: Path) -> None:
    for number in range(3):
        with owner(tmp_path) as (process, said):
            if number == 0:
                await ask(said.split()[0], "CREATE TABLE rows (value int)")
            await ask(said.split()[0], "INSERT INTO rows VALUES (1)")
            postmaster = postmaster_pid(cluster_of(tmp_path))
            for pid, kind in ((process.pid, 19), (postmaster, 19), (process.pid, 9), (postmaster, 9)):
                os.kill(pid, kind)
            process.wait()
            async with serving(tmp_path) as server:
                assert await ask(server.dsn, "SELECT count(*) FROM rows") == number + 1


async def test_lock_files_that_name_a_stranger_are_no_obstacle(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        lock = (cluster_of(tmp_path) / "postmaster.pid").read_text().split("\n")
        socket_dir = Path((tmp_path / f"{cluster_of(tmp_path).name}.socket").read_text())
        assert await ask(server.dsn) == 1
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        text = "\n".join([str(stranger.pid), *lock[1:]])
        (cluster_of(tmp_path) / "postmaster.pid").write_text(text)
        socket_dir.mkdir(mode=0o700)
        (socket_dir / ".s.PGSQL.5432.lock").write_text(text)
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(socket_dir / ".s.PGSQL.5432"))
        async with serving(tmp_path) as server:
            assert await ask(server.dsn) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_half_an_initdb_is_made_again(tmp_path: Path) -> None:
    async with serving(tmp_path):
        cluster = cluster_of(tmp_path)
    making = cluster.with_name(f"{cluster.name}.making")
    cluster.rename(making)
    (making / "global" / "pg_control").unlink()
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text(cluster.name.removeprefix("pg"))
    async with serving(tmp_path) as server:
        assert await ask(server.dsn) == 1
    assert not making.exists()
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


@pytest.mark.parametrize("in_place", [True, False])
async def test_data_of_another_version_is_refused_by_name(tmp_path: Path, in_place: bool) -> None:
    async with serving(tmp_path):
        cluster = cluster_of(tmp_path)
    (cluster / "PG_VERSION").write_text("13\n")
    if not in_place:
        cluster.rename(tmp_path / "pg13")
    server = EmbeddedPostgres(data_dir=tmp_path, settings=FAST)
    with pytest.raises(Unavailable, match="made by PostgreSQL 13") as caught:
        await server.start()
    assert caught.value.code == "postgres_version_mismatch"
    assert "pg_dump" in caught.value.cure
    await server.stop()


async def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    server = EmbeddedPostgres(data_dir=tmp_path, settings={"max_connections": "nonsense"})
    with pytest.raises(Unavailable, match="max_connections") as caught:
        await server.start()
    assert caught.value.code == "postgres_start_failed"
    await server.stop()
    assert not working_in(cluster_of(tmp_path))


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    for limit_s in (0.0, 0.05, 0.3, 0.6, 0.7):
        server = EmbeddedPostgres(data_dir=tmp_path, settings=FAST)
        try:
            async with asyncio.timeout(limit_s):
                await server.start()
        except TimeoutError:
            assert not server.owned
        finally:
            await server.stop()
    async with serving(tmp_path) as server:
        assert await ask(server.dsn) == 1
    assert not working_in(cluster_of(tmp_path))


async def test_it_works_as_a_normal_user() -> None:
    uid = os.geteuid() or NOBODY
    with tempfile.TemporaryDirectory(prefix="boo-user-", dir="/tmp") as home:
        os.chown(home, uid, -1)
        with owner(Path(home) / "data", prefix=as_user(uid)) as (process, said):
            dsn, owned, user = said.split()
            assert (owned, int(user)) == ("True", uid)
            cluster = cluster_of(Path(home) / "data")
            assert Path(f"/proc/{postmaster_pid(cluster)}").stat().st_uid == cluster.stat().st_uid == uid
            assert await ask(dsn) == 1
            process.kill()
            process.wait()
            await until(lambda: not working_in(cluster))


def as_user(uid: int) -> list[str]:
    """A command that becomes the user; root keeps the right to read, as the interpreter may lie in its home."""
    if os.geteuid() != 0:
        return []
    keep = "+dac_read_search"
    return ["setpriv", f"--reuid={uid}", "--clear-groups", f"--inh-caps={keep}", f"--ambient-caps={keep}", "--"]
