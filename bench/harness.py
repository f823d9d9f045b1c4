"""What a bench section needs: folders, opencode, the scripted model and a service in front of them."""

from __future__ import annotations

import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.bare_opencode import OpenCodeClient, bare_opencode, connected
from bench.model import MODELS, stamping_model
from bench.repository import add_worktree, make_repository
from bench.service import Service, ServiceDirectory, running


@dataclass(frozen=True, slots=True)
class Bench:
    """What every section gets.

    Args:
        directory: empty, of this section alone.
        opencode: the program.
        rounds: how often to measure, >= 1.
    """

    directory: Path
    opencode: Path
    rounds: int


@dataclass(frozen=True, slots=True)
class ServicePair:
    """boocoder with an opencode of its own, and a bare opencode beside it, on one scripted model and one repository."""

    service: Service
    bare: OpenCodeClient
    repository: Path
    project_id: str
    directory: Path

    async def open_bare(self, name: str) -> str:
        """A bare session in a worktree as plain git makes it."""
        return await self.bare.open_session(await add_worktree(self.repository, self.directory / name))

    async def open_ours(self) -> ServiceDirectory:
        """A chat in a session of boocoder whose stream is open."""
        return await self.service.open_chat(await self.service.open_session(self.project_id))


@asynccontextmanager
async def pair(bench: Bench, settings: Mapping[str, str] | None = None) -> AsyncIterator[ServicePair]:
    """Start both sides; each has a warm server and has measured nothing yet."""
    repository = await make_repository(bench.directory / "repository")
    async with (
        stamping_model(bench.directory) as model_url,
        bare_opencode(bench.opencode, bench.directory / "bare", model_url) as bare,
        running(bench.directory / "ours", opencode_settings(bench.opencode, model_url, settings)) as service,
    ):
        await service.wait_agent("opencode")
        project_id = await service.add_project(repository)
        yield ServicePair(service, bare, repository, project_id, bench.directory)


@asynccontextmanager
async def scripted(bench: Bench, settings: Mapping[str, str] | None = None) -> AsyncIterator[tuple[Service, str, Path]]:
    """A service with the scripted agent alone, a project in it, and the project's repository."""
    repository = await make_repository(bench.directory / "repository")
    async with running(bench.directory / "ours", {**SCRIPTED_ONLY, **(settings or {})}) as service:
        await service.wait_agent("scripted")
        yield service, await service.add_project(repository), repository


SCRIPTED_ONLY = {"AGENTS_OPENCODE_ENABLED": "false", "AGENTS_SCRIPTED_ENABLED": "true"}


def opencode_settings(opencode: Path, model_url: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Settings of a service that drives this opencode against this model."""
    return {
        "AGENTS_OPENCODE_PROGRAM": str(opencode),
        "AGENTS_OPENCODE_USE_OWN_CONFIG": "false",
        "MODELS_BASE_URL": model_url,
        "MODELS_DEFAULT": MODELS[0],
        **(more or {}),
    }


@dataclass(frozen=True, slots=True)
class OpenCodeWrapper:
    """A program that starts opencode on a known port and stores its password, so that a bare client can connect too."""

    script: Path
    password_file: Path
    port: int

    @asynccontextmanager
    async def client(self) -> AsyncIterator[OpenCodeClient]:
        """A bare client of that server, which must be running."""
        password = self.password_file.read_text().strip()
        async with connected(f"http://127.0.0.1:{self.port}", password) as client:
            yield client


def make_opencode_wrapper(bench: Bench) -> OpenCodeWrapper:
    """Write the wrapper; it becomes opencode by exec, so nothing is in between."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = bench.directory / "password"
    script = bench.directory / "opencode"
    script.write_text(
        "#!/bin/sh\n"
        "umask 077\n"
        f"printf '%s' \"$OPENCODE_SERVER_PASSWORD\" > '{password}'\n"
        f"exec '{bench.opencode}' serve --hostname 127.0.0.1 --port {port}\n"
    )
    script.chmod(stat.S_IRWXU)
    return OpenCodeWrapper(script, password, port)
