"""Worktrees are taken away when a snapshot holds all of them, and come back as they were."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.db.files import worktree_gc, worktrees
from boocoder.errors import Conflict
from boocoder.model.session import SnapshotKind, WorktreeState
from boocoder.worktrees.remove.removal import RemovalRefused
from boocoder.worktrees.remove.trash import trash_path
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository, git_environment
from tests.fixtures.row_builders import add_task
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    return await open_desk(database, repository(), tmp_path / "data")


async def state(desk: WorktreeHarness) -> WorktreeState:
    async with desk.database.connection() as conn:
        row = await worktrees.get_worktree(conn, desk.session_id)
    assert row is not None
    return row.state


async def refused(desk: WorktreeHarness, *, force: bool = False) -> set[str]:
    with pytest.raises(RemovalRefused) as error:
        await desk.remover.remove(desk.session_id, "a test", force=force)
    assert await state(desk) is WorktreeState.READY
    return {reason.code for reason in error.value.reasons}


async def test_a_worktree_goes_and_comes_back_as_it_was(desk: WorktreeHarness) -> None:
    (desk.files / "new.txt").write_bytes(b"never snapshotted\n")
    (desk.files / "src" / "main.py").unlink()
    before = content_of(desk.files)
    (desk.files / "build").mkdir()
    (desk.files / "build" / "out.o").write_bytes(b"x" * 5000)
    removed = await desk.remover.remove(desk.session_id, "a test")
    assert not desk.files.exists()
    assert await state(desk) is WorktreeState.GONE
    assert desk.forgotten == [desk.files]
    assert removed.snapshot is not None
    assert removed.snapshot.kind is SnapshotKind.BEFORE_REMOVAL
    assert [one.path for one in removed.ignored] == [b"build/"]
    assert removed.ignored[0].size_bytes >= 5000
    assert str(desk.session_id) not in desk.project.git("worktree", "list").decode()
    assert list(desk.files.parent.iterdir()) == []
    with pytest.raises(Conflict, match="boocoder worktrees restore"):
        await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    assert await desk.restorer.restore(desk.session_id)
    assert content_of(desk.files) == before
    assert await state(desk) is WorktreeState.READY
    assert not await desk.restorer.restore(desk.session_id)
    assert desk.heard.notices() == ["worktree_removed", "worktree_restored"]


async def test_it_comes_back_when_nothing_of_it_is_left_in_the_users_repository(desk: WorktreeHarness) -> None:
    (desk.files / "new.txt").write_bytes(b"new\n")
    before = content_of(desk.files)
    await desk.remover.remove(desk.session_id, "a test")
    desk.project.git("checkout", "-q", "--orphan", "other")
    desk.project.write("only.txt", b"only\n")
    desk.project.git("rm", "-rq", "--cached", ".")
    for name in ("README.md", "src/main.py", "src/lines.txt", ".gitignore"):
        (desk.project.path / name).unlink()
    desk.project.commit("Another beginning")
    desk.project.git("branch", "-D", "main")
    desk.project.git("reflog", "expire", "--expire=now", "--all")
    desk.project.git("gc", "-q", "--prune=now")
    assert await desk.restorer.restore(desk.session_id)
    assert content_of(desk.files) == before
    shadow = desk.shadow
    assert await shadow.changed_files(desk.worktree.base_tree, (await desk.snapshots.latest(desk.session_id)).tree)  # type: ignore[union-attr]


async def test_what_speaks_against_it(desk: WorktreeHarness) -> None:
    await desk.remover.pin(desk.session_id, pinned=True)
    assert await refused(desk) == {"pinned"}
    await desk.remover.pin(desk.session_id, pinned=False)
    (desk.files / "big.bin").write_bytes(b"\0" * (51 * 1024 * 1024))
    assert await refused(desk) == {"not_in_snapshot"}
    (desk.files / "big.bin").unlink()
    subprocess.run(["git", "init", "-q", str(desk.files / "inner")], check=True, env=git_environment())
    assert await refused(desk) == {"nested_repository"}
    subprocess.run(["rm", "-rf", str(desk.files / "inner")], check=True)
    (desk.files / "more.txt").write_bytes(b"more\n")
    desk.project.git("add", "-A", cwd=desk.files)
    desk.project.git("commit", "-q", "-m", "By the agent", cwd=desk.files)
    async with desk.database.connection() as conn:
        await add_task(conn, desk.place)
    assert await refused(desk, force=True) == {"has_work"}


async def test_a_process_inside_keeps_it(desk: WorktreeHarness) -> None:
    program = "import sys; print('in', flush=True); sys.stdin.read()"
    held = subprocess.Popen([sys.executable, "-c", program], cwd=desk.files, stdin=-1, stdout=-1)
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == b"in\n"
        assert await refused(desk, force=True) == {"process_inside"}
    finally:
        held.communicate()
    await desk.remover.remove(desk.session_id, "a test")
    assert await state(desk) is WorktreeState.GONE


async def test_force_takes_what_no_snapshot_holds(desk: WorktreeHarness) -> None:
    (desk.files / "big.bin").write_bytes(b"\0" * (51 * 1024 * 1024))
    assert await refused(desk) == {"not_in_snapshot"}
    await desk.remover.remove(desk.session_id, "a test", force=True)
    assert await state(desk) is WorktreeState.GONE


async def test_a_removal_cut_short_is_finished_or_taken_back(desk: WorktreeHarness) -> None:
    (desk.files / "late.txt").write_bytes(b"written after the tombstone\n")
    before = content_of(desk.files)
    async with desk.database.connection() as conn:
        assert await worktree_gc.begin_removal(conn, desk.session_id, "a test")
    desk.files.rename(trash_path(desk.files))
    assert await desk.remover.sweep() == 1
    assert await state(desk) is WorktreeState.GONE
    assert list(desk.files.parent.iterdir()) == []
    assert await desk.restorer.restore(desk.session_id)
    assert content_of(desk.files) == before
    async with desk.database.connection() as conn:
        assert await worktree_gc.begin_removal(conn, desk.session_id, "a test")
        await add_task(conn, desk.place)
    assert await desk.remover.sweep() == 0
    assert await state(desk) is WorktreeState.READY
    assert content_of(desk.files) == before


async def test_one_deleted_by_hand_goes_and_comes_back(desk: WorktreeHarness) -> None:
    (desk.files / "new.txt").write_bytes(b"new\n")
    before = content_of(desk.files)
    await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    subprocess.run(["rm", "-rf", str(desk.files)], check=True)
    removed = await desk.remover.remove(desk.session_id, "a test")
    assert removed.ignored == ()
    assert await desk.restorer.restore(desk.session_id)
    assert content_of(desk.files) == before
