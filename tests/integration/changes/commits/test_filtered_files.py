"""Files that a filter of the user's git converts: applied to files as they are, to a commit only when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.model.change import ApplyTarget
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository

COMMITS = (ApplyTarget.COMMIT, ApplyTarget.BRANCH)


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    project = repository()
    project.git("config", "filter.rot.clean", "tr a-z n-za-m")
    project.git("config", "filter.rot.smudge", "tr a-z n-za-m")
    project.write(".gitattributes", b"*.key filter=rot\n")
    project.commit("With a filter")
    made = await make_desk(database, lambda *_, **__: project, tmp_path / "data")
    (made.worktree.path / "a.key").write_bytes(b"secret\n")
    return made


@pytest.mark.parametrize("target", COMMITS)
async def test_a_commit_is_refused_unless_it_is_asked_for(desk: ChangeHarness, target: ApplyTarget) -> None:
    change, before = await desk.store(), desk.project.git("for-each-ref")
    with pytest.raises(Conflict, match=r"a\.key \(rot\)") as refused:
        await desk.applier.apply(change, ApplyRequest(target=target))
    assert (refused.value.code, desk.project.git("for-each-ref")) == ("filtered_files", before)
    assert not (desk.project.path / "a.key").exists()
    report = await desk.applier.apply(change, ApplyRequest(target=target, filtered=True))
    assert any("a.key (rot)" in one for one in report.warnings)
    assert desk.project.git("show", f"{report.commit}:a.key") == b"secret\n"


async def test_files_are_written_as_they_are_and_converted_by_the_users_git(desk: ChangeHarness) -> None:
    report = await desk.applier.apply(await desk.store())
    assert (report.state, report.warnings) == ("applied", ())
    assert (desk.project.path / "a.key").read_bytes() == b"secret\n"
    desk.project.commit("Mine")
    assert desk.project.git("show", "HEAD:a.key") == b"frperg\n"


async def test_an_attribute_of_the_change_counts(desk: ChangeHarness) -> None:
    (desk.worktree.path / "a.key").unlink()
    (desk.worktree.path / "sub").mkdir()
    (desk.worktree.path / "sub/.gitattributes").write_bytes(b"new.txt filter=crypt\n")
    (desk.worktree.path / "sub/new.txt").write_bytes(b"plain\n")
    with pytest.raises(Conflict, match=r"sub/new\.txt \(crypt\)"):
        await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT))
