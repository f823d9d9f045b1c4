"""Fixtures of the browser tests: one service for all that neither stop nor fill it, a project, and a desk at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from boocoder.client.http_client import Client
from boocoder.errors import Conflict
from tests.acceptance.harness import WAIT_S, ServiceHarness
from tests.acceptance.many_tasks import Id
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.repository import MakeRepository, Repository
from tests.fixtures.service import Installation

POLL_S = 0.05
SETTINGS = {"BOOCODER_SILENCE_TIMEOUT_S": "60"}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service with the scripted agent; only `served` gives it to tests."""
    made = Installation(tmp_path_factory.mktemp("served"), SETTINGS)
    made.start()
    yield made
    made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def served(running: Installation) -> Installation:
    """The running service with empty lists: what earlier tests left there is stopped and put away."""
    async with running.client() as client:
        for state in ("pending", "running"):
            for task in await client.items("/api/tasks", Id, state=state):
                await client.request("POST", f"/api/tasks/{task.id}/cancel", body={})
        for project in await client.items("/api/projects", Id):
            await _removed(client, project)
    return running


async def _removed(client: Client, project: Id) -> None:
    """Remove a project once none of its tasks runs any more."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                await client.delete(f"/api/projects/{project.id}", Id)
            except Conflict:
                await asyncio.sleep(POLL_S)
            else:
                return


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
    """Somebody signed in at the running service, who has opened nothing yet."""
    return await visit(served, path="")
