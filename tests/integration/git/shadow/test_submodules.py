"""Submodules in a session: their commits are part of the change, edits inside them are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.git.diff.tree_diff import SUBMODULE_MODE, ChangedFile
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.snapshot import SkipReason
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.change import ApplyTarget
from tests.fixtures.changes.change_harness import make_desk
from tests.fixtures.repository import MakeRepository, Repository, committed

LOCAL = ("-c", "protocol.file.allow=always")


@pytest.fixture
def project(repository: MakeRepository, tmp_path: Path) -> Repository:
    inner = committed(tmp_path / "inner", {"in.txt": b"inner\n"})
    made = repository()
    made.git(*LOCAL, "submodule", "add", "-q", str(inner.path), "sub")
    made.commit("With a submodule")
    return made


async def begun(project: Repository, tmp_path: Path) -> tuple[ShadowRepository, Worktree]:
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    return shadow, await shadow.add_worktree(tmp_path / "w" / "one")


async def changed(shadow: ShadowRepository, place: Worktree, tmp_path: Path) -> dict[bytes, ChangedFile]:
    taken = await shadow.take_snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    assert taken.skipped == ()
    return {one.path: one for one in await shadow.changed_files(place.base_tree, taken.tree)}


async def test_a_commit_inside_is_a_change_of_the_submodule(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    assert await changed(shadow, place, tmp_path) == {}
    project.git(*LOCAL, "submodule", "update", "-q", "--init", cwd=place.path)
    assert await changed(shadow, place, tmp_path) == {}
    sub = place.path / "sub"
    (sub / "in.txt").write_bytes(b"edited\n")
    taken = await shadow.take_snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    assert taken.tree == place.base_tree
    assert [(one.path, one.reason) for one in taken.skipped] == [(b"sub", SkipReason.SUBMODULE_EDITS)]
    project.git("commit", "-qam", "Inside", cwd=sub)
    found = await changed(shadow, place, tmp_path)
    assert list(found) == [b"sub"]
    assert found[b"sub"].new_mode == SUBMODULE_MODE
    assert found[b"sub"].new_id == project.git("rev-parse", "HEAD", cwd=sub).decode().strip()


async def test_one_is_added_and_one_removed(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    project.git(*LOCAL, "submodule", "add", "-q", str(tmp_path / "inner"), "second", cwd=place.path)
    project.git("rm", "-q", "sub", cwd=place.path)
    found = await changed(shadow, place, tmp_path)
    modes = {path: (one.old_mode, one.new_mode) for path, one in found.items()}
    assert modes == {
        b".gitmodules": ("100644", "100644"),
        b"second": ("000000", SUBMODULE_MODE),
        b"sub": (SUBMODULE_MODE, "000000"),
    }


async def test_a_repository_inside_that_is_no_submodule_is_taken_as_files(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    committed(place.path / "nested", {"n.txt": b"n\n"})
    project.git("add", "nested", cwd=place.path)
    assert list(await changed(shadow, place, tmp_path)) == [b"nested/n.txt"]


async def test_the_commit_of_a_submodule_is_applied_as_a_commit(
    project: Repository, database: Database, tmp_path: Path
) -> None:
    desk = await make_desk(database, lambda *_, **__: project, tmp_path / "data")
    sub = desk.worktree.path / "sub"
    project.git(*LOCAL, "submodule", "update", "-q", "--init", cwd=desk.worktree.path)
    (sub / "in.txt").write_bytes(b"edited\n")
    project.git("commit", "-qam", "Inside", cwd=sub)
    bump = project.git("rev-parse", "HEAD", cwd=sub).decode().strip()
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT, message="Bump"))
    assert report.left == ("sub",)
    assert project.git("rev-parse", "HEAD:sub").decode().strip() == bump
    assert project.git("ls-files", "-s", "sub").decode().split()[:2] == [SUBMODULE_MODE, bump]
