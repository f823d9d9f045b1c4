"""Where the packs of stored snapshots are. The database is the one place that every host reaches anyway.

Measured with PostgreSQL 15 against large objects: docs/hosts.md. Chunks in a table need no cleaner of their own
(vacuumlo) and no privileges beyond a table's, and are deleted with their session.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from boocoder.db.core.pool import Database
from boocoder.db.files import snapshot_store
from boocoder.model.ids import SnapshotId

CHUNK_BYTES = 1024 * 1024  # of one row: what a connection holds in memory at a time; a typical turn's pack is one row


class PackStore(Protocol):
    """Keeps packs by the id of their snapshot. An object store would be another implementation."""

    async def put(self, snapshot_id: SnapshotId, pack: bytes) -> None:
        """Store a pack, in place of what an earlier try left."""
        ...

    async def get(self, snapshot_id: SnapshotId) -> bytes:
        """The pack; empty where there is none."""
        ...

    async def delete(self, snapshots: Collection[SnapshotId]) -> None:
        """Delete packs. Harmless for what is not there."""
        ...


class DatabasePackStore:
    """Packs as chunks in a table."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def put(self, snapshot_id: SnapshotId, pack: bytes) -> None:
        """Store a pack, in place of what an earlier try left.

        Raises:
            Unavailable: the database is away or full; nothing was stored.
        """
        async with self._database.transaction() as conn:
            await snapshot_store.delete_chunks(conn, [snapshot_id])
            for place, start in enumerate(range(0, len(pack), CHUNK_BYTES)):
                await snapshot_store.put_chunk(conn, snapshot_id, place, pack[start : start + CHUNK_BYTES])

    async def get(self, snapshot_id: SnapshotId) -> bytes:
        """The pack; empty where there is none."""
        chunks: list[bytes] = []
        async with self._database.connection() as conn:
            while (chunk := await snapshot_store.get_chunk(conn, snapshot_id, len(chunks))) is not None:
                chunks.append(chunk)
        return b"".join(chunks)

    async def delete(self, snapshots: Collection[SnapshotId]) -> None:
        """Delete packs. Harmless for what is not there."""
        async with self._database.connection() as conn:
            await snapshot_store.delete_chunks(conn, snapshots)
