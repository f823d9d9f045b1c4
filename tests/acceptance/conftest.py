"""Fixtures of the acceptance tests: a project, a running service, and a desk at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.harness import ServiceHarness
from tests.acceptance.opencode_home import OpenCodeHome, running_home
from tests.fixtures.postgres import fresh_database
from tests.fixtures.repository import MakeRepository, Repository, committed
from tests.fixtures.service import Installation, MakeInstallation
from tests.invariants import World, processes_of, violations


@pytest.fixture
def repository(tmp_path_factory: pytest.TempPathFactory) -> MakeRepository:
    """As the fixture of all tests, but outlives its test: services of a module know the repository, and look at it."""
    directory = tmp_path_factory.mktemp("repositories")

    def make(
        files: Mapping[str, bytes | str] | None = None, *, name: str = "project", commit: bool = True
    ) -> Repository:
        return committed(directory / name, files, commit=commit)

    return make


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    """A committed repository."""
    return repository()


@pytest.fixture
def home_settings() -> dict[str, str]:
    """Settings of `home`; a module that needs more of them has a fixture of this name."""
    return {"BOOCODER_SILENCE_TIMEOUT_S": "1", "BOOCODER_DRAIN_S": "0.3"}


@pytest.fixture
async def home(installation: MakeInstallation, dsn: str, home_settings: dict[str, str]) -> Installation:
    """A running service that is quick to lose its patience."""
    made = installation({"BOOCODER_DATABASE_URL": dsn, **home_settings})
    await asyncio.to_thread(made.start)
    return made


@pytest.fixture
async def desk(home: Installation, project: Repository, dsn: str) -> AsyncIterator[ServiceHarness]:
    """A desk at a running service; whatever the test did, the invariants hold at its end."""
    home.folder = project.path
    async with home.client() as client:
        yield ServiceHarness(client, project.path)
    assert await asyncio.to_thread(home.stop) in (0, None)
    assert processes_of(home.data_dir) == []
    assert await violations(World(dsn, home.data_dir)) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opencode_home(
    request: pytest.FixtureRequest,
    postgres_server: str,
    template_database: str,
    opencode_program: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[OpenCodeHome]:
    """A running service with the real opencode for all tests of a module, which may set OPENCODE_SETTINGS."""
    settings: dict[str, str] = getattr(request.module, "OPENCODE_SETTINGS", {})
    async with (
        fresh_database(postgres_server, template_database) as dsn,
        running_home(tmp_path_factory.mktemp("opencode home"), dsn, opencode_program, settings) as home,
    ):
        yield home
