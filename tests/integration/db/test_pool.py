"""The pools: bounded waits with a name, transactions that end, and a server that goes away and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.db.tasks import hosts
from boocoder.errors import Unavailable
from tests.fixtures.row_builders import add_host


async def test_a_full_pool_is_a_bounded_wait(dsn: str) -> None:
    database = Database(dsn=dsn, size=1, acquire_timeout_s=0.2)
    await database.open()
    try:
        async with database.connection():
            with pytest.raises(Unavailable) as caught:
                async with database.connection():
                    raise AssertionError("there was no second connection")
            assert caught.value.code == "database_busy"
        async with database.connection() as conn:
            assert await hosts.get_hosts(conn) == []
    finally:
        await database.close()


async def test_many_callers_of_a_small_pool_all_get_through(dsn: str) -> None:
    database = Database(dsn=dsn, size=5)
    await database.open()

    async def call() -> int:
        async with database.transaction() as conn:
            return len(await hosts.get_hosts(conn))

    try:
        async with asyncio.timeout(30):
            assert await asyncio.gather(*(call() for _ in range(200))) == [0] * 200
        assert database.statistics().size <= 5
        assert database.statistics().idle == database.statistics().size
    finally:
        await database.close()


async def test_an_error_rolls_back_and_leaves_a_usable_connection(database: Database) -> None:
    with pytest.raises(KeyError):
        async with database.transaction() as conn:
            await add_host(conn)
            raise KeyError
    async with database.connection() as conn:
        assert await hosts.get_hosts(conn) == []
        assert not conn.is_in_transaction()


async def test_a_cancelled_transaction_rolls_back(database: Database) -> None:
    inside = asyncio.Event()

    async def stuck() -> None:
        async with database.transaction() as conn:
            await add_host(conn)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stuck())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.connection() as conn:
        assert await hosts.get_hosts(conn) == []


async def test_a_slow_statement_is_named_and_the_pool_goes_on(dsn: str) -> None:
    database = Database(dsn=dsn, size=1, statement_timeout_s=0.2)
    await database.open()
    try:
        async with database.connection() as blocker, blocker.transaction():
            await blocker.execute("LOCK TABLE hosts")
            other = Database(dsn=dsn, size=1, statement_timeout_s=0.2)
            await other.open()
            try:
                async with other.connection() as conn:
                    with pytest.raises(Unavailable) as caught:
                        await hosts.get_hosts(conn)
                    assert caught.value.code == "database_slow"
            finally:
                await other.close()
        async with database.connection() as conn:
            assert await hosts.get_hosts(conn) == []
    finally:
        await database.close()


async def test_killed_connections_are_named_then_replaced(database: Database) -> None:
    async with database.connection() as conn, database.connection() as killer:
        await killer.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        with pytest.raises(Unavailable) as caught:
            await hosts.get_hosts(conn)
        assert caught.value.code == "database_unavailable"
    for _ in range(12):
        async with database.transaction() as conn:
            assert await hosts.get_hosts(conn) == []


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    database = Database(dsn=f"postgresql:///nothing?host={tmp_path}")
    with pytest.raises(Unavailable) as caught:
        await database.open()
    assert caught.value.code == "database_unavailable"
    with pytest.raises(Unavailable) as caught:
        async with database.connection():
            raise AssertionError("there is no connection")
    assert caught.value.code == "database_closed"


async def test_close_is_bounded_and_safe_twice(dsn: str) -> None:
    database = Database(dsn=dsn)
    await database.close()
    await database.open()
    await database.open()
    async with asyncio.timeout(60):
        with pytest.raises(Unavailable):
            async with database.connection() as conn:
                await database.close(timeout_s=0.1)
                await hosts.get_hosts(conn)
    await database.close()
    assert database.statistics().size == 0


async def test_the_relaxed_pool_does_not_wait_for_the_disk(database: Database) -> None:
    async with database.relaxed() as relaxed:
        assert (await relaxed.fetchrow("SHOW synchronous_commit"))[0] == "off"
    async with database.connection() as durable:
        await durable.execute("RESET synchronous_commit")
        assert (await durable.fetchrow("SHOW enable_seqscan"))[0] == "off"
