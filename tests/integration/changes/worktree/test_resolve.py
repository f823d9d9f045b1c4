"""Asking the agent to resolve: what the user has comes into the worktree, and the change is the agent's alone again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from boocoder.broker.broker import Broker
from boocoder.broker.database_reader import DatabaseReader
from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.changes.worktree.conflict_resolution import ConflictResolver, MergeSource
from boocoder.db.core.pool import Database
from boocoder.db.files import snapshots, worktrees
from boocoder.db.tasks import tasks
from boocoder.errors import Conflict
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.ids import ChangeId, InstanceId, new_id
from boocoder.model.session import SnapshotKind
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.locks import WorktreeLocks
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import Owner, end
from tests.paths import ROOT


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


def make_resolver(database: Database, root: Path, owner: Owner, failpoints: str = "") -> ConflictResolver:
    return ConflictResolver(
        database=database,
        outbox=Outbox(database=database, publisher=Broker(reader=DatabaseReader(database=database))),
        snapshots=Snapshots(database=database, shadows=ShadowRegistry(root=root / "shadows"), indexes=root / "indexes"),
        locks=WorktreeLocks(database=database, host_id=owner.host_id, instance_id=owner.instance_id),
        host_id=owner.host_id,
        failpoints=Failpoints(failpoints),
    )


async def ended(desk: ChangeHarness) -> None:
    """The turn that made the change is over."""
    async with desk.database.transaction() as conn:
        claimed = await tasks.get_task(conn, desk.task_id)
        await end(conn, desk.owner, claimed)  # type: ignore[arg-type]


async def test_conflicts_come_into_the_worktree_with_markers_and_a_task(desk: ChangeHarness, tmp_path: Path) -> None:
    lines = (desk.project.path / "src/lines.txt").read_bytes()
    (desk.worktree.path / "src/lines.txt").write_bytes(lines.replace(b"line 2\n", b"two\n"))
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    (desk.worktree.path / "README.md").unlink()
    desk.project.write("src/lines.txt", lines.replace(b"line 2\n", b"zwei\n").replace(b"line 30\n", b"dreissig\n"))
    desk.project.write("README.md", b"mine\n")
    desk.project.write("untracked.txt", b"mine\n")
    change_id = await desk.store()
    with pytest.raises(ApplyConflict):
        await desk.applier.apply(change_id)
    await ended(desk)
    before = content_of(desk.project.path)
    resolver = make_resolver(desk.database, tmp_path, desk.owner)
    done = await resolver.resolve(change_id)
    assert content_of(desk.project.path) == before
    assert done.conflicts == ("README.md", "src/lines.txt")
    async with desk.database.connection() as conn:
        kinds = [one.kind for one in await snapshots.list_snapshots(conn, desk.place.session_id, limit=2)]
    assert kinds == [SnapshotKind.CHANGED, SnapshotKind.BEFORE_UPDATE]
    merged = (desk.worktree.path / "src/lines.txt").read_bytes()
    assert b"<<<<<<< agent's change (session)\ntwo\n=======\nzwei\n>>>>>>> main (your files)\n" in merged
    assert b"dreissig\n" in merged
    assert (desk.worktree.path / "untracked.txt").read_bytes() == b"mine\n"
    async with desk.database.connection() as conn:
        task = await tasks.get_task(conn, done.task_id)  # type: ignore[arg-type]
        row = await worktrees.get_worktree(conn, desk.place.session_id)
    assert "- src/lines.txt: both sides changed it" in task.prompt
    assert "- README.md: you deleted it, the user changed it" in task.prompt
    assert (task.agent, task.state.value) == ("scripted", "pending")
    assert row is not None and row.base_commit == desk.project.head()
    assert [file.path for file in await desk.files(done.change_id)] == [b"new.txt", b"src/lines.txt"]  # type: ignore[arg-type]
    resolved = merged.split(b"<<<<<<<")[0] + b"two and zwei\n" + merged.split(b">>>>>>>")[1].partition(b"\n")[2]
    (desk.worktree.path / "src/lines.txt").write_bytes(resolved)
    (desk.worktree.path / "README.md").unlink()
    desk.worktree = type(desk.worktree)(desk.worktree.path, row.base_commit, row.base_tree)
    report = await desk.applier.apply(await desk.store())
    assert report.state == "applied"
    assert content_of(desk.project.path) == content_of(desk.worktree.path)


async def test_where_nothing_meets_no_task_is_needed(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    await ended(desk)
    desk.project.write("src/main.py", b"committed\n")
    desk.project.commit("Newer")
    desk.project.write("dirty.txt", b"mine\n")
    done = await make_resolver(desk.database, tmp_path, desk.owner).resolve(change_id, MergeSource.HEAD)
    assert (done.task_id, done.conflicts, done.files_written) == (None, (), 1)
    assert (desk.worktree.path / "src/main.py").read_bytes() == b"committed\n"
    assert not (desk.worktree.path / "dirty.txt").exists()
    assert done.change_id is not None
    assert [file.path for file in await desk.files(done.change_id)] == [b"README.md"]
    assert (await desk.applier.apply(done.change_id)).state == "applied"


async def test_a_running_turn_keeps_the_worktree(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    async with desk.database.connection() as conn:
        await conn.execute("UPDATE sessions SET host_id = (SELECT id FROM hosts)")
    with pytest.raises(Conflict) as error:
        await make_resolver(desk.database, tmp_path, desk.owner).resolve(change_id)
    assert error.value.code == "session_busy"


SCRIPT = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from boocoder.db.core.pool import Database
from tests.fixtures.row_builders import Owner
from tests.integration.changes.worktree.test_resolve import make_resolver

async def main(dsn, root, change_id, host, instance, failpoint):
    database = Database(dsn=dsn)
    await database.open()
    owner = Owner(UUID(host), UUID(instance))
    await make_resolver(database, Path(root), owner, failpoint).resolve(UUID(change_id))

asyncio.run(main(*sys.argv[1:]))
"""


def killed_at(desk: ChangeHarness, root: Path, change_id: ChangeId, failpoint: str) -> None:
    """Resolve in a process that dies at a failpoint."""
    ids = (str(change_id), str(desk.owner.host_id), str(desk.owner.instance_id), failpoint)
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, desk.database.dsn, str(root), *ids],
        cwd=ROOT,
        env=os.environ,
        check=False,
        timeout=90,
    )
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("failpoint", ["resolve.after_begin", "resolve.after_files"])
async def test_a_death_leaves_the_worktree_as_it_was(desk: ChangeHarness, tmp_path: Path, failpoint: str) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    desk.project.write("README.md", b"mine\n")
    desk.project.write("src/other.py", b"mine\n")
    change_id = await desk.store()
    await ended(desk)
    before = content_of(desk.worktree.path)
    killed_at(desk, tmp_path, change_id, failpoint)
    await make_resolver(desk.database, tmp_path, desk.owner).resume_all()
    assert content_of(desk.worktree.path) == before
    again = Owner(desk.owner.host_id, InstanceId(new_id()))
    done = await make_resolver(desk.database, tmp_path, again).resolve(change_id)
    assert done.conflicts == ("README.md",)
