"""Edits inside of submodules are kept beside snapshots, and come back with a worktree that was removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from boocoder.events.frames import NoticeFrame
from boocoder.git.shadow.snapshot import FILE_MAX_BYTES
from boocoder.model.session import SnapshotKind
from boocoder.worktrees.remove.removal import RemovalRefused
from tests.fixtures.repository import MakeRepository, Repository, committed
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk

LOCAL = ("-c", "protocol.file.allow=always")


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    """A session whose submodule, and the one inside of it, are filled."""
    innermost = committed(tmp_path / "innermost", {"deep.txt": b"deep\n"})
    inner = committed(tmp_path / "inner", {"in.txt": b"inner\n", "same.txt": b"same\n", ".gitignore": b"*.o\n"})
    inner.git(*LOCAL, "submodule", "add", "-q", str(innermost.path), "more")
    inner.commit("With a submodule")
    project = repository()
    project.git(*LOCAL, "submodule", "add", "-q", str(inner.path), "lib/sub")
    project.commit("With a submodule")
    made = await open_desk(database, project, tmp_path / "data")
    project.git(*LOCAL, "submodule", "update", "-q", "--init", "--recursive", cwd=made.files)
    return made


def files_in(place: Path) -> dict[str, bytes]:
    found = (path for path in sorted(place.rglob("*")) if path.is_file())
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in found}


def edit(sub: Path) -> None:
    (sub / "in.txt").write_bytes(b"edited\n")
    (sub / "new.txt").write_bytes(b"new\n")
    (sub / "more/deep.txt").write_bytes(b"edited deep inside\n")


def status(project: Repository, place: Path) -> bytes:
    return project.git("status", "--porcelain", cwd=place) + project.git("log", "--oneline", cwd=place)


@pytest.mark.parametrize("edited", [True, False])
async def test_they_come_back_after_a_removal(desk: WorktreeHarness, edited: bool) -> None:
    sub, project = desk.files / "lib/sub", desk.project
    project.git("commit", "-q", "--allow-empty", "-m", "Inside, by the agent", cwd=sub)
    if edited:
        edit(sub)
        project.git("add", "new.txt", cwd=sub)
    before, seen = files_in(sub), [status(project, sub), status(project, sub / "more")]
    removed = await desk.remover.remove(desk.session_id, "a test")
    assert removed.snapshot is not None
    assert not desk.files.exists()
    assert await desk.restorer.restore(desk.session_id)
    after = files_in(sub)
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] != before[name]} <= {".git", "more/.git"}
    assert [status(project, sub), status(project, sub / "more")] == seen
    project.git(*LOCAL, "submodule", "update", "-q", "--init", "--recursive", cwd=desk.files)
    assert (sub / "in.txt").read_bytes() == (b"edited\n" if edited else b"inner\n")
    assert desk.heard.notices() == ["worktree_removed", "worktree_restored"]


async def test_they_outlive_the_submodules_own_repository(desk: WorktreeHarness) -> None:
    """Everything that a snapshot keeps is copied: the submodule may be collected, or fetched anew."""
    edit(desk.files / "lib/sub")
    snapshot = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    shutil.rmtree(desk.shadow.worktrees.git_dir_of(desk.files) / "modules")
    inside = desk.shadow.kept_inside(snapshot.kept_by)
    assert inside is not None
    assert await desk.shadow.git("cat-file", "blob", f"{inside}:lib%2Fsub/files/in.txt", borrow=False) == b"edited\n"
    assert await desk.shadow.git("cat-file", "blob", f"{inside}:lib%2Fsub/files/same.txt", borrow=False) == b"same\n"


async def test_a_change_between_snapshot_and_removal_is_seen(desk: WorktreeHarness) -> None:
    first = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    place = await desk.snapshots.place(desk.session_id)
    assert await desk.snapshots.is_now(place, first)
    edit(desk.files / "lib/sub")
    assert not await desk.snapshots.is_now(place, first)
    second = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    assert second.tree == first.tree
    assert await desk.snapshots.is_now(place, second)


@pytest.mark.parametrize("what", ["large", "own repository", "link"])
async def test_what_cannot_be_kept_keeps_the_worktree(desk: WorktreeHarness, what: str, tmp_path: Path) -> None:
    sub = desk.files / "lib/sub"
    if what == "large":
        with (sub / "large").open("wb") as file:
            file.truncate(FILE_MAX_BYTES + 1)
    elif what == "own repository":
        target = sub / os.fsdecode((sub / ".git").read_bytes().removeprefix(b"gitdir: ").strip())
        (sub / ".git").unlink()
        target.rename(sub / ".git")
        desk.project.git("config", "-f", str(sub / ".git/config"), "--unset", "core.worktree")
    else:
        elsewhere = tmp_path / "elsewhere"
        sub.rename(elsewhere)
        sub.symlink_to(elsewhere)
        (elsewhere / "new.txt").write_bytes(b"out of reach\n")
        await desk.remover.remove(desk.session_id, "a test")
        assert (elsewhere / "new.txt").exists(), "a link is not followed"
        return
    with pytest.raises(RemovalRefused) as error:
        await desk.remover.remove(desk.session_id, "a test")
    assert {reason.code for reason in error.value.reasons} & {"not_in_snapshot", "nested_repository"}
    assert "lib/sub" in error.value.text
    assert sub.exists()


async def test_a_rewind_and_a_fork_say_what_becomes_of_them(desk: WorktreeHarness) -> None:
    sub = desk.files / "lib/sub"
    first = await desk.snapshots.take(desk.session_id, kind=SnapshotKind.MANUAL)
    edit(sub)
    edited = files_in(sub)
    await desk.rewinder.rewind(desk.session_id, first.id)
    fork = await desk.forker.fork(desk.session_id, snapshot_id=first.id)
    assert files_in(sub) == edited
    assert fork.worktree is not None and files_in(fork.worktree / "lib/sub") == {}
    said = {frame.code: frame.text for frame in desk.heard.frames if isinstance(frame, NoticeFrame)}
    assert "submodules were not set back" in said["rewound"] and "submodules are empty" in said["forked"]
