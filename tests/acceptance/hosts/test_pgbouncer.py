"""A service behind a real PgBouncer: served where it pools by session, refused with the cure where by transaction."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from boocoder.db.core.migrate import migrate, require_usable
from boocoder.errors import Unavailable
from tests.acceptance.harness import ServiceHarness, close
from tests.acceptance.hosts.pgbouncer import pgbouncer, pgbouncer_program
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation
from tests.invariants import fingerprint

pytestmark = pytest.mark.skipif(pgbouncer_program() is None, reason="no pgbouncer here: make pgbouncer")

LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
SETTINGS = "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'"


@asynccontextmanager
async def pooler(dsn: str, mode: str, size: int = 40) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory(prefix="boo-pool-") as folder:
        async with pgbouncer(dsn, Path(folder), mode=mode, size=size) as through:
            yield through


async def test_sessions_of_a_pooler_serve_as_the_server_does(
    installation: MakeInstallation, repository: MakeRepository, dsn: str
) -> None:
    project = repository()
    before = fingerprint(project.path)
    async with pooler(dsn, "session") as through:
        first = installation({"BOOCODER_DATABASE_URL": through}, name="one")
        second = installation({"BOOCODER_DATABASE_URL": through}, name="two")
        for host in (first, second):
            host.start()
        async with first.client() as client, second.client() as watching:
            desk, other = ServiceHarness(client, project.path), ServiceHarness(watching, project.path)
            made = await desk.queue("[[say one]] [[bash echo x > x.txt]] [[say two]]")
            assert await other.follow(made)
            assert (await desk.task(made)).state == "completed"
            assert await other.answer(made) == "onetwo"
            assert (await other.changes(made))[0].additions == 1
        second.stop()
        await close(first, dsn, {project.path: before})


@pytest.mark.parametrize("size", [1, 40])
async def test_transactions_of_a_pooler_are_refused_before_anything_is_written(empty_dsn: str, size: int) -> None:
    conn = await asyncpg.connect(empty_dsn)
    try:
        async with pooler(empty_dsn, "transaction", size) as through:
            for look in (require_usable, migrate):
                with pytest.raises(Unavailable) as refused:
                    await look(through)
                assert refused.value.code == "database_pooled" and "pool_mode = session" in refused.value.cure
            assert await conn.fetchval("SELECT to_regclass('schema_migrations')") is None
            assert await conn.fetchval(LOCKS) == 0
            shared = await asyncpg.connect(through, statement_cache_size=0)
            try:
                async with shared.transaction():
                    assert await shared.fetchval(SETTINGS) == "0", "another client's connection got a setting of ours"
            finally:
                await shared.close()
    finally:
        await conn.close()


async def test_doctor_and_the_start_say_what_to_do(installation: MakeInstallation, dsn: str) -> None:
    async with pooler(dsn, "transaction") as through:
        home = installation({"BOOCODER_DATABASE_URL": through})
        for command in ("doctor", "serve"):
            done = home.run(command)
            said = done.stdout + done.stderr
            assert done.returncode != 0 and "pool_mode = session" in said and "Traceback" not in said
