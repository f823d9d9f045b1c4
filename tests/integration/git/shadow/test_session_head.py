"""HEAD and index of a session are moved although an agent has put links where git writes: nothing is written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.errors import GitError
from boocoder.git.worktree.session_head import end_operation, move_head
from tests.fixtures.repository import MakeRepository
from tests.integration.git.test_session_repository import inside, opened

SECRET = "a person's file\n"


@pytest.mark.parametrize(
    ("name", "refused"),
    [("index", False), ("boocoder.index", False), ("logs/HEAD", True), ("logs/refs", True), ("refs/heads", True)],
)
async def test_no_link_of_an_agent_is_written_or_read_through(
    repository: MakeRepository, tmp_path: Path, name: str, refused: bool
) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one", commit=project.head())
    project.write("new.txt", b"new\n")
    commit = project.commit("By the person")
    git_dir = shadow.worktrees.git_dir_of(place.path)
    branch = inside(project, place, "symbolic-ref", "HEAD").decode().strip()
    target = tmp_path / "home"
    outside = target / "file"
    outside.parent.mkdir()
    outside.write_text(SECRET)
    link = git_dir / name
    if link.is_dir():
        link.rename(target / "was")
        link.symlink_to(target / "was")
    else:
        link.unlink(missing_ok=True)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(target if name == "logs/refs" else outside)
    before = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    if refused:
        with pytest.raises(GitError, match="is a link"):
            await move_head(shadow.worktrees, place.path, commit, reason="test")
    else:
        await move_head(shadow.worktrees, place.path, commit, reason="test")
        assert not (git_dir / "index").is_symlink()
        assert inside(project, place, "rev-parse", branch).decode().strip() == commit
        assert inside(project, place, "diff", "--cached", "--name-only", "HEAD") == b""
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["rebase-merge", "rebase-apply", "sequencer", "logs/HEAD", "refs/boocoder"])
async def test_an_operation_is_not_ended_through_a_link_of_an_agent(
    repository: MakeRepository, tmp_path: Path, name: str
) -> None:
    project = repository()
    shadow = await opened(project, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one", commit=project.head())
    git_dir = shadow.worktrees.git_dir_of(place.path)
    branch = inside(project, place, "symbolic-ref", "HEAD").decode().strip()
    home = tmp_path / "home"
    home.mkdir()
    (home / "head-name").write_text(f"{branch}\n")
    (home / "file").write_text(SECRET)
    link = git_dir / name
    if name != "rebase-merge":
        (git_dir / "rebase-merge").mkdir()
        (git_dir / "rebase-merge" / "head-name").write_text(f"{branch}\n")
    (git_dir / "CHERRY_PICK_HEAD").write_text(f"{project.head()}\n")
    if link.exists():
        link.rename(home / "was")
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(home / "file" if name == "logs/HEAD" else home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(GitError, match="is a link"):
        await end_operation(shadow.worktrees, place.path)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
