"""Agents that the settings point at the model server: the real goose on the scripted model."""

from __future__ import annotations

import asyncio
import json

import pytest
from tools.install_agents import install_goose

from boocoder.scripted_model.server import ScriptedModel
from tests.fixtures.repository import MakeRepository
from tests.fixtures.service import MakeInstallation
from tests.invariants import processes_of

pytestmark = pytest.mark.opencode


async def test_goose_works_with_the_model_server(
    installation: MakeInstallation, repository: MakeRepository, dsn: str, scripted_model: ScriptedModel
) -> None:
    project = repository()
    folder = (await asyncio.to_thread(install_goose)).parent
    service = installation(
        {
            "BOOCODER_DATABASE_URL": dsn,
            "BOOCODER_MODELS_BASE_URL": scripted_model.base_url,
            "BOOCODER_AGENTS_SCRIPTED_ENABLED": "false",
            "PATH": f"{folder}:/usr/bin:/bin",
        }
    )
    config = service.home / ".config" / "boocoder" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[agents.goose]\nuse_model_server = true\nenv = { GOOSE_DISABLE_KEYRING = "1" }\n')
    await asyncio.to_thread(service.start)
    done = await asyncio.to_thread(
        service.run, "run", "[[say teal]]", "--agent", "goose", "--no-apply", cwd=project.path
    )
    assert done.returncode == 0 and "teal" in done.stdout, done.stdout + done.stderr
    shown = await asyncio.to_thread(service.run, "agents", "show", "goose", "--json")
    goose = json.loads(shown.stdout)
    assert goose["version"][0].isdigit() and goose["tried"] and not goose["reason"]
    assert any(model.startswith("scripted-") for model in goose["models"])
    assert {"auto", "approve"} <= set(goose["modes"]) and goose["default_mode"] == "approve"
    assert await asyncio.to_thread(service.stop) == 0
    assert processes_of(service.data_dir) == []
