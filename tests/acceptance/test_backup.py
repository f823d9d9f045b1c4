"""`boocoder backup` while turns run, and `boocoder restore` into an empty place, from outside."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from boocoder.client.attachments import send_files
from boocoder.events import frames
from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import ServiceHarness
from tests.acceptance.many_tasks import Created
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation


class Made(msgspec.Struct):
    """What tests look at of a backup's manifest."""

    tables: dict[str, int]
    files: int
    unreadable: list[str]


def said(done: subprocess.CompletedProcess[str]) -> Made:
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=Made)


@pytest.fixture
async def busy(service: Installation, project: Repository, tmp_path: Path) -> list[Created]:
    """A service with a session at rest, and one whose turn runs for a while and writes files."""
    (tmp_path / "note.txt").write_text("attached text")
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        ids = await send_files(client, [tmp_path / "note.txt"])
        resting, _ = await desk.run("[[write a.txt|one]]")
        body = {"prompt": "[[say seen]]", "agent": "scripted", "session_id": resting.session_id, "attachments": ids}
        await desk.follow(await client.post("/api/tasks", Created, body))
        running = await desk.queue("[[write b.txt|two]] [[delay 0.1]] [[tokens 3000]]")
        await desk.follow(running, until=frames.DeltaFrame)
    agents = service.data_dir / "agents"
    with closing(sqlite3.connect(agents / "kept.db")) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("CREATE TABLE t AS SELECT 1 AS one")
        database.commit()
    return [resting, running]


async def test_a_backup_of_a_busy_service_comes_back_elsewhere(
    busy: list[Created], service: Installation, project: Repository, installation: MakeInstallation, tmp_path: Path
) -> None:
    resting, running = busy
    target = tmp_path / "all.backup"
    made = said(await asyncio.to_thread(service.run, "backup", str(target), "--json"))
    assert made.unreadable == []
    assert target.stat().st_mode & 0o077 == 0
    assert not list(service.data_dir.glob(".backup-*"))
    again = await asyncio.to_thread(service.run, "backup", str(target))
    assert again.returncode == 2 and "is there already" in again.stderr
    refused = await asyncio.to_thread(service.run, "restore", str(target))
    assert refused.returncode == 1 and "is not empty" in refused.stderr
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        assert (await desk.task(running)).state == "running", "the backup was made while it ran"
        await desk.cancel(running)

    other = installation(name="elsewhere")
    back = said(await asyncio.to_thread(other.run, "restore", str(target), "--json"))
    assert (back.tables, back.files) == (made.tables, made.files)
    assert back.tables["tasks"] == 3
    with closing(sqlite3.connect(other.data_dir / "agents" / "kept.db")) as database:
        assert database.execute("SELECT one FROM t").fetchall() == [(1,)]
    await asyncio.to_thread(other.start)
    async with other.client() as client:
        desk = ServiceHarness(client, project.path)
        await desk.follow(running)
        assert (await desk.task(running)).state == "interrupted"
        assert [change.additions for change in await desk.changes(running)] == [1], "what the turn had written"
        listed = await client.items("/api/worktrees", WorktreeInfo)
        assert {Path(one.path).parent for one in listed} == {other.data_dir / "worktrees"}
        more, ended = await desk.run("[[write c.txt|three]]", session=resting.session_id)
        assert ended.outcome == "completed"
        assert (await desk.changes(more))[0].additions == 2
        diff = await client.request("GET", f"/api/changes/{(await desk.changes(more))[0].id}/diff")
        assert b"+one" in diff and b"+three" in diff
    for one in listed:
        subprocess.run(["git", "fsck", "--connectivity-only"], cwd=one.path, check=True, capture_output=True)
    assert len(list((other.data_dir / "attachments").glob("*/note.txt"))) == 1
    checked = await asyncio.to_thread(other.run, "doctor")
    assert "is a copy" not in checked.stdout


async def test_a_damaged_backup_is_refused_and_leaves_nothing(
    service: Installation, project: Repository, installation: MakeInstallation, tmp_path: Path
) -> None:
    async with service.client() as client:
        await ServiceHarness(client, project.path).run("[[write a.txt|a text to be found in the archive]]")
    service.stop()
    target = tmp_path / "all.backup"
    said(await asyncio.to_thread(service.run, "backup", str(target), "--json"))
    other = installation(name="elsewhere")
    whole = target.read_bytes()
    place = whole.index(b"a text to be found in the archive")
    for broken, words in (
        (whole[:place] + b"X" + whole[place + 1 :], "not what they were"),
        (whole[: len(whole) // 2], "cut short"),
        (b"no archive", "no backup"),
    ):
        target.write_bytes(broken)
        refused = await asyncio.to_thread(other.run, "restore", str(target))
        assert refused.returncode == 2, refused.stderr
        assert words in refused.stderr, refused.stderr
        assert list(other.data_dir.iterdir()) == []
