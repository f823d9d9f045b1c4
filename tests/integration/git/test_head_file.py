"""What a session has checked out, as git's files say it: as git says it, or left to git."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from boocoder.errors import Unavailable
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.head_file import read_head
from boocoder.git.worktree.session_base import moved_base
from boocoder.git.worktree.session_worktrees import Worktree
from tests.fixtures.repository import MakeRepository, Repository

Change = Callable[[Repository, Path, Path], object]


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    return repository()


async def opened(project: Repository, tmp_path: Path) -> tuple[ShadowRepository, Worktree, Path]:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / "w" / "one")
    return shadow, worktree, shadow.worktrees.git_dir_of(worktree.path)


def git(*args: str) -> Change:
    return lambda project, worktree, git_dir: project.git(*args, cwd=worktree)


def link_head(project: Repository, worktree: Path, git_dir: Path) -> None:
    branch = (git_dir / "HEAD").read_text().removeprefix("ref: ").strip()
    (git_dir / "HEAD").unlink()
    (git_dir / "HEAD").symlink_to(branch)


def fifo_head(project: Repository, worktree: Path, git_dir: Path) -> None:
    (git_dir / "HEAD").unlink()
    os.mkfifo(git_dir / "HEAD")


@pytest.mark.parametrize(
    "change",
    [
        git("status"),
        git("commit", "-q", "--allow-empty", "-m", "empty"),
        git("checkout", "-q", "--detach"),
        git("checkout", "-q", "-b", "another/branch"),
    ],
)
async def test_it_is_what_git_says(project: Repository, tmp_path: Path, change: Change) -> None:
    _, worktree, git_dir = await opened(project, tmp_path)
    change(project, worktree.path, git_dir)
    said = project.git("rev-parse", "HEAD", cwd=worktree.path).decode().strip()
    assert read_head(git_dir) == said


@pytest.mark.parametrize(
    "change",
    [
        git("pack-refs", "--all"),
        git("checkout", "-q", "--orphan", "unborn"),
        link_head,
        fifo_head,
        lambda project, worktree, git_dir: (git_dir / "HEAD").write_text("ref: refs/heads/../../HEAD\n"),
        lambda project, worktree, git_dir: (git_dir / "HEAD").write_bytes(b"0" * 100_000),
        lambda project, worktree, git_dir: (git_dir / "commondir").write_text("../elsewhere\n"),
    ],
)
async def test_the_rest_is_left_to_git(project: Repository, tmp_path: Path, change: Change) -> None:
    _, worktree, git_dir = await opened(project, tmp_path)
    change(project, worktree.path, git_dir)
    assert read_head(git_dir) is None


async def test_git_starts_only_where_head_has_moved(
    project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow, worktree, _ = await opened(project, tmp_path)
    head = await shadow.worktrees.head_commit(worktree.path)
    assert head == worktree.base_commit

    async def base() -> object:
        commit, tree = worktree.base_commit, worktree.base_tree
        return await moved_base(shadow, worktree.path, commit=commit, tree=tree, keep="refs/boocoder/s/base")

    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        assert await shadow.worktrees.head_commit(worktree.path) == head
        assert await base() is None
    project.git("commit", "-q", "--allow-empty", "-m", "By the agent", cwd=worktree.path)
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        for moved in (shadow.worktrees.head_commit(worktree.path), base()):
            with pytest.raises(Unavailable):
                await moved
    own = project.git("rev-parse", "HEAD", cwd=worktree.path).decode().strip()
    assert await shadow.worktrees.head_commit(worktree.path) == own != head
