"""Conflicts that a person resolves block by block: the worktree gets what was chosen, and the apply then fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.conflict_choices import BlockChoice, FileChoice, Side
from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.errors import Conflict
from boocoder.model.ids import ChangeId
from tests.fixtures.changes.change_harness import ChangeHarness
from tests.fixtures.changes.random_tree import content_of
from tests.integration.changes.worktree.test_resolve import desk, ended, make_resolver

__all__ = ["desk"]

FIRST = BlockChoice("zwei\n", "two\n", Side.BOTH)
LAST = BlockChoice("dreissig\n", "thirty\n", None, "30")


async def conflicting(desk: ChangeHarness) -> ChangeId:
    """A change that meets the user's files at two places of a text, in a deleted file, and in a binary one."""
    lines = (desk.project.path / "src/lines.txt").read_bytes()
    theirs = lines.replace(b"line 2\n", b"two\n").replace(b"line 30\n", b"thirty\n")
    (desk.worktree.path / "src/lines.txt").write_bytes(theirs)
    (desk.worktree.path / "README.md").unlink()
    mine = lines.replace(b"line 2\n", b"zwei\n").replace(b"line 30\n", b"dreissig\n")
    desk.project.write("src/lines.txt", mine)
    desk.project.write("README.md", b"mine\n")
    change_id = await desk.store()
    with pytest.raises(ApplyConflict) as refused:
        await desk.applier.apply(change_id)
    shown = {one.conflict.path: one.regions for one in refused.value.files}
    assert [(one.ours, one.theirs) for one in shown[b"src/lines.txt"]] == [
        (FIRST.user, FIRST.agent),
        (LAST.user, LAST.agent),
    ]
    await ended(desk)
    return change_id


async def test_each_block_becomes_what_was_chosen(desk: ChangeHarness, tmp_path: Path) -> None:
    change_id = await conflicting(desk)
    choices = [
        FileChoice("src/lines.txt", False, None, (FIRST, LAST)),
        FileChoice("README.md", False, Side.AGENT),
    ]
    before = content_of(desk.project.path)
    resolver = make_resolver(desk.database, tmp_path, desk.owner)
    done = await resolver.resolve(change_id, choices=choices)
    assert (done.task_id, done.conflicts) == (None, ())
    assert content_of(desk.project.path) == before
    merged = (desk.worktree.path / "src/lines.txt").read_bytes()
    assert b"\nzwei\ntwo\nline 3\n" in merged and b"\nline 29\n30\nline 31\n" in merged and b"<<<" not in merged
    assert not (desk.worktree.path / "README.md").exists()
    assert done.change_id is not None
    report = await desk.applier.apply(done.change_id)
    assert report.state == "applied"
    assert content_of(desk.project.path) == content_of(desk.worktree.path)


async def test_one_side_of_a_whole_file_is_taken(desk: ChangeHarness, tmp_path: Path) -> None:
    change_id = await conflicting(desk)
    choices = [FileChoice("src/lines.txt", False, Side.USER), FileChoice("README.md", False, Side.USER)]
    done = await make_resolver(desk.database, tmp_path, desk.owner).resolve(change_id, choices=choices)
    assert (done.change_id, done.task_id) == (None, None)  # the user has all of it
    assert (desk.worktree.path / "README.md").read_bytes() == b"mine\n"


async def test_what_nothing_was_chosen_for_goes_to_the_agent(desk: ChangeHarness, tmp_path: Path) -> None:
    change_id = await conflicting(desk)
    choices = [FileChoice("README.md", False, Side.USER)]
    done = await make_resolver(desk.database, tmp_path, desk.owner).resolve(change_id, choices=choices)
    assert done.task_id is not None
    assert done.conflicts == ("src/lines.txt",)
    assert b"<<<<<<<" in (desk.worktree.path / "src/lines.txt").read_bytes()


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (FileChoice("src/lines.txt", False, None, (FIRST,)), "conflict_changed"),
        (FileChoice("src/lines.txt", False, None, (LAST, FIRST)), "conflict_changed"),
        (FileChoice("src/main.py", False, Side.USER), "conflict_changed"),
        (FileChoice("README.md", False, Side.BOTH), "conflict_not_text"),
    ],
)
async def test_a_choice_that_does_not_fit_touches_nothing(
    choice: FileChoice, code: str, desk: ChangeHarness, tmp_path: Path
) -> None:
    change_id = await conflicting(desk)
    before = content_of(desk.worktree.path)
    with pytest.raises(Conflict) as refused:
        await make_resolver(desk.database, tmp_path, desk.owner).resolve(change_id, choices=[choice])
    assert refused.value.code == code
    assert content_of(desk.worktree.path) == before
