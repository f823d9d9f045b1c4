"""A real PgBouncer in front of a database of the tests."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

PORT = 6543
UP_S = 30.0
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_CONFIGURATION = """\
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {own_port}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
server_login_retry = 1
"""


def pgbouncer_program() -> str | None:
    """Where PgBouncer is, None without one."""
    return shutil.which("pgbouncer", path=_PLACES)


@asynccontextmanager
async def pgbouncer(dsn: str, folder: Path, *, mode: str, size: int = 40) -> AsyncIterator[str]:
    """DSN that leads through a PgBouncer, which ends with the block.

    Args:
        dsn: of a database of the tests' server.
        folder: short enough for a socket.
        mode: `session` or `transaction`.
        size: connections to the server at most.
    """
    parts = urlsplit(dsn)
    name, query = parts.path.removeprefix("/"), {key: value[0] for key, value in parse_qs(parts.query).items()}
    password = Path(query["passfile"]).read_text().strip().split(":")[-1]
    file = folder / "pgbouncer.ini"
    values = {"name": name, "password": password, "folder": folder, "own_port": PORT, "mode": mode, "size": size}
    file.write_text(_CONFIGURATION.format(**values, host=query["host"], port=query["port"], user=query["user"]))
    # It refuses to run as root, and as another user it could not reach the server's socket.
    as_user = ["unshare", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
    program = pgbouncer_program()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        *as_user, program, "--quiet", str(file), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    through = f"postgresql:///{name}?host={folder}&port={PORT}&user={query['user']}"
    try:
        await _wait_up(through, process)
        yield through
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _wait_up(dsn: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(UP_S):
        while True:
            assert process.returncode is None, "PgBouncer has ended"
            try:
                conn = await asyncpg.connect(dsn, timeout=5)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)
            else:
                await conn.close()
                return
