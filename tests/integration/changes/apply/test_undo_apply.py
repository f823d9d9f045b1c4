"""Undoing an apply to the checkout: the files, the user's later edits, the change and its decisions."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.model.change import ApplyTarget, Verdict
from boocoder.model.task import ChangeState
from tests.fixtures.changes.change_harness import ChangeHarness, make_applier, make_desk
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository
from tests.paths import ROOT


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    made = await make_desk(database, repository, tmp_path)
    made.project.write("notes.txt", b"mine, not committed\n")
    (made.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (made.worktree.path / "src/main.py").unlink()
    (made.worktree.path / "new/file.txt").parent.mkdir()
    (made.worktree.path / "new/file.txt").write_bytes(b"new\n")
    return made


async def test_the_files_are_as_before_and_the_change_is_pending_again(desk: ChangeHarness) -> None:
    before, index = content_of(desk.project.path), desk.project.git("ls-files", "-s")
    change = await desk.store()
    await desk.decide(change, Verdict.ACCEPTED, b"README.md", b"new/file.txt", b"src/main.py")
    await desk.applier.apply(change)
    desk.project.write("later.txt", b"written after the apply\n")
    preview = await desk.applier.undo(change, preview=True)
    assert set(preview.paths) == {"README.md", "src/main.py", "new/file.txt"}
    assert await desk.state(change) is ChangeState.APPLIED
    done = await desk.applier.undo(change)
    assert content_of(desk.project.path) == {**before, b"later.txt": ("file", False, b"written after the apply\n")}
    assert not (desk.project.path / "new").exists()
    assert desk.project.git("ls-files", "-s") == index
    assert (await desk.state(change), await desk.journal()) == (ChangeState.SUPERSEDED, [])
    assert done.pending_id is not None
    pending = await desk.change(done.pending_id)
    assert (pending.state, pending.base_tree) == (ChangeState.PENDING, desk.worktree.base_tree)
    units = {unit.id for file in await desk.files(done.pending_id) for unit in file.units}
    assert dict.fromkeys(units, Verdict.ACCEPTED) == await desk.verdicts()
    assert (await desk.applier.apply(done.pending_id)).state == "applied"
    assert (desk.project.path / "README.md").read_bytes() == b"by the agent\n"


async def test_a_part_comes_back_together_with_what_was_left(desk: ChangeHarness) -> None:
    before = content_of(desk.project.path)
    change = await desk.store()
    await desk.decide(change, Verdict.ACCEPTED, b"README.md")
    applied = await desk.applier.apply(change)
    assert applied.rest is not None
    done = await desk.applier.undo(change)
    assert content_of(desk.project.path) == before
    assert await desk.state(applied.rest) is ChangeState.SUPERSEDED
    assert done.pending_id is not None
    assert {file.path for file in await desk.files(done.pending_id)} == {b"README.md", b"src/main.py", b"new/file.txt"}


async def test_edits_at_the_same_place_refuse_it_and_nothing_is_touched(desk: ChangeHarness) -> None:
    change = await desk.store()
    await desk.applier.apply(change)
    desk.project.write("README.md", b"by the agent, then by me\n")
    now = content_of(desk.project.path)
    assert [one.conflict.path for one in (await desk.applier.undo(change, preview=True)).conflicts] == [b"README.md"]
    with pytest.raises(ApplyConflict) as error:
        await desk.applier.undo(change)
    assert [one.path for one in error.value.conflicts] == [b"README.md"]
    assert content_of(desk.project.path) == now
    assert (await desk.state(change), await desk.journal()) == (ChangeState.APPLIED, [])


async def test_only_the_last_apply_to_the_checkout_can_be_undone(desk: ChangeHarness) -> None:
    first = await desk.store()
    with pytest.raises(Conflict) as error:
        await desk.applier.undo(first)
    assert error.value.code == "change_not_applied"
    await desk.applier.apply(first)
    (desk.worktree.path / "second.txt").write_bytes(b"second\n")
    second = await desk.store()
    await desk.applier.apply(second)
    with pytest.raises(Conflict) as error:
        await desk.applier.undo(first)
    assert error.value.code == "apply_not_last"
    await desk.applier.undo(second)
    assert (await desk.applier.undo(first)).pending_id is not None
    assert content_of(desk.project.path)[b"notes.txt"][2] == b"mine, not committed\n"
    third = await desk.store()
    await desk.applier.apply(third, ApplyRequest(target=ApplyTarget.COMMIT))
    with pytest.raises(Conflict) as error:
        await desk.applier.undo(third)
    assert error.value.code == "not_in_checkout"


SCRIPT = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from boocoder.db.core.pool import Database
from tests.fixtures.changes.change_harness import make_applier

async def main(dsn, root, change_id, failpoint):
    database = Database(dsn=dsn)
    await database.open()
    await make_applier(database, Path(root), failpoints=failpoint).undo(UUID(change_id))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("failpoint", ["unapply.after_begin", "unapply.after_files"])
async def test_a_death_is_finished_by_the_next_start(desk: ChangeHarness, tmp_path: Path, failpoint: str) -> None:
    before = content_of(desk.project.path)
    change = await desk.store()
    await desk.applier.apply(change)
    argv = [sys.executable, "-c", SCRIPT, desk.database.dsn, str(tmp_path), str(change), failpoint]
    assert subprocess.run(argv, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    applier = make_applier(desk.database, tmp_path)
    assert [report.state for report in await applier.resume_all()] == ["undone"]
    assert content_of(desk.project.path) == before
    assert (await desk.state(change), await desk.journal()) == (ChangeState.SUPERSEDED, [])
    assert await desk.pending() is not None
