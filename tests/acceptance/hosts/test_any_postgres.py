"""The service on Debian's PostgreSQL: TLS, a password file, no rights on `public`, a schema of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.hosts.debian_postgres import debian_postgres, postgres_programs
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation
from tests.invariants import fingerprint

pytestmark = pytest.mark.skipif(postgres_programs() is None, reason="no PostgreSQL of Debian here")

TABLES = "SELECT DISTINCT schemaname::text FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"

TLS = "SELECT ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE usename = 'boocoder'"


async def test_tls_a_password_file_and_a_schema_of_its_own(
    installation: MakeInstallation, repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    before = fingerprint(project.path)
    async with debian_postgres(tmp_path) as server:
        home = installation({"BOOCODER_DATABASE_URL": server.dsn, "PGPASSFILE": str(server.passfile)})
        doctor = home.run("doctor")
        assert "database" in doctor.stdout and "Traceback" not in doctor.stdout + doctor.stderr
        home.start()
        async with home.client() as client:
            desk = ServiceHarness(client, project.path)
            made = await desk.queue("[[say one]] [[bash echo x > x.txt]] [[say two]]")
            await desk.follow(made)
            assert (await desk.task(made)).state == "completed"
            assert await desk.answer(made) == "onetwo"
            assert (await desk.changes(made))[0].additions == 1
        conn = await server.admin()
        try:
            assert [row[0] for row in await conn.fetch(TABLES)] == ["boocoder"]
            assert {row["ssl"] for row in await conn.fetch(TLS)} == {True}
        finally:
            await conn.close()
        assert home.stop() == 0
        assert fingerprint(project.path) == before


async def test_what_is_wrong_with_tls_or_the_password_is_said(installation: MakeInstallation, tmp_path: Path) -> None:
    async with debian_postgres(tmp_path) as server:
        wrong = tmp_path / "wrong"
        wrong.write_text(f"localhost:{server.port}:*:boocoder:guess\n")
        wrong.chmod(0o600)
        cases = [
            (server.dsn, wrong, "password authentication failed"),
            (server.dsn.split("?")[0] + "?sslmode=disable", server.passfile, "no encryption"),
            (server.dsn.split("&sslrootcert")[0], server.passfile, "certificate"),
        ]
        for dsn, passfile, word in cases:
            home = installation({"BOOCODER_DATABASE_URL": dsn, "PGPASSFILE": str(passfile)}, name=word[:4])
            done = home.run("serve")
            said = done.stdout + done.stderr
            assert done.returncode != 0 and word in said and "Traceback" not in said, said
