"""The embedded PostgreSQL against the faults that such servers meet."""

from __future__ import annotations

import asyncpg


async def test_the_shared_server_answers(postgres_server: str) -> None:
    connection = await asyncpg.connect(postgres_server)
    try:
        assert await connection.fetchval("SELECT current_database()") == "postgres"
    finally:
        await connection.close()
