"""Waits for the disk after transactions that did not."""

from __future__ import annotations

from boocoder.db.core.pool import Database
from boocoder.db.core.statements import Done, statement

_FLUSH = statement("durability", "flush_commits", row=Done, params=())


async def flush_commits(database: Database) -> None:
    """Return once everything that was committed before, on any connection, is on disk.

    Raises:
        Unavailable: the database is gone; what was committed without waiting may be lost.
    """
    async with database.connection() as conn:
        await _FLUSH.all(conn)
