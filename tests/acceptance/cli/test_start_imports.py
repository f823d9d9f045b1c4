"""What a command or a service imports before it is of use: every module named here costs each of them time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fixtures.service import MakeInstallation

HTTP_CLIENT = {"httpx2", "httpcore2"}
SERVICE = {"fastapi", "pydantic", "uvicorn", "asyncpg", "psutil"}
PROTOCOLS = {"mcp", "acp", "jsonschema", "websockets.client"}
BACKENDS = {f"boocoder.backends.{name}.backend" for name in ("acp", "native", "oneshot", "opencode")}

COMMAND = """
import sys
from boocoder.cli.main import root
root.main({args!r}, prog_name="boocoder", standalone_mode=False)
print(*sys.modules, sep="\\n", file=sys.stderr)
"""
START = """
import asyncio, sys
from boocoder.api.access import StrictRoute
from boocoder.api.application import ROUTERS
from boocoder.app.application import running
from boocoder.config.load import load_settings

async def start():
    async with running(load_settings()) as info:
        with info.watch_agents() as watch:
            agents = {}
            while not agents or any(agent.state == "loading" for agent in agents.values()):
                agents.update({agent.name: agent for agent in await watch.next_changes()})
        assert agents["scripted"].state == "ready" and "No model server" in agents["native"].reason
        print(*sys.modules, sep="\\n", file=sys.stderr)
        routes = [route for router in ROUTERS for route in router.routes if isinstance(route, StrictRoute)]
        print(*(route.path for route in routes if "dependant" in vars(route)))

asyncio.run(start())
"""


@pytest.mark.parametrize(
    ("args", "unwanted"),
    [
        (["--help"], {"asyncio", "msgspec", "rich", "difflib", "boocoder.config", *HTTP_CLIENT, *SERVICE, *PROTOCOLS}),
        (["status", "--json"], {"rich", "boocoder.events", *HTTP_CLIENT, *SERVICE, *PROTOCOLS}),
        (["run", "--help"], {"rich", "anyio", "psutil", *SERVICE, *PROTOCOLS}),
    ],
    ids=lambda value: value[0].lstrip("-") if isinstance(value, list) else "",
)
def test_a_command_imports_only_what_it_uses(
    installation: MakeInstallation, args: list[str], unwanted: set[str]
) -> None:
    ran = _python(installation, COMMAND.format(args=args))
    assert ran.stdout, ran.stderr
    assert unwanted & set(ran.stderr.split()) == set()


def test_a_service_starts_without_what_it_may_never_need(installation: MakeInstallation) -> None:
    """HTTP clients, other protocols, agents that are not here, and what the framework derives of routes."""
    ran = _python(installation, START)
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stderr.split())
    assert "fastapi" in loaded
    unwanted = {"httpx2", "rich", "boocoder.scripted_model.server", *PROTOCOLS, *BACKENDS}
    assert unwanted & loaded == set()
    assert ran.stdout.split() == []


def test_the_api_is_not_imported_before_the_database_starts(installation: MakeInstallation) -> None:
    """It takes as long as PostgreSQL does to start, and is imported beside that."""
    ran = _python(installation, "import boocoder.app.application, sys; print(*sys.modules)")
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.split())
    assert "boocoder.app.store" in loaded
    assert loaded & {"fastapi", "pydantic", "uvicorn", "boocoder.api.application"} == set()


def _python(installation: MakeInstallation, program: str) -> subprocess.CompletedProcess[str]:
    place = installation()
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=place.home,
        env=place.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
