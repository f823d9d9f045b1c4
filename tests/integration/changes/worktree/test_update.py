"""Bringing a session onto a newer commit: the user's commits come in, and the change stays the agent's work alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from boocoder.changes.worktree.conflict_resolution import ConflictResolver
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.files.changes import move_base
from boocoder.db.files.start_points import set_start
from boocoder.db.files.worktrees import WorktreeRow
from boocoder.db.tasks import tasks
from boocoder.errors import InvalidInput
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository
from tests.integration.changes.worktree.test_resolve import ended, make_resolver


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


@pytest.fixture
def resolver(desk: ChangeHarness, tmp_path: Path) -> ConflictResolver:
    return make_resolver(desk.database, tmp_path, desk.owner)


async def row_of(desk: ChangeHarness) -> WorktreeRow:
    async with desk.database.connection() as conn:
        row = await worktrees.get_worktree(conn, desk.place.session_id)
    assert row is not None
    return row


def in_worktree(desk: ChangeHarness, *args: str) -> str:
    done = subprocess.run(("git", *args), cwd=desk.worktree.path, check=True, capture_output=True, text=True)
    return done.stdout.rstrip("\n")


async def test_new_commits_come_in_and_the_agents_work_stays(desk: ChangeHarness, resolver: ConflictResolver) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    await desk.store()
    await ended(desk)
    desk.project.write("src/newer.py", b"newer\n")
    desk.project.commit("Newer")
    desk.project.write("dirty.txt", b"not committed\n")
    done = await resolver.update(desk.place.session_id)
    assert (done.files_written, done.conflicts, done.task_id, done.commit) == (1, (), None, desk.project.head())
    assert (desk.worktree.path / "src/newer.py").read_bytes() == b"newer\n"
    assert not (desk.worktree.path / "dirty.txt").exists()
    assert in_worktree(desk, "rev-parse", "HEAD") == desk.project.head()
    assert in_worktree(desk, "status", "--porcelain") == " M README.md"
    assert done.change_id is not None
    assert [file.path for file in await desk.files(done.change_id)] == [b"README.md"]
    again = await resolver.update(desk.place.session_id)
    assert (again.files_written, again.change_id) == (0, done.change_id), "there is nothing newer"


async def test_a_session_without_a_change_is_updated(desk: ChangeHarness, resolver: ConflictResolver) -> None:
    await ended(desk)
    desk.project.write("src/newer.py", b"newer\n")
    desk.project.commit("Newer")
    done = await resolver.update(desk.place.session_id)
    assert (done.files_written, done.change_id, done.task_id) == (1, None, None)
    assert in_worktree(desk, "status", "--porcelain") == "" and await desk.pending() is None
    assert (await row_of(desk)).base_tree == desk.project.tree()


async def test_conflicts_become_a_task_of_the_agent(desk: ChangeHarness, resolver: ConflictResolver) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    await desk.store()
    await ended(desk)
    desk.project.write("README.md", b"by the user\n")
    desk.project.commit("Mine")
    done = await resolver.update(desk.place.session_id)
    assert done.conflicts == ("README.md",) and done.task_id is not None
    assert b"<<<<<<<" in (desk.worktree.path / "README.md").read_bytes()
    async with desk.database.connection() as conn:
        assert "- README.md: both sides changed it" in (await tasks.get_task(conn, done.task_id)).prompt


async def test_the_branch_that_it_was_started_from_is_its_branch(
    desk: ChangeHarness, resolver: ConflictResolver
) -> None:
    await ended(desk)
    desk.project.git("switch", "-q", "-c", "feature")
    desk.project.write("feature.txt", b"on the feature\n")
    desk.project.commit("Feature")
    feature = desk.project.head()
    desk.project.git("switch", "-q", "-")
    desk.project.write("main.txt", b"on main\n")
    desk.project.commit("Main")
    async with desk.database.transaction() as conn:
        await set_start(conn, desk.place.session_id, start_from="feature", start_dirty=False)
    assert (await resolver.update(desk.place.session_id)).commit == feature
    assert (desk.worktree.path / "feature.txt").exists() and not (desk.worktree.path / "main.txt").exists()
    named = await resolver.update(desk.place.session_id, desk.project.head())
    assert named.commit == desk.project.head()
    assert not (desk.worktree.path / "feature.txt").exists() and (desk.worktree.path / "main.txt").exists()
    with pytest.raises(InvalidInput) as refused:
        await resolver.update(desk.place.session_id, "no-such-branch")
    assert refused.value.code == "start_unknown"


async def test_what_the_session_began_with_beyond_its_commit_stays(
    desk: ChangeHarness, resolver: ConflictResolver
) -> None:
    await ended(desk)
    (desk.worktree.path / "generated.txt").write_bytes(b"by the setup command\n")
    async with desk.database.transaction() as conn:
        base = await desk.snapshot()
        await move_base(conn, desk.place.session_id, base_commit=desk.project.head(), base_tree=base)
    desk.project.write("src/newer.py", b"newer\n")
    desk.project.commit("Newer")
    assert (await resolver.update(desk.place.session_id)).files_written == 1
    assert (desk.worktree.path / "generated.txt").exists() and await desk.pending() is None
    assert (await row_of(desk)).base_tree == await desk.snapshot(), "it is still no work of the agent"
