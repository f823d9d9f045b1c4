"""Fixtures: a host with a session, and another host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.db.core.pool import Database
from tests.fixtures.repository import MakeRepository
from tests.fixtures.worktrees.worktree_harness import WorktreeHarness, open_desk
from tests.integration.worktrees.stored.hosts import (
    OtherHost,
    other_host,
)


@pytest.fixture
async def home(dsn: str, tmp_path: Path) -> AsyncIterator[Database]:
    """The first host's connections, which know its data directory."""
    database = Database(dsn=dsn, data_dir=tmp_path / "data")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def desk(home: Database, repository: MakeRepository, tmp_path: Path) -> WorktreeHarness:
    """The first host: its project has a commit that nobody else has."""
    project = repository()
    project.git("clone", "-q", "--bare", project.path, tmp_path / "origin.git", cwd=tmp_path)
    project.git("remote", "add", "origin", tmp_path / "origin.git")
    project.git("fetch", "-q", "origin")
    project.write("local.txt", "only here\n")
    project.commit("not pushed")
    return await open_desk(home, project, tmp_path / "data")


@pytest.fixture
async def other(desk: WorktreeHarness, dsn: str, tmp_path: Path) -> AsyncIterator[OtherHost]:
    async with other_host(desk, dsn, tmp_path / "other") as made:
        yield made
