"""A project, its shadow repository and a session's worktree."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_worktrees import Worktree
from tests.fixtures.repository import MakeRepository, Repository


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    return repository()


@pytest.fixture
async def shadow(project: Repository, tmp_path: Path) -> ShadowRepository:
    made = ShadowRepository(git_dir=tmp_path / "data" / "shadow.git", project=project.path)
    await made.open()
    return made


@pytest.fixture
async def worktree(shadow: ShadowRepository, tmp_path: Path) -> Worktree:
    return await shadow.add_worktree(tmp_path / "worktrees" / "one")
