"""Deciding changes: database, journal, frames and the checkout together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.broker.broker import Broker
from boocoder.broker.stored import DatabaseReader
from boocoder.changes.measure import measure
from boocoder.changes.conflicts import ApplyConflict
from boocoder.changes.service import ChangeApplier
from boocoder.db import changes, events, projects
from boocoder.db.pool import Database
from boocoder.errors import Conflict, NotFound
from boocoder.git.shadow import ShadowRepository, Worktree
from boocoder.git.shadows import Shadows
from boocoder.model.ids import ChangeId, HostId, ProjectId, new_id
from boocoder.model.task import ChangeState
from tests.fixtures.random_tree import content_of
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.rows import Place, add_host, add_place, add_running


@dataclass
class Desk:
    """A person's repository, an agent's worktree, and one running task whose changes are stored."""

    project: Repository
    shadow: ShadowRepository
    worktree: Worktree
    database: Database
    applier: ChangeApplier
    place: Place
    task_id: object

    async def store(self) -> ChangeId:
        """Store what the worktree is now as the session's pending change."""
        tree = await self.shadow.snapshot(
            self.worktree.path, index=self.shadow.git_dir.parent / "index", ref="refs/boocoder/one"
        )
        measured = await measure(self.shadow, base_tree=self.worktree.base_tree, tree=tree)
        async with self.database.transaction() as conn:
            return await changes.supersede_change(
                conn,
                self.place.session_id,
                task_id=self.task_id,  # type: ignore[arg-type]
                agent="scripted",
                base_tree=measured.base_tree,
                tree=measured.tree,
                files_json=measured.files,
                additions=measured.additions,
                deletions=measured.deletions,
                diff=measured.diff,
            )

    async def state(self, change_id: ChangeId) -> ChangeState:
        async with self.database.connection() as conn:
            return (await changes.get_change(conn, change_id)).state

    async def frame_types(self) -> list[str]:
        async with self.database.connection() as conn:
            rows = await events.read_events(conn, self.place.session_id, 0, 100)
        return [row.type for row in rows]

    async def journal(self) -> list[changes.WritingApply]:
        async with self.database.connection() as conn:
            return await changes.list_writing_applies(conn)


def make_applier(database: Database, root: Path, host_id: HostId | None = None) -> ChangeApplier:
    return ChangeApplier(
        database=database,
        shadows=Shadows(root=root / "shadows"),
        broker=Broker(reader=DatabaseReader(database=database)),
        indexes=root / "indexes",
        host_id=host_id,
    )


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> Desk:
    project = repository()
    async with database.transaction() as conn:
        owner = await add_host(conn)
        row = await projects.insert_project(conn, ProjectId(new_id()), "project", project.path)
        place = await add_place(conn, row.id)
        task = await add_running(conn, owner, place)
    shadow = await Shadows(root=tmp_path / "shadows").of(row.id, project.path)
    worktree = await shadow.add_worktree(tmp_path / "worktree")
    return Desk(project, shadow, worktree, database, make_applier(database, tmp_path), place, task.id)


async def test_apply_writes_and_tells_and_is_idempotent(desk: Desk) -> None:
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


async def test_two_at_once_write_once(desk: Desk, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    other = make_applier(desk.database, tmp_path)
    reports = await asyncio.gather(
        *(applier.apply(change_id) for applier in (desk.applier, other, desk.applier, other))
    )
    assert sorted(report.state for report in reports) == ["already_applied"] * 3 + ["applied"]
    assert await desk.frame_types() == ["change_updated"]


async def test_conflicts_leave_everything_as_it_was_and_can_be_tried_again(desk: Desk) -> None:
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


async def test_reject_touches_no_file_and_is_idempotent(desk: Desk) -> None:
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


async def test_a_superseded_change_is_not_applied(desk: Desk) -> None:
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


async def test_a_cancelled_caller_does_not_cut_an_apply_short(desk: Desk) -> None:
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


async def test_an_apply_cut_short_is_finished_at_the_next_start(desk: Desk, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "src/main.py").write_bytes(b"by the agent\n")
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    change_id = await desk.store()
    async with desk.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
        assert await changes.begin_apply(conn, change_id, desk.place.project_id, change.base_tree, change.tree)
    desk.project.write("new.txt", b"new\n")  # written before the crash
    desk.project.write("src/main.py", b"typed after the crash\n")
    elsewhere = make_applier(desk.database, tmp_path, HostId(new_id()))
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE sessions SET host_id = (SELECT id FROM hosts)")
    assert await elsewhere.resume_all() == []
    assert len(await desk.journal()) == 1
    (report,) = await make_applier(desk.database, tmp_path).resume_all()
    assert (report.state, report.left) == ("applied", ("src/main.py",))
    assert (desk.project.path / "README.md").read_bytes() == b"by the agent\n"
    assert (desk.project.path / "src/main.py").read_bytes() == b"typed after the crash\n"
    assert await desk.state(change_id) is ChangeState.APPLIED
    assert await desk.frame_types() == ["notice", "change_updated"]
    assert await desk.applier.resume_all() == []


async def test_an_apply_that_cannot_be_finished_waits(desk: Desk, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    async with desk.database.connection() as conn:
        change = await changes.get_change(conn, change_id)
        await changes.begin_apply(conn, change_id, desk.place.project_id, change.base_tree, change.tree)
    moved = desk.project.path.rename(tmp_path / "moved")
    assert await make_applier(desk.database, tmp_path).resume_all() == []
    assert len(await desk.journal()) == 1
    moved.rename(desk.project.path)
    assert len(await make_applier(desk.database, tmp_path).resume_all()) == 1
    assert (desk.project.path / "README.md").read_bytes() == b"by the agent\n"
