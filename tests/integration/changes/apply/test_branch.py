"""Applying a change as a branch: its commits, its name, and that neither files nor index are touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.changes.apply.planner import ApplyRequest, BranchStart
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict, InvalidInput
from boocoder.model.change import ApplyTarget, Verdict
from boocoder.model.task import ChangeState
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


def to_branch(**fields: object) -> ApplyRequest:
    return ApplyRequest(target=ApplyTarget.BRANCH, **fields)  # type: ignore[arg-type]


def git(desk: ChangeHarness, *args: str) -> str:
    return desk.project.git(*args).decode().strip()


async def test_a_branch_begins_at_the_sessions_base_and_touches_no_file(desk: ChangeHarness) -> None:
    base = desk.project.head()
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")
    change_id = await desk.store()
    desk.project.write("src/main.py", b"committed since\n")
    desk.project.commit("Meanwhile")
    desk.project.write("README.md", b"dirty\n")
    before, index = content_of(desk.project.path), (desk.project.path / ".git/index").read_bytes()
    head = desk.project.head()
    report = await desk.applier.apply(change_id, to_branch(branch="agent/work"))
    assert (report.state, report.files, report.ref) == ("applied", 2, "refs/heads/agent/work")
    assert git(desk, "rev-parse", "agent/work") == report.commit
    assert git(desk, "rev-parse", "agent/work^") == base
    assert git(desk, "rev-parse", "agent/work^{tree}") == (await desk.change(change_id)).tree
    assert content_of(desk.project.path) == before
    assert (desk.project.path / ".git/index").read_bytes() == index
    assert (desk.project.head(), git(desk, "symbolic-ref", "HEAD")) == (head, "refs/heads/main")
    assert git(desk, "fsck", "--strict") == ""
    again = await desk.applier.apply(change_id, to_branch(branch="agent/other"))
    assert (again.state, again.ref, again.commit) == ("already_applied", report.ref, report.commit)
    assert git(desk, "branch", "--list", "agent/*", "--format=%(refname:short)") == "agent/work"


async def test_a_branch_can_begin_at_head_and_meet_conflicts(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"by the agent\n")
    change_id = await desk.store()
    desk.project.write("src/main.py", b"committed since\n")
    head = desk.project.commit("Meanwhile")
    report = await desk.applier.apply(change_id, to_branch(start=BranchStart.HEAD))
    assert report.ref == "refs/heads/boocoder/session"
    assert git(desk, "rev-parse", f"{report.commit}^") == head
    assert git(desk, "diff", "--name-only", head, report.commit or "") == "README.md"
    (desk.worktree.path / "README.md").write_bytes(b"by the agent again\n")
    desk.project.write("README.md", b"by the user\n")
    desk.project.commit("Other")
    second = await desk.store()
    with pytest.raises(ApplyConflict) as error:
        await desk.applier.apply(second, to_branch(start=BranchStart.HEAD))
    (file,) = error.value.files
    (region,) = file.regions
    assert (region.base, region.ours, region.theirs) == ("by the agent\n", "by the user\n", "by the agent again\n")
    assert await desk.state(second) is ChangeState.PENDING


async def test_a_taken_name_is_refused_and_a_generated_one_numbered(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"one\n")
    change_id = await desk.store()
    for name in ("main", "main/below"):
        with pytest.raises(Conflict) as error:
            await desk.applier.apply(change_id, to_branch(branch=name))
        assert error.value.code == "branch_exists"
    for name in ("", "-x", "a..b", "a b", "HEAD", "x.lock", "a\nb"):
        with pytest.raises(InvalidInput) as wrong:
            await desk.applier.apply(change_id, to_branch(branch=name))
        assert wrong.value.code == "branch_name_invalid"
    assert await desk.journal() == []
    desk.project.git("branch", "boocoder/session")
    assert (await desk.applier.apply(change_id, to_branch())).ref == "refs/heads/boocoder/session-2"


async def test_one_commit_a_turn(desk: ChangeHarness) -> None:
    for content in (b"one\n", b"two\n"):
        (desk.worktree.path / "README.md").write_bytes(content)
        await desk.store()
    (desk.worktree.path / "new.txt").write_bytes(b"three\n")
    change_id = await desk.store()
    report = await desk.applier.apply(change_id, to_branch(by_turn=True))
    assert git(desk, "log", "--format=%s", f"main..{report.commit}").splitlines() == ["do it"] * 3
    first = git(desk, "rev-list", "--reverse", f"main..{report.commit}").splitlines()[0]
    assert desk.project.git("show", f"{first}:README.md") == b"one\n"
    assert git(desk, "rev-parse", f"{report.commit}^{{tree}}") == (await desk.change(change_id)).tree


async def test_a_part_cannot_be_told_by_turns(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"one\n")
    (desk.worktree.path / "new.txt").write_bytes(b"three\n")
    change_id = await desk.store()
    await desk.decide(change_id, Verdict.ACCEPTED, b"new.txt")
    with pytest.raises(Conflict) as error:
        await desk.applier.apply(change_id, to_branch(by_turn=True))
    assert error.value.code == "part_has_no_turns"


async def test_the_next_change_goes_on_with_the_branch_when_asked(desk: ChangeHarness) -> None:
    (desk.worktree.path / "README.md").write_bytes(b"one\n")
    first = await desk.applier.apply(await desk.store(), to_branch(branch="work"))
    (desk.worktree.path / "README.md").write_bytes(b"two\n")
    second = await desk.applier.apply(await desk.store(), to_branch(extend=True))
    assert second.ref == "refs/heads/work"
    assert git(desk, "rev-list", "--reverse", "main..work").splitlines() == [first.commit, second.commit]
    assert desk.project.git("show", "work:README.md") == b"two\n"
