"""The user's index is prepared for a commit without running what a repository's configuration names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.index import place_index, prepare_index
from tests.fixtures.repository import MakeRepository, Repository


def plant(project: Repository, tmp_path: Path) -> Path:
    """A filter for all files, and an index that is as old as they are, so that git reads them again."""
    canary = tmp_path / "ran"
    project.git("config", "filter.evil.clean", f"tee -a {canary}")
    project.write(".git/info/attributes", b"* filter=evil\n")
    for path in (project.path / "README.md", project.path / ".git/index"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    project.git("-c", "filter.evil.clean=cat", "update-index", "-q", "--refresh")
    os.utime(project.path / ".git/index", (1_700_000_000, 1_700_000_000))
    return canary


@pytest.mark.parametrize("split", [False, True])
async def test_no_filter_runs_when_the_index_is_brought_along(
    repository: MakeRepository, tmp_path: Path, split: bool
) -> None:
    project = repository()
    if split:
        project.git("update-index", "--split-index")
    base = project.tree()
    project.write("README.md", b"newer\n")
    project.git("add", "README.md")
    tree = project.git("write-tree").decode().strip()
    project.git("reset", "-q", "--hard")
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    canary = plant(project, tmp_path)
    files = await shadow.changed_files(base, tree)
    fresh = await prepare_index(shadow.git, shadow.checkout, files, "one")
    await place_index(shadow.git, shadow.checkout, fresh)
    assert not canary.exists()
    assert list(shadow.git_dir.glob("sharedindex.*")) == []
    project.git("config", "--unset", "filter.evil.clean")
    assert project.git("write-tree").decode().strip() == tree


def test_plain_git_does_run_it(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    canary = plant(project, tmp_path)
    entry = b"100644 %s\tother.txt\0" % project.git("rev-parse", "HEAD:README.md").strip()
    project.git("update-index", "--add", "-z", "--index-info", stdin=entry)
    assert canary.exists()
