"""Debian's PostgreSQL as other people run it: over TLS, with a password, and a role that owns one schema only."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

UP_S = 60.0
ROLE = "boocoder"
_PASSWORD = "not a secret"


def postgres_programs() -> Path | None:
    """The folder of the newest PostgreSQL of Debian, None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(frozen=True)
class DebianPostgres:
    """A running server.

    Args:
        dsn: of the role, with the certificate checked; its password is in `passfile`.
        admin: connects as the superuser.
    """

    dsn: str
    passfile: Path
    certificate: Path
    port: int
    folder: Path

    async def admin(self, database: str = "boocoder") -> asyncpg.Connection:
        """A connection of the superuser."""
        return await asyncpg.connect(
            host="localhost",
            port=self.port,
            user="postgres",
            password=_PASSWORD,
            database=database,
            ssl=ssl.create_default_context(cafile=str(self.certificate)),
        )


@asynccontextmanager
async def debian_postgres(folder: Path) -> AsyncIterator[DebianPostgres]:
    """A server under `folder`, with a role whose schema is not `public`; both end with the block."""
    programs, data = postgres_programs(), folder / "data"
    assert programs is not None
    (folder / "password").write_text(_PASSWORD)
    _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", folder / "password")
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
    certificate = _certificate(folder)
    port = _free_port()
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", f"unix_socket_directories={folder}"]
    options += ["-c", "ssl=on", "-c", f"ssl_cert_file={certificate}", "-c", f"ssl_key_file={folder / 'key.pem'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*_as_user(), str(programs / "postgres"), "-D", str(data), "-c", "fsync=off", *options],
            stdout=log,
            stderr=log,
        )
    passfile = folder / "pgpass"
    passfile.write_text(f"localhost:{port}:*:{ROLE}:{_PASSWORD}\n")
    passfile.chmod(0o600)
    dsn = f"postgresql://{ROLE}@localhost:{port}/boocoder?sslmode=verify-full&sslrootcert={certificate}"
    server = DebianPostgres(dsn, passfile, certificate, port, folder)
    try:
        await _prepare(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(UP_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


async def _prepare(server: DebianPostgres, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(UP_S):
        while True:
            assert process.poll() is None, (server.folder / "log").read_text()
            try:
                conn = await server.admin("postgres")
                break
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
    await conn.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{_PASSWORD}'")
    await conn.execute("CREATE DATABASE boocoder ENCODING 'UTF8' TEMPLATE template0")
    await conn.close()
    conn = await server.admin()
    await conn.execute(f"CREATE SCHEMA {ROLE} AUTHORIZATION {ROLE}")
    await conn.execute(f"ALTER ROLE {ROLE} SET search_path = {ROLE}")
    await conn.close()


def _certificate(folder: Path) -> Path:
    made = folder / "certificate.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(made)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    return made


def _as_user() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["unshare", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []


def _run(*argv: object) -> None:
    subprocess.run([*_as_user(), *map(str, argv)], check=True, capture_output=True)
