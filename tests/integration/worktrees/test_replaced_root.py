"""A worktree whose own directory was replaced by a symbolic link: nothing is read, written or removed behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.model.session import SnapshotKind
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    return await open_desk(database, repository(), tmp_path / "data")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    made = tmp_path / "elsewhere"
    made.mkdir()
    (made / "private.txt").write_bytes(b"private\n")
    return made


def put_link(desk: WorktreeHarness, target: Path) -> None:
    desk.files.rename(target.parent / "moved away")
    desk.files.symlink_to(target)


async def test_snapshot_compare_and_rewind_are_refused(desk: WorktreeHarness, elsewhere: Path) -> None:
    (desk.files / "new.txt").write_bytes(b"new\n")
    first = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    place = await desk.snapshots.place(desk.session_id)
    put_link(desk, elsewhere)
    for attempt in (
        desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL),
        desk.snapshots.tree_at(place, "now"),
        desk.rewinder.rewind(desk.session_id, first.id),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "worktree_replaced"
    with pytest.raises(Conflict) as missed:  # replaced after the look
        await place.shadow.rewrite(desk.files, index=place.index, old=first.tree, new=place.row.base_tree)
    assert missed.value.code == "worktree_missing"
    assert content_of(elsewhere) == {b"private.txt": ("file", False, b"private\n")}


async def test_it_is_made_again_from_its_newest_snapshot(desk: WorktreeHarness, elsewhere: Path) -> None:
    (desk.files / "new.txt").write_bytes(b"new\n")
    before = content_of(desk.files)
    await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    put_link(desk, elsewhere)
    assert await desk.restorer.restore(desk.session_id)
    assert not desk.files.is_symlink()
    assert content_of(desk.files) == before
    assert (elsewhere / "private.txt").read_bytes() == b"private\n"


async def test_removing_it_removes_the_link_alone(desk: WorktreeHarness, elsewhere: Path) -> None:
    put_link(desk, elsewhere)
    await desk.remover.remove(desk.session_id, "a test")
    assert not desk.files.is_symlink()
    assert (elsewhere / "private.txt").read_bytes() == b"private\n"
