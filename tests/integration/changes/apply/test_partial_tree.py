"""Applying a part of a change: what is put where, what is left, and which decisions hold on."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.changes.review.selection import PartFilter
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.model.change import ApplyTarget, Verdict
from boocoder.model.task import ChangeState
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


def lines(*changed: int) -> bytes:
    """src/lines.txt with some of its forty lines changed."""
    return b"".join(b"line %d\n" % n if n not in changed else b"agent %d\n" % n for n in range(1, 41))


async def three_hunks(desk: ChangeHarness) -> None:
    (desk.worktree.path / "src/lines.txt").write_bytes(lines(2, 20, 38))
    (desk.worktree.path / "new.txt").write_bytes(b"new\n")


async def test_what_is_accepted_is_applied_and_the_rest_waits_with_its_decisions(desk: ChangeHarness) -> None:
    await three_hunks(desk)
    change_id = await desk.store()
    await desk.decide(change_id, Verdict.ACCEPTED, b"src/lines.txt", number=1)
    await desk.decide(change_id, Verdict.REJECTED, b"src/lines.txt", number=2)
    report = await desk.applier.apply(change_id)
    assert (report.state, report.files, report.units, report.of) == ("applied", 1, 1, 4)
    assert (desk.project.path / "src/lines.txt").read_bytes() == lines(20)
    assert not (desk.project.path / "new.txt").exists()
    applied, rest = await desk.change(change_id), await desk.pending()
    assert rest is not None and rest.id == report.rest
    assert (applied.state, applied.applied_tree) == (ChangeState.APPLIED, rest.base_tree)
    assert rest.tree == applied.tree
    left = {unit.id: unit for file in await desk.files(rest.id) for unit in file.units}
    verdicts = {left[one].new_lines: verdict for one, verdict in (await desk.verdicts()).items() if one in left}
    assert verdicts == {(b"agent 38\n",): Verdict.REJECTED}
    assert len(left) == 3
    assert await desk.frame_types() == ["change_updated", "change_updated"]
    again = await desk.applier.apply(rest.id)
    assert (again.units, again.of) == (2, 3)
    assert (desk.project.path / "src/lines.txt").read_bytes() == lines(2, 20)
    assert (desk.project.path / "new.txt").exists()
    assert await desk.pending() is None, "what is left is rejected, unit by unit"
    assert again.rest is not None
    assert await desk.state(again.rest) is ChangeState.REJECTED


async def test_the_next_turn_is_measured_against_the_part_and_decisions_hold(desk: ChangeHarness) -> None:
    await three_hunks(desk)
    change_id = await desk.store()
    await desk.decide(change_id, Verdict.ACCEPTED, b"src/lines.txt", number=0)
    await desk.decide(change_id, Verdict.REJECTED, b"new.txt")
    await desk.applier.apply(change_id)
    (desk.worktree.path / "README.md").write_bytes(b"the next turn\n")
    next_id = await desk.store()
    assert [file.path for file in await desk.files(next_id)] == [b"README.md", b"new.txt", b"src/lines.txt"]
    report = await desk.applier.apply(next_id)
    assert (report.units, report.of) == (3, 4)
    assert (desk.project.path / "src/lines.txt").read_bytes() == lines(2, 20, 38)
    assert not (desk.project.path / "new.txt").exists()


async def test_a_part_as_a_commit_and_the_rest_as_a_branch(desk: ChangeHarness) -> None:
    await three_hunks(desk)
    change_id = await desk.store()
    await desk.decide(change_id, Verdict.ACCEPTED, b"new.txt")
    commit = await desk.applier.apply(change_id, ApplyRequest(target=ApplyTarget.COMMIT))
    assert desk.project.git("show", "--name-only", "--format=", "HEAD").split() == [b"new.txt"]
    assert desk.project.git("status", "--porcelain") == b""
    assert commit.rest is not None
    branch = await desk.applier.apply(commit.rest, ApplyRequest(target=ApplyTarget.BRANCH, branch="rest"))
    assert branch.rest is None
    assert desk.project.git("diff", "--name-only", "rest^", "rest").split() == [b"src/lines.txt"]


async def test_what_is_meant_can_be_said(desk: ChangeHarness) -> None:
    await three_hunks(desk)
    change_id = await desk.store()
    with pytest.raises(Conflict) as error:
        await desk.applier.apply(change_id, ApplyRequest(select=PartFilter.ACCEPTED))
    assert error.value.code == "nothing_selected"
    await desk.decide(change_id, Verdict.REJECTED, b"src/lines.txt")
    await desk.decide(change_id, Verdict.REJECTED, b"new.txt")
    with pytest.raises(Conflict) as error:
        await desk.applier.apply(change_id)
    assert error.value.code == "nothing_selected"
    assert (await desk.applier.preview(change_id, ApplyRequest(select=PartFilter.ALL))).files == 2
    assert await desk.state(change_id) is ChangeState.PENDING
    report = await desk.applier.apply(change_id, ApplyRequest(select=PartFilter.ALL))
    assert report.rest is None
    assert content_of(desk.project.path) == content_of(desk.worktree.path)
    assert await desk.pending() is None
