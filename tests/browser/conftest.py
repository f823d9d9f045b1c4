"""Fixtures of the browser tests: one service for all that neither stop nor fill it, a project, and a desk at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.acceptance.harness import ServiceHarness
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import Installation

SETTINGS = {"BOOCODER_SILENCE_TIMEOUT_S": "60"}


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service with the scripted agent."""
    made = Installation(tmp_path_factory.mktemp("served"), SETTINGS)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    """A committed repository."""
    return repository()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(served: Installation, project: Repository) -> AsyncIterator[ServiceHarness]:
    """A desk at the running service: what somebody else does there, and what its database says."""
    async with served.client() as client:
        yield ServiceHarness(client, project.path)


@pytest_asyncio.fixture(loop_scope="session")
async def person(visit: MakeVisit, served: Installation) -> Visit:
    """Somebody signed in at the running service."""
    return await visit(served)
