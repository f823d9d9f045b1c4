"""Migrations: exactly once by any number of processes, refused by name where the database is not ours."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import asyncpg
import pytest

from boocoder.db.core.migrate import MIGRATIONS, load_migrations, migrate
from boocoder.errors import Conflict, Unavailable

PROGRAM = (
    "import asyncio, sys; from boocoder.db.core.migrate import migrate; print(len(asyncio.run(migrate(sys.argv[1]))))"
)
LABELS = [f"{migration.version:04d}_{migration.name}" for migration in load_migrations()]


async def run_migrate(dsn: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, dsn, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return int(out)


async def test_four_processes_apply_each_file_once(empty_dsn: str) -> None:
    counts = await asyncio.gather(*(run_migrate(empty_dsn) for _ in range(4)))
    assert sorted(counts) == [0, 0, 0, len(LABELS)]
    conn = await asyncpg.connect(empty_dsn)
    try:
        rows = await conn.fetch("SELECT version, name, sha256 FROM schema_migrations ORDER BY version")
    finally:
        await conn.close()
    assert [tuple(row) for row in rows] == [(one.version, one.name, one.sha256) for one in load_migrations()]


async def test_a_second_run_does_nothing(empty_dsn: str) -> None:
    assert await migrate(empty_dsn) == LABELS
    assert await migrate(empty_dsn) == []


def copy_with(tmp_path: Path, **files: str) -> Path:
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for name, text in files.items():
        (tmp_path / f"{name}.sql").write_text(text)
    return tmp_path


async def test_a_newer_schema_is_refused_by_name(empty_dsn: str, tmp_path: Path) -> None:
    number = len(LABELS) + 1
    newer = copy_with(tmp_path, **{f"{number:04d}_later": "CREATE TABLE later (id int);"})
    assert await migrate(empty_dsn, directory=newer) == [*LABELS, f"{number:04d}_later"]
    with pytest.raises(Conflict) as caught:
        await migrate(empty_dsn)
    assert caught.value.code == "schema_newer"
    assert f"{number:04d}_later is newer than this boocoder knows ({LABELS[-1]})" in caught.value.text


async def test_an_edited_file_is_refused_by_name(empty_dsn: str, tmp_path: Path) -> None:
    await migrate(empty_dsn)
    edited = copy_with(tmp_path, **{LABELS[0]: "SELECT 1;"})
    with pytest.raises(Conflict) as caught:
        await migrate(empty_dsn, directory=edited)
    assert caught.value.code == "schema_edited"
    assert LABELS[0] in caught.value.text


async def test_a_file_that_fails_leaves_nothing(empty_dsn: str, tmp_path: Path) -> None:
    number = len(LABELS) + 1
    name = f"{number:04d}_broken"
    broken = copy_with(tmp_path, **{name: "CREATE TABLE half (id int); SELECT no_such_function();"})
    with pytest.raises(Conflict) as caught:
        await migrate(empty_dsn, directory=broken)
    assert caught.value.code == "schema_failed"
    assert name in caught.value.text
    conn = await asyncpg.connect(empty_dsn)
    try:
        assert await conn.fetchval("SELECT to_regclass('half')") is None
        assert await conn.fetchval("SELECT count(*) FROM schema_migrations") == len(LABELS)
    finally:
        await conn.close()
    repaired = copy_with(tmp_path, **{name: "CREATE TABLE half (id int);"})
    assert await migrate(empty_dsn, directory=repaired) == [name]


async def test_a_killed_migration_leaves_nothing(empty_dsn: str, tmp_path: Path) -> None:
    number = len(LABELS) + 1
    name = f"{number:04d}_slow"
    slow = copy_with(tmp_path, **{name: "CREATE TABLE slow (id int); SELECT pg_sleep(60);"})
    running = asyncio.create_task(migrate(empty_dsn, directory=slow))
    conn = await asyncpg.connect(empty_dsn)
    try:
        async with asyncio.timeout(60):
            while not await conn.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE 'CREATE TABLE slow%'"
            ):
                await asyncio.sleep(0.01)
        with pytest.raises(Unavailable):
            await running
        assert await conn.fetchval("SELECT to_regclass('slow')") is None
    finally:
        await conn.close()
    assert await migrate(empty_dsn) == []


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        await migrate(f"postgresql:///nothing?host={tmp_path}")
    assert caught.value.code == "database_unavailable"
