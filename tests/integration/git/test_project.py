"""What a person may name as a project, and how each wrong name is answered."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from boocoder.errors import InvalidInput, Unavailable
from boocoder.git.command import Git, require_git
from boocoder.git.project import inspect_project
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import MakeRepository


async def code_of(path: Path) -> str:
    with pytest.raises(InvalidInput) as error:
        await inspect_project(path)
    assert error.value.text
    return error.value.code


async def test_a_checkout_a_directory_in_it_and_a_link_to_it_are_one_project(
    repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    project.write("README.md", b"edited\n")
    project.write("new\n.txt", b"")
    project.write("noise.log", b"ignored")
    project.write("staged.txt", b"")
    project.git("add", "staged.txt")
    (tmp_path / "link").symlink_to(project.path)
    for path in (project.path, project.path / "src", tmp_path / "link", tmp_path / "link/../project"):
        info = await inspect_project(path)
        assert info.root == project.path
        assert info.common_dir == project.path / ".git"
        assert (info.head_commit, info.head_tree) == (project.head(), project.tree())
        assert info.branch == "main"
        assert info.dirty_files == 3


async def test_looking_changes_nothing(repository: MakeRepository) -> None:
    project = repository()
    index = (project.path / ".git/index").read_bytes()
    before = sorted(path for path in project.path.rglob("*"))
    assert (await inspect_project(project.path)).dirty_files == 0
    assert sorted(path for path in project.path.rglob("*")) == before
    assert (project.path / ".git/index").read_bytes() == index


async def test_detached_unborn_linked_and_split_checkouts(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    project.git("checkout", "-q", "--detach")
    assert (await inspect_project(project.path)).branch is None
    project.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    linked = await inspect_project(tmp_path / "linked")
    assert (linked.root, linked.branch) == (tmp_path / "linked", "other")
    assert linked.common_dir == project.path / ".git"
    project.git("update-index", "--split-index")
    project.write("README.md", b"edited\n")
    assert (await inspect_project(project.path)).dirty_files == 1
    unborn = repository({"a.txt": b""}, name="unborn", commit=False)
    info = await inspect_project(unborn.path)
    assert info.head_commit is None
    assert info.head_tree == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert info.dirty_files == 1


async def test_wrong_places_have_names(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "loop").symlink_to("loop")
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "bare.git")], check=True)
    assert await code_of(tmp_path / "nowhere") == "project_path_missing"
    assert await code_of(tmp_path / "loop") == "project_path_missing"
    assert await code_of(Path("a\0b")) == "project_path_invalid"
    assert await code_of(tmp_path / ("x" * 300)) == "project_path_missing"
    assert await code_of(tmp_path / "file") == "project_path_not_a_directory"
    assert await code_of(tmp_path / "plain") == "project_not_a_repository"
    assert await code_of(tmp_path / "bare.git") == "project_is_bare"
    assert await code_of(project.path / ".git") == "project_is_bare"
    (project.path / ".git/HEAD").unlink()
    assert await code_of(project.path) == "project_not_a_repository"


async def test_our_own_worktrees_are_no_projects(repository: MakeRepository, tmp_path: Path) -> None:
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=repository().path)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / "w")
    assert await code_of(worktree.path / "src") == "project_is_our_worktree"


async def test_a_repository_of_somebody_else_is_named(
    repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = repository()
    assert (await inspect_project(project.path)).dirty_files == 0
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/git"
    program.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(InvalidInput) as error:
        await inspect_project(project.path)
    assert error.value.code == "project_dubious_owner"
    assert str(project.path) in error.value.cure


@pytest.mark.parametrize(
    "name", ["with space", "-dash", "new\nline", 'quo"te', "back\\slash", ":colon", "ünï", os.fsdecode(b"\xff\xfe")]
)
async def test_odd_directory_names_work_from_end_to_end(repository: MakeRepository, tmp_path: Path, name: str) -> None:
    project = repository(name=f"{name}/project")
    assert (await inspect_project(project.path)).root == project.path
    shadow = ShadowRepository(git_dir=tmp_path / name / "shadow.git", project=project.path)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / name / "worktree")
    (worktree.path / "a.txt").write_bytes(b"a\n")
    tree = await shadow.snapshot(worktree.path, index=tmp_path / name / "index", ref="refs/boocoder/one")
    assert b"+a" in await shadow.diff(worktree.base_tree, tree)
    await shadow.remove_worktree(worktree.path)
    assert not (project.path / ".git/worktrees").exists()


async def test_a_missing_and_an_old_git_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable) as missing:
        await require_git(Git(tmp_path))
    assert missing.value.code == "git_missing"
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.37.9\n")
    (tmp_path / "git").chmod(0o755)
    with pytest.raises(Unavailable) as old:
        await require_git(Git(tmp_path))
    assert old.value.code == "git_too_old"
    assert "2.38" in old.value.cure
