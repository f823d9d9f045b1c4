"""Transactions whose effects others see before they are on disk, and the wait for the disk after them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from boocoder.db.core.pool import Connection, Database, in_transaction
from boocoder.db.core.statements import Done, statement

_COMMIT_EARLY = statement("durability", "commit_early", row=Done, params=())
_FLUSH = statement("durability", "flush_commits", row=Done, params=())


@asynccontextmanager
async def early_transaction(database: Database) -> AsyncIterator[Connection]:
    """As `Database.transaction`, but others see the commit before it is on disk; leaving the block waits for the disk.

    Raises:
        Unavailable: as `Database.transaction`, also where the server crashed before it was on disk.
    """
    async with database.connection() as conn:
        async with in_transaction(conn):
            await _COMMIT_EARLY.all(conn)
            yield conn
        await flush_commits(conn)


async def flush_commits(conn: Connection) -> None:
    """Return once everything that was committed before, on any connection, is on disk.

    It has to be the connection that committed it or read it: a later one does not know of a crash in between.

    Args:
        conn: of `Database.connection`.

    Raises:
        Unavailable: the database is gone; what was committed without waiting may be lost.
    """
    await _FLUSH.all(conn)
