"""The base of a session moves when its agent merges, rebases or pulls, so that its change is its own work."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_base import MovedBase, moved_base
from boocoder.git.worktree.session_worktrees import Worktree
from tests.fixtures.repository import MakeRepository, Repository, committed

KEEP = "refs/boocoder/s/base"


@pytest.fixture
def project(repository: MakeRepository, tmp_path: Path) -> Repository:
    """A clone whose origin has gone on by two commits of others since a session has begun."""
    origin = committed(tmp_path / "origin")
    made = repository()
    made.git("remote", "add", "origin", str(origin.path))
    made.git("fetch", "-q", "origin")
    made.git("reset", "-q", "--hard", "origin/main")
    made.git("branch", "-q", "--set-upstream-to=origin/main")
    return made


async def begun(project: Repository, tmp_path: Path) -> tuple[ShadowRepository, Worktree]:
    shadow = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await shadow.open()
    place = await shadow.add_worktree(tmp_path / "w" / "one")
    origin = Repository(tmp_path / "origin")
    for name in ("theirs.txt", "theirs2.txt"):
        origin.write(name, b"by others\n")
        origin.commit(name)
    (place.path / "README.md").write_bytes(b"by the agent\n")
    project.git("commit", "-qam", "By the agent", cwd=place.path)
    (place.path / "new.txt").write_bytes(b"new\n")
    return shadow, place


async def found(shadow: ShadowRepository, place: Worktree, tree: str | None = None) -> MovedBase | None:
    return await moved_base(shadow, place.path, commit=place.base_commit, tree=tree or place.base_tree, keep=KEEP)


@pytest.mark.parametrize("habit", ["merge -q --no-edit origin/main", "rebase -q --autostash origin/main"])
async def test_the_change_is_the_agents_alone(project: Repository, tmp_path: Path, habit: str) -> None:
    shadow, place = await begun(project, tmp_path)
    project.git("fetch", "-q", "origin", cwd=place.path)
    assert await found(shadow, place) is None
    project.git(*habit.split(), cwd=place.path)
    moved = await found(shadow, place)
    assert moved is not None
    assert moved.commit == Repository(tmp_path / "origin").head()
    tree = await shadow.snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    changed = await shadow.changed_files(moved.tree, tree)
    assert [one.path for one in changed] == [b"README.md", b"new.txt"]
    assert shadow.kept(KEEP) == moved.tree
    assert project.git("cat-file", "-t", moved.commit, check=False) == b""


async def test_what_was_set_up_stays_part_of_the_base(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    (place.path / "set-up.txt").write_bytes(b"set up\n")
    (place.path / "new.txt").unlink()
    project.git("stash", "-q", "-u", cwd=place.path)
    project.git("reset", "-q", "--hard", "HEAD~1", cwd=place.path)
    project.git("stash", "pop", "-q", cwd=place.path)
    base = await shadow.snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/start")
    project.git("pull", "-q", "--no-rebase", "origin", "main", cwd=place.path)
    (place.path / "new.txt").write_bytes(b"new\n")
    moved = await found(shadow, place, base)
    assert moved is not None
    tree = await shadow.snapshot(place.path, index=tmp_path / "i", ref="refs/boocoder/t")
    assert [one.path for one in await shadow.changed_files(moved.tree, tree)] == [b"new.txt"]


async def test_commits_resets_and_own_branches_move_nothing(project: Repository, tmp_path: Path) -> None:
    shadow, place = await begun(project, tmp_path)
    assert await found(shadow, place) is None
    project.git("switch", "-qc", "work", cwd=place.path)
    project.git("add", "-A", cwd=place.path)
    project.git("commit", "-qm", "More", cwd=place.path)
    project.git("switch", "-q", "-", cwd=place.path)
    project.git("merge", "-q", "work", cwd=place.path)
    assert await found(shadow, place) is None
    project.git("commit", "-q", "--amend", "-m", "Other words", cwd=place.path)
    assert await found(shadow, place) is None
    project.git("reset", "-q", "--hard", place.base_commit, cwd=place.path)
    assert await found(shadow, place) is None
