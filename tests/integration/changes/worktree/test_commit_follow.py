"""A session's worktree follows the commit that its change was applied as."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.broker.broker import Broker
from boocoder.broker.database_reader import DatabaseReader
from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.planner import ApplyRequest
from boocoder.changes.worktree.commit_follow import CommitFollower
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.tasks import tasks
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.change import ApplyTarget, Verdict
from boocoder.model.task import ChangeState
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.locks import WorktreeLocks
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository
from tests.fixtures.row_builders import end

AS_COMMIT = ApplyRequest(target=ApplyTarget.COMMIT, message="Applied")


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path / "data")


def follower(desk: ChangeHarness, root: Path) -> CommitFollower:
    return CommitFollower(
        database=desk.database,
        outbox=Outbox(database=desk.database, publisher=Broker(reader=DatabaseReader(database=desk.database))),
        snapshots=Snapshots(
            database=desk.database, shadows=ShadowRegistry(root=root / "shadows"), indexes=root / "indexes"
        ),
        locks=WorktreeLocks(database=desk.database, host_id=desk.owner.host_id, instance_id=desk.owner.instance_id),
    )


async def rest(desk: ChangeHarness) -> None:
    """The turn is over, so that others may have the worktree."""
    async with desk.database.transaction() as conn:
        claimed = await tasks.get_task(conn, desk.task_id)
        await end(conn, desk.owner, claimed)  # type: ignore[arg-type]


def inside(desk: ChangeHarness, *args: str) -> bytes:
    return desk.project.git(*args, cwd=desk.worktree.path)


async def test_git_in_the_worktree_stands_on_the_applied_commit(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    change = await desk.store()
    await rest(desk)
    await desk.applier.apply(change, AS_COMMIT)
    assert await follower(desk, tmp_path / "data").follow(desk.place.session_id)
    assert inside(desk, "rev-parse", "HEAD") == desk.project.git("rev-parse", "HEAD")
    assert inside(desk, "status", "--porcelain") == b""
    assert inside(desk, "symbolic-ref", "HEAD") == b"refs/heads/boocoder/worktree\n"
    inside(desk, "checkout", "--", ".")
    inside(desk, "stash", "-q")
    await desk.snapshot()
    async with desk.database.connection() as conn:
        row = await worktrees.get_worktree(conn, desk.place.session_id)
    assert row is not None
    assert row.base_commit == desk.project.head()
    assert await desk.snapshot() == row.base_tree
    assert not await follower(desk, tmp_path / "data").follow(desk.place.session_id)


async def test_newer_commits_of_the_user_come_in(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"committed by the agent\n")
    inside(desk, "commit", "-qam", "By the agent")
    left = inside(desk, "rev-parse", "HEAD")
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    change = await desk.store()
    await rest(desk)
    desk.project.write("theirs.txt", b"by the user\n")
    desk.project.commit("By the user")
    await desk.applier.apply(change, AS_COMMIT)
    (desk.worktree.path / "later.txt").write_bytes(b"not applied\n")
    assert await follower(desk, tmp_path / "data").follow(desk.place.session_id)
    assert (desk.worktree.path / "theirs.txt").read_bytes() == b"by the user\n"
    assert inside(desk, "status", "--porcelain") == b"?? later.txt\n"
    assert inside(desk, "rev-parse", "HEAD") == desk.project.git("rev-parse", "HEAD")
    assert left in inside(desk, "for-each-ref", "--format=%(objectname)", "refs/boocoder/left")


async def test_what_was_not_applied_stays_an_uncommitted_edit(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"applied\n")
    (desk.worktree.path / "src/main.py").write_bytes(b"not applied\n")
    change = await desk.store()
    await desk.decide(change, Verdict.ACCEPTED, b"README.md")
    await rest(desk)
    desk.project.write("theirs.txt", b"by the user\n")
    desk.project.commit("By the user")
    await desk.applier.apply(change, ApplyRequest(target=ApplyTarget.COMMIT))
    assert await follower(desk, tmp_path / "data").follow(desk.place.session_id)
    assert inside(desk, "status", "--porcelain") == b" M src/main.py\n"
    pending = await desk.pending()
    assert pending is not None
    assert pending.state is ChangeState.PENDING
    assert pending.base_tree == desk.project.tree()
    assert [file.path for file in await desk.files(pending.id)] == [b"src/main.py"]


async def test_a_session_whose_branch_was_reset_stays_where_it_is(desk: ChangeHarness, tmp_path: Path) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change = await desk.store()
    await rest(desk)
    await desk.applier.apply(change, AS_COMMIT)
    before = inside(desk, "rev-parse", "HEAD")
    desk.project.git("reset", "-q", "--hard", "HEAD~1")
    assert not await follower(desk, tmp_path / "data").follow(desk.place.session_id)
    assert inside(desk, "rev-parse", "HEAD") == before
