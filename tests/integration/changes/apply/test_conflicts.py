"""Conflicts with both sides: regions of text files, sizes of binary ones, and their answers in the API."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from boocoder.api.problem import of_error
from boocoder.changes.apply.conflicts import ApplyConflict, ConflictFile
from boocoder.db.core.pool import Database
from boocoder.git.diff.merge import ConflictKind
from boocoder.wire.problems import ConflictRegion
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.repository import MakeRepository


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    return await make_desk(database, repository, tmp_path)


async def refused(desk: ChangeHarness) -> dict[bytes, ConflictFile]:
    with pytest.raises(ApplyConflict) as error:
        await desk.applier.apply(await desk.store())
    body = msgspec.json.decode(msgspec.json.encode(of_error(error.value)))
    assert [one["path"] for one in body["conflicts"]] == [one["field"] for one in body["errors"]]
    assert (body["status"], body["code"]) == (409, "apply_conflicts")
    return {file.conflict.path: file for file in error.value.files}


async def test_each_place_is_shown_with_base_and_both_sides(desk: ChangeHarness) -> None:
    lines = (desk.project.path / "src/lines.txt").read_bytes()
    (desk.worktree.path / "src/lines.txt").write_bytes(
        lines.replace(b"line 3\n", b"drei\n")
        .replace(b"line 30\n", b"<<<<<<< thirty\n=======\n")
        .replace(b"line 20\n", b"x\n")
    )
    desk.project.write("src/lines.txt", lines.replace(b"line 3\n", b"three\r\n").replace(b"line 30\n", b"\xff\n"))
    found = await refused(desk)
    assert found[b"src/lines.txt"].regions == (
        ConflictRegion(3, "line 3\n", "three\r\n", "drei\n", cut=False),
        ConflictRegion(30, "line 30\n", "\\xff\n", "<<<<<<< thirty\n=======\n", cut=False),
    )


async def test_what_is_no_text_is_told_by_size_and_reason(desk: ChangeHarness) -> None:
    desk.project.write("binary", bytes(range(256)))
    (desk.worktree.path / "binary").write_bytes(bytes(range(255)))
    (desk.project.path / "README.md").unlink()
    (desk.worktree.path / "README.md").write_bytes(b"changed\n")
    (desk.worktree.path / "src/main.py").unlink()
    desk.project.write("src/main.py", b"changed\n")
    found = await refused(desk)
    assert {path: file.conflict.kind for path, file in found.items()} == {
        b"binary": ConflictKind.BOTH_ADDED,
        b"README.md": ConflictKind.DELETED_HERE,
        b"src/main.py": ConflictKind.DELETED_THERE,
    }
    assert (found[b"binary"].regions, found[b"binary"].ours_size, found[b"binary"].theirs_size) == ((), 256, 255)
    assert (found[b"README.md"].ours_size, found[b"README.md"].theirs_size) == (None, 8)
    assert (found[b"src/main.py"].ours_size, found[b"src/main.py"].theirs_size) == (8, None)


async def test_long_and_many_places_are_bounded(desk: ChangeHarness) -> None:
    text = b"".join(b"l%d\n\n\n\n" % number for number in range(30))
    desk.project.write("many.txt", text)
    desk.project.commit("Many")
    desk.worktree = type(desk.worktree)(desk.worktree.path, desk.project.head(), desk.project.tree())
    (desk.worktree.path / "many.txt").write_bytes(text.replace(b"l", b"agent " + b"a" * 5000))
    desk.project.write("many.txt", text.replace(b"l", b"user "))
    (file,) = (await refused(desk)).values()
    assert (len(file.regions), file.more) == (20, 10)
    assert all(region.cut and len(region.theirs) == 4_000 for region in file.regions)
