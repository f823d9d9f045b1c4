"""Connections to PostgreSQL: two bounded pools and their transactions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from boocoder.db.core.connection import Connection as Connection
from boocoder.db.core.connection import Transaction as Transaction
from boocoder.db.core.driver_errors import DRIVER_ERRORS, translate, translated
from boocoder.db.core.pooler import set_parameters
from boocoder.errors import Unavailable

RELEASE_TIMEOUT_S = 5.0  # a connection that cannot be given back in this time is dropped
LOCK_TIMEOUT_S = 10.0  # our transactions hold row locks for milliseconds; a longer wait is a fault
IDLE_IN_TRANSACTION_TIMEOUT_S = 60.0  # the server ends a transaction whose owner is stuck


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """Connections of both pools: open, and of these not in use."""

    size: int
    idle: int
    relaxed_size: int
    relaxed_idle: int


class Database:
    """One database: a pool whose commits are durable, and a small one for streamed text whose commits are
    not waited for (a crash of the server loses its last fraction of a second, never the order).

    Args:
        dsn: a libpq URL.
        data_dir: real path of the host's data directory, against which stored paths are resolved; None for a client
            that stores and reads absolute paths only.
        size: connections of the durable pool at most.
        relaxed_size: connections of the relaxed pool at most.
        acquire_timeout_s: wait for a free connection, seconds.
        statement_timeout_s: a statement that takes longer is cancelled, seconds.
        statement_cache_size: prepared statements kept per connection.
    """

    def __init__(
        self,
        *,
        dsn: str,
        data_dir: Path | None = None,
        size: int = 10,
        relaxed_size: int = 4,
        acquire_timeout_s: float = 10.0,
        statement_timeout_s: float = 30.0,
        statement_cache_size: int = 256,
    ) -> None:
        self.dsn = dsn
        self._place = {"boocoder.data_dir": str(data_dir)} if data_dir is not None else {}
        self._size = size
        self._relaxed_size = relaxed_size
        self._acquire_timeout_s = acquire_timeout_s
        self._statement_timeout_s = statement_timeout_s
        self._statement_cache_size = statement_cache_size
        self._durable: Any = None
        self._relaxed: Any = None

    async def open(self) -> None:
        """Open both pools; they connect now, so that a wrong DSN fails here.

        Raises:
            Unavailable: database_unavailable, the server cannot be reached.
        """
        if self._durable is not None:
            return
        with translated():
            self._durable = await self._create_pool(self._size, {})
            try:
                self._relaxed = await self._create_pool(self._relaxed_size, {"synchronous_commit": "off"})
            except BaseException:
                await self.close()
                raise

    async def close(self, timeout_s: float = 5.0) -> None:
        """Close all connections; those in use after `timeout_s` seconds are dropped. Safe twice and before open."""
        pools = [pool for pool in (self._durable, self._relaxed) if pool is not None]
        self._durable = self._relaxed = None
        try:
            async with asyncio.timeout(timeout_s):
                for pool in pools:
                    await pool.close()
        except TimeoutError:
            pass
        finally:
            for pool in pools:
                pool.terminate()

    def statistics(self) -> PoolStatistics:
        """How many connections there are and how many are free."""
        if self._durable is None or self._relaxed is None:
            return PoolStatistics(0, 0, 0, 0)
        return PoolStatistics(
            self._durable.get_size(),
            self._durable.get_idle_size(),
            self._relaxed.get_size(),
            self._relaxed.get_idle_size(),
        )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection on which every statement commits by itself.

        Raises:
            Unavailable: database_busy, none was free in time; database_unavailable, the server is not there.
        """
        async with self._acquired(self._durable) as conn:
            yield conn

    @asynccontextmanager
    async def relaxed(self) -> AsyncIterator[Connection]:
        """Like `connection`, but commits do not wait for the disk: for streamed text, and for what a later durable
        commit takes along.

        Raises:
            Unavailable: as `connection`.
        """
        async with self._acquired(self._relaxed) as conn:
            yield conn

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside one transaction: committed at the end of the block, rolled back on any error.

        Raises:
            Unavailable: as `connection`; raised by the commit it means that the outcome is unknown.
        """
        async with self._acquired(self._durable) as conn, in_transaction(conn):
            yield conn

    async def _create_pool(self, size: int, settings: dict[str, str]) -> Any:
        return await asyncpg.create_pool(
            self.dsn,
            min_size=1,
            max_size=size,
            timeout=self._acquire_timeout_s,
            command_timeout=self._statement_timeout_s,
            statement_cache_size=self._statement_cache_size,
            max_cached_statement_lifetime=0,
            init=partial(
                _prepare_connection,
                settings={
                    "timezone": "UTC",
                    "jit": "off",
                    # Plans are kept, and may be made while a table is empty: every statement has its index.
                    "enable_seqscan": "off",
                    "lock_timeout": _milliseconds(LOCK_TIMEOUT_S),
                    "idle_in_transaction_session_timeout": _milliseconds(IDLE_IN_TRANSACTION_TIMEOUT_S),
                    **self._place,
                    **settings,
                },
            ),
            reset=_keep_as_it_is,
            server_settings={"application_name": "boocoder"},
        )

    @asynccontextmanager
    async def _acquired(self, pool: Any) -> AsyncIterator[Connection]:
        if pool is None:
            raise Unavailable("database_closed", "The database connection is closed.", "Start boocoder again.")
        try:
            conn = await pool.acquire(timeout=self._acquire_timeout_s)
        except TimeoutError as error:
            text = f"No database connection became free in {self._acquire_timeout_s:g} s."
            raise Unavailable("database_busy", text, "Try again.") from error
        except DRIVER_ERRORS as error:
            raise translate(error) or Unavailable("database_unavailable", f"No connection: {error}.") from error
        try:
            yield conn
        finally:
            with translated():
                await pool.release(conn, timeout=RELEASE_TIMEOUT_S)


@asynccontextmanager
async def in_transaction(conn: Connection) -> AsyncIterator[None]:
    """One transaction of a connection, as `Database.transaction`."""
    transaction = conn.transaction()
    with translated():
        await transaction.start()
    try:
        yield
    except BaseException:
        await _roll_back(transaction)
        raise
    with translated():
        await transaction.commit()


async def _roll_back(transaction: Transaction) -> None:
    """Roll back a transaction after an error; a connection that has died in the meantime is ignored."""
    try:
        await transaction.rollback()
    except DRIVER_ERRORS as error:
        # Without a connection the server rolls back by itself.
        if translate(error) is None:
            raise


async def _prepare_connection(conn: Any, *, settings: Mapping[str, str]) -> None:
    """Set what holds for the connection, and let jsonb pass as its own text: the caller knows its type and parses it.

    The settings are not sent with the start of the connection: PgBouncer takes almost none there.
    """
    await set_parameters(conn, settings)
    await conn.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


async def _keep_as_it_is(conn: Any) -> None:
    """Our statements leave nothing behind on a connection, so that giving it back needs no round trip."""


def _encode_jsonb(value: bytes | msgspec.Raw) -> bytes:
    return b"\x01" + bytes(value)  # the version byte of jsonb's binary form


def _decode_jsonb(data: bytes) -> msgspec.Raw:
    return msgspec.Raw(data[1:])


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
