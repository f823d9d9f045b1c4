"""A database that becomes read-only while the service runs, as with a full disk of a provider, is waited for."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import asyncpg

from tests.acceptance.harness import ServiceHarness, close
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation
from tests.invariants import fingerprint

ELSEWHERE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


async def test_a_read_only_database_is_waited_for(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    service = installation({"BOOCODER_DATABASE_URL": dsn})
    await asyncio.to_thread(service.start)
    name = urlsplit(dsn).path.removeprefix("/")
    conn = await asyncpg.connect(dsn)
    try:
        async with service.client() as client:
            desk = ServiceHarness(client, project.path)
            await desk.run("[[say before]]")
            await conn.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            await conn.execute(ELSEWHERE, name)
            await asyncio.to_thread(service.wait_said, "database_read_only")
            looked = await asyncio.to_thread(service.run, "doctor")
            assert "takes no writes" in looked.stdout + looked.stderr and "Traceback" not in looked.stderr
            await conn.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
            await conn.execute(ELSEWHERE, name)
            _, ended = await desk.run("[[say after]]")
            assert ended.outcome == "completed"
        assert "Traceback" not in service.log.read_text("utf-8")
    finally:
        await conn.close()
    await close(service, dsn, {project.path: before})
