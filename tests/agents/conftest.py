"""Fixtures of the tests of real agents: a service with the agent of the test's class, warm for the whole class."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from boocoder.scripted_model.server import ScriptedModel
from tests.agents.real import Real, settings_of
from tests.fixtures.postgres import dsn_of, in_thread
from tests.fixtures.repository import committed
from tests.fixtures.service import Installation


@pytest.fixture(scope="class")
def class_dsn(postgres_server: str, template_database: str) -> Iterator[str]:
    """DSN of a fresh migrated database for a class of tests."""
    name = f"test_{uuid4().hex}"
    in_thread(_execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY"))
    yield dsn_of(postgres_server, name)
    in_thread(_execute(postgres_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest_asyncio.fixture(scope="class", loop_scope="class")
async def real(
    request: pytest.FixtureRequest, class_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Real]:
    """A running service with the agents that the class names in `agents`."""
    directory = tmp_path_factory.mktemp("real")
    home = directory / "home"
    home.mkdir()
    project = committed(directory / "project")
    settings = {"BOOCODER_DATABASE_URL": class_dsn, "BOOCODER_MAX_TURNS": "16", "BOOCODER_DRAIN_S": "1"}
    service = Installation(home, settings)
    async with ScriptedModel() as model:
        settings["BOOCODER_SANDBOX_HOSTS"] = model.base_url.split("/")[2]  # for the profile files+network
        settings_of([agent.recipe for agent in request.cls.agents], service, model)
        made = Real(service, model, project, class_dsn)
        await made.start()
        try:
            yield made
            await made.stop()
        finally:
            service.stop()


async def _execute(server: str, statement: str) -> None:
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(statement)
    finally:
        await admin.close()
