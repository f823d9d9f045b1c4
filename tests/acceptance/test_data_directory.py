"""A data directory that is moved, copied, or was made by an earlier version."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tarfile
from pathlib import Path

import asyncpg

from boocoder.db.server.embedded import EmbeddedPostgres
from boocoder.wire.worktrees import WorktreeInfo
from tests.acceptance.harness import ServiceHarness
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation, MakeInstallation

LANDED = Path(__file__).parents[1] / "golden" / "data_directory" / "landed.tar.gz"
LANDED_SESSION = "bf6acba6-e934-4a42-9f6a-bd7ddb3995c3"
LANDED_NOTE = "a66f3f20-3062-4e74-ac1b-98380b5c7615"


def git_of(worktree: Path) -> Path:
    """The git directory that git itself finds in a worktree."""
    done = subprocess.run(
        ["git", "rev-parse", "--absolute-git-dir"], cwd=worktree, capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def copy_of(original: Installation, made: Installation) -> Installation:
    """The same data directory once more, as `cp -a` makes it."""
    subprocess.run(["cp", "-a", str(original.data_dir), str(made.data_dir)], check=True)
    return made


async def first_turn(service: Installation, project: Repository) -> str:
    """One turn that writes a file; the session."""
    async with service.client() as client:
        created, ended = await ServiceHarness(client, project.path).run("[[write a.txt|one]]")
    assert ended.outcome == "completed"
    return created.session_id


async def test_a_copy_serves_only_when_told_and_never_touches_its_original(
    installation: MakeInstallation, project: Repository
) -> None:
    original = installation()
    await asyncio.to_thread(original.start)
    session = await first_turn(original, project)
    original.stop()
    copy = copy_of(original, installation(name="elsewhere"))
    shutil.copy(original.data_dir / "token", copy.data_dir / "token")

    refused = await asyncio.to_thread(copy.run, "serve")
    assert refused.returncode == 1
    assert "is a copy of" in refused.stderr
    assert "--take-over" in refused.stderr
    checked = await asyncio.to_thread(copy.run, "doctor")
    assert "is a copy of" in checked.stdout

    await asyncio.to_thread(copy.start, "--take-over")
    theirs = original.data_dir / "worktrees" / session
    async with copy.client() as client:
        listed = await client.items("/api/worktrees", WorktreeInfo)
        assert [Path(one.path) for one in listed] == [copy.data_dir / "worktrees" / session]
        assert git_of(Path(listed[0].path)).is_relative_to(copy.data_dir)
    removed = await asyncio.to_thread(copy.run, "worktrees", "remove", session)
    assert removed.returncode == 0, removed.stderr
    assert not (copy.data_dir / "worktrees" / session).exists()
    assert (theirs / "a.txt").read_text() == "one", "the original's worktree is not the copy's to remove"
    copy.stop()
    await asyncio.to_thread(copy.start)  # `--take-over` is needed only once
    copy.stop()

    await asyncio.to_thread(original.start)
    async with original.client() as client:
        _, ended = await ServiceHarness(client, project.path).run("[[write b.txt|two]]", session=session)
    assert ended.outcome == "completed"
    assert git_of(theirs).is_relative_to(original.data_dir)


async def test_a_copy_of_a_running_service_does_not_take_its_address_for_its_own(
    installation: MakeInstallation, service: Installation
) -> None:
    copy = installation(name="elsewhere")
    copy.data_dir.mkdir()
    for name in ("service.json", "token", "host-id"):
        shutil.copy(service.data_dir / name, copy.data_dir / name)
    said = await asyncio.to_thread(copy.run, "worktrees")
    assert said.returncode == 1
    assert "No boocoder service runs" in said.stderr


async def test_a_moved_directory_goes_on(installation: MakeInstallation, project: Repository, tmp_path: Path) -> None:
    before = installation()
    await asyncio.to_thread(before.start)
    session = await first_turn(before, project)
    before.stop()
    now = installation(name="elsewhere")
    before.data_dir.rename(now.data_dir)

    await asyncio.to_thread(now.start)
    worktree = now.data_dir / "worktrees" / session
    assert git_of(worktree).is_relative_to(now.data_dir)
    async with now.client() as client:
        desk = ServiceHarness(client, project.path)
        created, ended = await desk.run("[[write b.txt|two]]", session=session)
        assert ended.outcome == "completed"
        codes = [
            part.data["code"]
            for part in (await desk.messages(created))[-1].parts
            if part.kind == "notice" and part.data
        ]
        assert "git_file_restored" not in codes
        assert (await desk.changes(created))[0].additions == 2, "both turns are in one change"
    assert {path.name for path in worktree.iterdir()} >= {"a.txt", "b.txt"}
    assert not before.data_dir.exists(), "nothing is made at the old place"


async def _restore_database(data_dir: Path, dump: Path) -> None:
    server = EmbeddedPostgres(data_dir=data_dir, runtime_dir=None)
    dsn = await server.start()
    try:
        conn = await asyncpg.connect(dsn)
        lines = dump.read_text().splitlines(keepends=True)
        await conn.execute("".join(line for line in lines if not line.startswith("\\")))  # psql's own commands
        await conn.close()
    finally:
        await server.stop()


async def test_a_directory_of_an_earlier_version_opens_where_it_is_now(
    installation: MakeInstallation, tmp_path: Path
) -> None:
    """Made by the version before paths were relative, as /tmp/landed/home/data dir, which is gone."""
    with tarfile.open(LANDED) as archive:
        archive.extractall(tmp_path / "landed", filter="data")
    now = installation()
    (tmp_path / "landed" / "data").rename(now.data_dir)
    await _restore_database(now.data_dir, tmp_path / "landed" / "database.sql")

    await asyncio.to_thread(now.start)
    worktree = now.data_dir / "worktrees" / LANDED_SESSION
    async with now.client() as client:
        listed = await client.items("/api/worktrees", WorktreeInfo)
        assert [Path(one.path) for one in listed] == [worktree]
        assert await client.request("GET", f"/api/attachments/{LANDED_NOTE}") == b"attached text"
    assert git_of(worktree).is_relative_to(now.data_dir)
    seeds = list((now.data_dir / "shadows").glob("*.git/seeds/*.index"))
    assert [seed.name for seed in seeds] == [f"{LANDED_SESSION}.index"]

    project = tmp_path / "landed" / "project"
    said = await asyncio.to_thread(now.run, "projects", "relink", "/tmp/landed/project", str(project))
    assert said.returncode == 0, said.stderr
    async with now.client() as client:
        desk = ServiceHarness(client, project)
        created, ended = await desk.run("[[write c.txt|three]]", session=LANDED_SESSION)
        assert ended.outcome == "completed"
        assert (await desk.changes(created))[0].additions == 3, "its earlier turns are in the change"
