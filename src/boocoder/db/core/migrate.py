"""Brings a database's schema up to date by numbered .sql files, each exactly once. It never goes back."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from boocoder.db.core.driver_errors import DRIVER_ERRORS, translate
from boocoder.db.core.inspect import DatabaseFacts, inspect_database, require_create
from boocoder.db.core.pool import Connection
from boocoder.db.core.pooler import is_pooled, require_own_server, set_parameters
from boocoder.db.core.statements import Done, load_statements, statement
from boocoder.errors import BoocoderError, Conflict, InvalidInput, Unavailable

MIGRATIONS = Path(__file__).parents[1] / "migrations"
CONNECT_TIMEOUT_S = 10.0
LOCK_TIMEOUT_S = 300.0  # for another process that is migrating a large database now
_LOCK_KEY = 0x626F6F636F646572  # "boocoder" in ASCII
_FILE_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name without number and ending, its text and the SHA-256 of it."""

    version: int
    name: str
    text: str
    sha256: bytes


class _AppliedMigration(msgspec.Struct, frozen=True):
    version: int
    name: str
    sha256: bytes


_LOCK = statement("schema_migrations", "lock_schema", row=Done, params=(int,))
_LIST = statement("schema_migrations", "list_applied", row=_AppliedMigration)
_INSERT = statement("schema_migrations", "insert_applied", row=Done, params=(int, str, bytes))


async def migrate(dsn: str, *, directory: Path = MIGRATIONS) -> list[str]:
    """Apply every migration that the database does not have, oldest first, each in a separate transaction.

    Safe to call from several processes at once: the second waits for the first and finds nothing to do.

    Args:
        dsn: of the database.
        directory: holds NNNN_name.sql files, numbered from 0001 without gap.

    Returns:
        Names of the migrations applied by this call, as "0001_init".

    Raises:
        Conflict: schema_newer, the database was migrated by a newer boocoder; schema_edited, a file that was
            applied has changed since; schema_failed, the database refused a file (it is left as before it); and as
            `inspect_database`.
        InvalidInput: database_url_invalid.
        Unavailable: database_unavailable, and as `inspect_database`; schema_locked, another process did not finish
            within LOCK_TIMEOUT_S.
    """
    known = load_migrations(directory)
    conn = await _connect(dsn)
    try:
        await inspect_database(conn)
        await _lock(conn)
        facts, missing = await _missing(conn, known)
        if missing:
            require_create(facts)
        for migration in missing:
            await _apply(conn, migration)
        return [_label(migration.version, migration.name) for migration in missing]
    finally:
        with contextlib.suppress(*DRIVER_ERRORS):
            await conn.close(timeout=CONNECT_TIMEOUT_S)


async def require_usable(dsn: str) -> int:
    """Check that a database can be used as it is, and write nothing.

    Returns:
        How many migrations the next start of the service will apply.

    Raises:
        Conflict, Unavailable: as `migrate`, and as `inspect_database`.
        InvalidInput: database_url_invalid.
    """
    conn = await _connect(dsn)
    try:
        facts, missing = await _missing(conn, load_migrations())
        if missing:
            require_create(facts)
        return len(missing)
    finally:
        with contextlib.suppress(*DRIVER_ERRORS):
            await conn.close(timeout=CONNECT_TIMEOUT_S)


async def _missing(conn: Connection, known: Sequence[Migration]) -> tuple[DatabaseFacts, Sequence[Migration]]:
    facts = await inspect_database(conn)
    applied = await _LIST.all(conn) if facts.has_record else []
    check(known, [(row.version, row.name, row.sha256) for row in applied])
    return facts, known[len(applied) :]


def load_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    """The migrations of a directory in order.

    Raises:
        ValueError: a file's name has no number, or a number is missing or doubled.
    """
    found: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.match(path.name)
        if match is None or int(match[1]) != len(found) + 1:
            raise ValueError(f"{path} is not migration number {len(found) + 1:04d}")
        data = path.read_bytes()
        found.append(Migration(int(match[1]), match[2], data.decode(), hashlib.sha256(data).digest()))
    return found


def check(known: Sequence[Migration], applied: Sequence[tuple[int, str, bytes]]) -> None:
    """Refuse a database that these files cannot have made.

    Args:
        known: our files.
        applied: (version, name, sha256) of the database, oldest first.

    Raises:
        Conflict: schema_newer or schema_edited.
    """
    for place, (version, name, sha256) in enumerate(applied):
        if place >= len(known):
            newest = _label(known[-1].version, known[-1].name) if known else "none"
            text = f"The database's schema {_label(version, name)} is newer than this boocoder knows ({newest})."
            raise Conflict("schema_newer", text, "Update boocoder, or use another database.")
        ours = known[place]
        if (ours.version, ours.sha256) != (version, sha256):
            text = f"Migration {_label(version, name)} is not the file that was applied to this database."
            raise Conflict("schema_edited", text, "Put the file back as it was; a change of the schema is a new file.")


async def _connect(dsn: str) -> Any:
    """A connection whose server stays the same, which its lock needs."""
    conn = await _open(dsn)
    try:
        if await is_pooled(conn):
            await _require_own_server(conn, dsn)
        await set_parameters(conn, {"lock_timeout": f"{LOCK_TIMEOUT_S:g}s"})
    except BaseException:
        conn.terminate()
        raise
    return conn


async def _require_own_server(conn: Connection, dsn: str) -> None:
    other = await _open(dsn)
    try:
        await require_own_server(conn, other)
    finally:
        other.terminate()


async def _open(dsn: str) -> Any:
    try:
        return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, server_settings={"application_name": "boocoder"})
    except (*DRIVER_ERRORS, ValueError) as error:  # the driver takes the URL apart
        ours = translate(error)
        if ours is None and isinstance(error, ValueError):
            ours = InvalidInput("database_url_invalid", f"The database_url cannot be read: {error}.", "Correct it.")
        raise ours or Unavailable("database_unavailable", f"No connection: {error}.") from error


async def _lock(conn: Connection) -> None:
    try:
        await _LOCK.one(conn, _LOCK_KEY)
    except BoocoderError as error:
        text = f"Another process has been migrating the database for {LOCK_TIMEOUT_S:g} s."
        raise Unavailable("schema_locked", text, "Wait for it, or end it if it is stuck.") from error


async def _apply(conn: Connection, migration: Migration) -> None:
    label = _label(migration.version, migration.name)
    try:
        async with conn.transaction():
            await conn.execute(load_statements("schema_migrations")["create_table"])
            await conn.execute(migration.text)
            await _INSERT.one(conn, migration.version, migration.name, migration.sha256)
    except DRIVER_ERRORS as error:
        ours = translate(error)
        if ours is not None:
            raise ours from error
        cure = "The database is as it was before this migration; report this with your PostgreSQL version."
        raise Conflict("schema_failed", f"Migration {label} was refused: {error}.", cure) from error


def _label(version: int, name: str) -> str:
    return f"{version:04d}_{name}"
