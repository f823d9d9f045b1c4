"""Sparse checkouts: what they leave out is no deletion, and a change of it can be applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.model.change import ApplyTarget
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import FILES, MakeRepository


@pytest.fixture(params=[("--cone", "src"), ("--cone", "--sparse-index", "src"), ("--no-cone", "/*", "!deep/")])
async def desk(
    request: pytest.FixtureRequest, database: Database, repository: MakeRepository, tmp_path: Path
) -> ChangeHarness:
    project = repository({**FILES, "deep/b.txt": b"b\n", "deep/c.txt": b"c\n"})
    project.git("sparse-checkout", "set", *request.param)
    assert not (project.path / "deep").exists()
    return await make_desk(database, lambda *_, **__: project, tmp_path / "data")


async def test_a_change_outside_the_cone_is_applied(desk: ChangeHarness) -> None:
    project, files = desk.project, desk.worktree.path
    assert await desk.shadow.dirty_paths(staged=True) == set()
    (files / "deep/b.txt").write_bytes(b"changed\n")
    (files / "deep/c.txt").unlink()
    project.git("stash", cwd=files)
    project.git("stash", "pop", cwd=files)
    change = await desk.store()
    assert [one.path for one in await desk.files(change)] == [b"deep/b.txt", b"deep/c.txt"]
    assert (await desk.applier.apply(change)).state == "applied"
    assert (project.path / "deep/b.txt").read_bytes() == b"changed\n"
    await desk.applier.undo(change)
    assert project.git("diff", "HEAD") == b""
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT, message="Outside"))
    assert report.state == "applied"
    assert project.git("show", "--format=", "--name-status", "HEAD") == b"M\tdeep/b.txt\nD\tdeep/c.txt\n"
    assert project.git("status", "--porcelain") == b""
