"""A further turn of claude, by ACP and by its own stream: what boocoder adds to its ACP adapter asked directly."""

from __future__ import annotations

import json
from pathlib import Path

from tools.agent_recipes import CLAUDE
from tools.install_agents import install_agent

from bench.bare_acp import bare_acp
from bench.harness import Bench
from bench.model import scripted_model
from bench.numbers import Comparison, Row
from bench.recorder import TextRecorder
from bench.repository import add_worktree, make_repository
from bench.service import Service, ServiceDirectory, running
from boocoder.catalog.known_agents import known_agents
from boocoder.model.agent import Transport
from boocoder.process.environment import agent_environment

SECTION = "warm_claude"
PROMPT = "[[delay 0.01]][[tokens 10]]"
WARM_UP = 2
FIRST_TARGET, END_TARGET = 1.15, 1.50


async def measure(bench: Bench) -> list[Row]:
    """Time the second and later turns of one session of each side, by turns."""
    repository = await make_repository(bench.directory / "repository")
    worktree = await add_worktree(repository, bench.directory / "bare-worktree")
    async with scripted_model(bench.directory) as model_url:
        root_url = model_url.removesuffix("/v1")
        environment = agent_environment(CLAUDE.environment(bench.directory / "bare home", root_url))
        async with (
            running(bench.directory / "acp", _settings(bench, "acp", root_url)) as by_acp,
            running(bench.directory / "stream", _settings(bench, "stream", root_url)) as by_stream,
            bare_acp(install_agent("claude"), directory=worktree, environment=environment) as bare,
        ):
            places = [(service, await _place(service, repository)) for service in (by_acp, by_stream)]
            floor: list[TextRecorder] = []
            ours: tuple[list[TextRecorder], list[TextRecorder]] = ([], [])
            for number in range(bench.rounds + WARM_UP):
                for side in ((0, 1, 2), (2, 1, 0))[number % 2]:
                    if side == 0:
                        floor.append(await bare.run_turn(PROMPT))
                    else:
                        service, place = places[side - 1]
                        ours[side - 1].append(await service.run_turn("claude", PROMPT, place))
    return [
        row
        for name, mine in zip(("ACP", "stream"), ours, strict=True)
        for row in rows(name, mine[WARM_UP:], floor[WARM_UP:])
    ]


def rows(name: str, ours: list[TextRecorder], floor: list[TextRecorder]) -> list[Row]:
    """First text and end."""
    measured = (
        ("first text", FIRST_TARGET, [ear.first_s for ear in ours], [ear.first_s for ear in floor]),
        ("end", END_TARGET, [ear.ended_s for ear in ours], [ear.ended_s for ear in floor]),
    )
    return [
        Row(SECTION, f"{name}: request to {what}", "s", tuple(mine), tuple(bare), Comparison.RATIO, target)
        for what, target, mine, bare in measured
    ]


def _settings(bench: Bench, transport: str, root_url: str) -> dict[str, str]:
    home = bench.directory / f"{transport} home"
    env = ", ".join(f"{name} = {json.dumps(value)}" for name, value in CLAUDE.environment(home, root_url).items())
    table = known_agents()["claude"].tables[Transport(transport)]
    program = install_agent("claude") if transport == "acp" else CLAUDE.one_shot_command(PROMPT)[:1]
    arguments = table["argv"]
    assert isinstance(arguments, list | tuple)
    command = [*program, *arguments[1:]]
    lines = ("[agents.claude]", f"command = {json.dumps(command)}", f'transport = "{transport}"', f"env = {{ {env} }}")
    config: Path = bench.directory / f"{transport}.toml"
    config.write_text("\n".join(lines) + "\n")
    return {"CONFIG": str(config), "AGENTS_OPENCODE_ENABLED": "false"}


async def _place(service: Service, repository: Path) -> ServiceDirectory:
    await service.wait_agent("claude")
    return await service.open_chat(await service.open_session(await service.add_project(repository)))
