"""A running service with the real opencode on a scripted model, shared by the tests of a module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from boocoder.scripted_model.server import ScriptedModel
from tests.acceptance.harness import ServiceHarness, close
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation
from tests.invariants import fingerprint


@dataclass
class OpenCodeHome:
    """A service with opencode; every test has sessions and a repository of its own.

    Args:
        service: it runs.
        model: what opencode asks.
        repositories: fingerprints of the repositories of tests that have ended.
    """

    service: Installation
    model: ScriptedModel
    repositories: dict[Path, str] = field(default_factory=dict)

    @asynccontextmanager
    async def desk(self, project: Repository) -> AsyncIterator[ServiceHarness]:
        """A desk at the service, for work in a repository."""
        async with self.service.client() as client:
            yield ServiceHarness(client, project.path)
        self.repositories[project.path] = fingerprint(project.path)


@asynccontextmanager
async def running_home(
    directory: Path, dsn: str, program: Path, settings: Mapping[str, str]
) -> AsyncIterator[OpenCodeHome]:
    """Start the service; whatever the tests did, the invariants hold at its end."""
    async with ScriptedModel() as model:
        service = Installation(
            directory,
            {
                "BOOCODER_DATABASE_URL": dsn,
                "BOOCODER_AGENTS_OPENCODE_ENABLED": "true",
                "BOOCODER_AGENTS_OPENCODE_PROGRAM": str(program),
                "BOOCODER_AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
                "BOOCODER_MODELS_BASE_URL": model.base_url,
                **settings,
            },
        )
        home = OpenCodeHome(service, model)
        await asyncio.to_thread(service.start)
        try:
            yield home
            await close(service, dsn, home.repositories)
        finally:
            await asyncio.to_thread(service.stop)
