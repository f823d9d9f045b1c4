"""Deciding changes: database, journal, frames and the checkout together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, changes
from boocoder.db.tasks.session_host import hold_session
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ChangeId, HostId, new_id
from boocoder.model.task import ChangeState
from tests.fixtures.changes.change_harness import ChangeHarness, make_applier, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


async def test_apply_writes_and_tells_and_is_idempotent(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    change_id = await desk.store()
    report = await desk.applier.apply(change_id)
    assert (report.state, report.files, report.left) == ("applied", 2, ())
    assert content_of(desk.project.path) == content_of(desk.worktree.path)
    assert await desk.state(change_id) is ChangeState.APPLIED
    assert await desk.frame_types() == ["change_updated"]
    desk.project.write("README.md", b"edited after\n")
    assert (await desk.applier.apply(change_id)).state == "already_applied"
    assert (desk.project.path / "README.md").read_bytes() == b"edited after\n"
    assert await desk.frame_types() == ["change_updated"]
    with pytest.raises(Conflict) as error:
        await desk.applier.reject(change_id)
    assert error.value.code == "change_not_pending"
    assert await desk.journal() == []


async def test_two_at_once_write_once(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    other = make_applier(desk.database, tmp_path, indexes="others")
    reports = await asyncio.gather(
        *(applier.apply(change_id) for applier in (desk.applier, other, desk.applier, other))
    )
    assert sorted(report.state for report in reports) == ["already_applied"] * 3 + ["applied"]
    assert await desk.frame_types() == ["change_updated"]


async def test_conflicts_leave_everything_as_it_was_and_can_be_tried_again(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    desk.project.write("README.md", b"by the user\n")
    change_id = await desk.store()
    before = content_of(desk.project.path)
    with pytest.raises(ApplyConflict) as error:
        await desk.applier.apply(change_id)
    assert [one.path for one in error.value.conflicts] == [b"README.md"]
    assert "README.md" in error.value.text
    assert content_of(desk.project.path) == before
    assert await desk.state(change_id) is ChangeState.PENDING
    assert await desk.journal() == []
    desk.project.git("checkout", "-q", "README.md")
    assert (await desk.applier.apply(change_id)).state == "applied"
    assert (desk.project.path / "README.md").read_bytes() == b"by the agent\n"


async def test_reject_touches_no_file_and_is_idempotent(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    before = content_of(desk.project.path)
    await desk.applier.reject(change_id)
    await desk.applier.reject(change_id)
    assert await desk.state(change_id) is ChangeState.REJECTED
    assert content_of(desk.project.path) == before
    assert await desk.frame_types() == ["change_updated"]
    with pytest.raises(Conflict) as error:
        await desk.applier.apply(change_id)
    assert error.value.code == "change_not_pending"
    with pytest.raises(NotFound):
        await desk.applier.apply(ChangeId(new_id()))


async def test_a_superseded_change_is_not_applied(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"first\n")
    first = await desk.store()
    (desk.worktree.path / "README.md").write_bytes(b"second\n")
    second = await desk.store()
    with pytest.raises(Conflict, match="superseded"):
        await desk.applier.apply(first)
    assert (await desk.applier.apply(second)).state == "applied"
    (desk.worktree.path / "README.md").write_bytes(b"third\n")
    third = await desk.store()
    assert (await desk.applier.apply(third)).state == "applied", "the base stays, what is applied merges as equal"
    assert (desk.project.path / "README.md").read_bytes() == b"third\n"


async def test_a_cancelled_caller_does_not_cut_an_apply_short(desk: ChangeHarness) -> None:
    for number in range(30):
        (desk.worktree.path / f"n{number}.txt").write_bytes(b"new\n")
    change_id = await desk.store()
    applying = asyncio.ensure_future(desk.applier.apply(change_id))
    while not await desk.journal():
        assert not applying.done()
    applying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await applying
    assert (await desk.applier.apply(change_id)).state == "already_applied"
    assert content_of(desk.project.path) == content_of(desk.worktree.path)


async def test_an_apply_cut_short_is_finished_at_the_next_start(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "src/main.py").write_bytes(b"by the agent\n")
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    change_id = await desk.store()
    async with desk.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
        assert await applies.begin_apply(
            await hold_session(conn, desk.place.session_id),
            change_id,
            desk.place.project_id,
            None,
            change.base_tree,
            change.tree,
        )
    desk.project.write("new.txt", b"new\n")  # written before the crash
    desk.project.write("src/main.py", b"typed after the crash\n")
    elsewhere = make_applier(desk.database, tmp_path, HostId(new_id()))
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE change_applies SET host_id = (SELECT id FROM hosts)")
    assert await elsewhere.resume_all() == []
    async with desk.database.connection() as conn:
        owner = HostId(await conn.fetchval("SELECT id FROM hosts"))
        assert len(await applies.list_writing_applies(conn, owner)) == 1
    (report,) = await make_applier(desk.database, tmp_path, owner).resume_all()
    assert (report.state, report.left) == ("applied", ("src/main.py",))
    assert (desk.project.path / "README.md").read_bytes() == b"by the agent\n"
    assert (desk.project.path / "src/main.py").read_bytes() == b"typed after the crash\n"
    assert await desk.state(change_id) is ChangeState.APPLIED
    assert await desk.frame_types() == ["notice", "change_updated"]
    assert await desk.applier.resume_all() == []


async def test_an_apply_that_cannot_be_finished_waits(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    async with desk.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
        await applies.begin_apply(
            await hold_session(conn, desk.place.session_id),
            change_id,
            desk.place.project_id,
            None,
            change.base_tree,
            change.tree,
        )
    moved = desk.project.path.rename(tmp_path / "moved")
    assert await make_applier(desk.database, tmp_path).resume_all() == []
    assert len(await desk.journal()) == 1
    moved.rename(desk.project.path)
    assert len(await make_applier(desk.database, tmp_path).resume_all()) == 1
    assert (desk.project.path / "README.md").read_bytes() == b"by the agent\n"
