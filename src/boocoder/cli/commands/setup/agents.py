"""`boocoder agents`: lists and tries the agents of this host."""

from __future__ import annotations

import asyncio
import difflib

import click

from boocoder.cli.client.agents import ask_agents, known_agents
from boocoder.cli.views.agents import show_agent, show_agents
from boocoder.cli.views.rules import show_sandbox
from boocoder.cli.views.style import make_console, print_json
from boocoder.client.http_client import Client
from boocoder.errors import NotFound
from boocoder.model.agent import AgentInfo
from boocoder.wire.rules import SandboxInUse

ASKED_AT_ONCE = 2  # as many as the service tries at a time, so that no request waits for others


@click.group("agents", invoke_without_command=True)
@click.option("--probe", is_flag=True, help="Try every installed agent now instead of showing what is known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, probe: bool, as_json: bool) -> None:
    """Show the available agents. `agents show NAME` shows what one offers."""
    if ctx.invoked_subcommand is not None:
        return
    agents = ask_agents(ctx, _probe_all if probe else known_agents)
    if as_json:
        for agent in agents:
            print_json(agent)
        return
    show_agents(make_console(), agents)


@command.command("show")
@click.argument("name")
@click.option("--probe", is_flag=True, help="Try it now instead of showing what is known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def show(ctx: click.Context, name: str, probe: bool, as_json: bool) -> None:
    """Show one agent: models, modes, thinking options, slash commands, its sandbox, how to install it and sign in."""

    async def ask(client: Client) -> tuple[AgentInfo, SandboxInUse]:
        agents = await (_probe(client, [name]) if probe else known_agents(client))
        return _named(name, agents), await client.get(f"/api/agents/{name}/sandbox", SandboxInUse)

    agent, sandbox = ask_agents(ctx, ask)
    if as_json:
        print_json(agent)
        return
    console = make_console()
    show_agent(console, agent)
    show_sandbox(console, sandbox)


async def _probe(client: Client, names: list[str]) -> list[AgentInfo]:
    return await client.post("/api/agents/probe", list[AgentInfo], {"agents": names})


async def _probe_all(client: Client) -> list[AgentInfo]:
    """Try them one by one, so that a request takes no longer than one agent may."""
    known = await known_agents(client)
    await _probe(client, [agent.name for agent in known if agent.is_missing])
    here = [agent.name for agent in await known_agents(client) if not agent.is_missing]
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(name: str) -> None:
        async with gate:
            await _probe(client, [name])

    await asyncio.gather(*(ask(name) for name in here))
    return await known_agents(client)


def _named(name: str, agents: list[AgentInfo]) -> AgentInfo:
    for agent in agents:
        if agent.name == name:
            return agent
    near = difflib.get_close_matches(name, [agent.name for agent in agents], n=1)
    cure = f"Did you mean {near[0]}?" if near else "See those there are with: boocoder agents"
    raise NotFound("agent_unknown", f"There is no agent called {name!r}.", cure)
