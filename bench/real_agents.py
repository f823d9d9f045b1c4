"""A further turn of each real agent behind boocoder, beside the agent's own cold run of the same prompt."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

from tools.agent_recipes import EVERY_RECIPE, OPENCODE, Recipe
from tools.install_agents import install_agent

from bench.harness import Bench, opencode_settings
from bench.model import scripted_model
from bench.numbers import Comparison, Row
from bench.program import program
from bench.repository import make_repository
from bench.service import Service, ServiceDirectory, running
from boocoder.process.environment import agent_environment

SECTION = "real_agents"
PROMPT = "[[tokens 3]]"
FIRST_WORD = re.compile(rb"\bw0\b")  # of what the prompt makes the model say; no agent says it by itself
TARGET = 1 / 3
WARM_UP = 1
COLD_TIMEOUT_S = 120.0


async def measure(bench: Bench) -> list[Row]:
    """Each agent by itself: a warm turn and a cold run, by turns."""
    repository = await make_repository(bench.directory / "repository")
    rows = []
    async with scripted_model(bench.directory) as model_url:
        for recipe in EVERY_RECIPE:
            install_agent(recipe.program)
            ours, cold = await _agent(bench, recipe, repository, model_url)
            what = f"{recipe.name}: request to first text of a warm turn; floor: {_called(recipe)}, cold"
            rows.append(Row(SECTION, what, "s", tuple(ours), tuple(cold), Comparison.RATIO, TARGET))
    return rows


async def _agent(bench: Bench, recipe: Recipe, repository: Path, model_url: str) -> tuple[list[float], list[float]]:
    directory = bench.directory / recipe.name
    directory.mkdir()
    ours: list[float] = []
    cold: list[float] = []
    async with running(directory / "ours", _settings(bench, recipe, directory, model_url)) as service:
        await service.wait_agent(recipe.name)
        place = await _place(service, repository)
        for number in range(bench.rounds + WARM_UP):
            for side in ((0, 1), (1, 0))[number % 2]:
                if side:
                    ours.append((await service.run_turn(recipe.name, PROMPT, place)).first_s)
                else:
                    cold.append(await _cold(recipe, repository, directory, model_url))
    return ours[WARM_UP:], cold[WARM_UP:]


async def _place(service: Service, repository: Path) -> ServiceDirectory:
    return await service.open_chat(await service.open_session(await service.add_project(repository)))


def _settings(bench: Bench, recipe: Recipe, directory: Path, model_url: str) -> dict[str, str]:
    if recipe is OPENCODE:
        return opencode_settings(bench.opencode, model_url)
    config = directory / "config.toml"
    config.write_text(recipe.table(directory / "warm home", model_url.removesuffix("/v1")))
    return {"CONFIG": str(config), "AGENTS_OPENCODE_ENABLED": "false"}


async def _cold(recipe: Recipe, repository: Path, directory: Path, model_url: str) -> float:
    """Seconds from the start of the agent's own program to the first word that it prints."""
    environment = agent_environment(recipe.environment(directory / "cold home", model_url.removesuffix("/v1")))
    argv = recipe.one_shot_command(PROMPT)
    began = time.monotonic()
    async with (
        asyncio.timeout(COLD_TIMEOUT_S),
        program(argv, directory=repository, environment=environment, name=f"cold-{recipe.name}") as run,
    ):
        await run.wait_match(FIRST_WORD)
        first = time.monotonic() - began
        await run.wait_end()
    return first


def _called(recipe: Recipe) -> str:
    return f"`{recipe.program} {recipe.one_shot[0]}`"
