"""`boocoder agents`: which agents work here and what they offer, through the running service."""

from __future__ import annotations

import asyncio
import difflib

import click

from boocoder.cli.agent_view import show_agent, show_agents
from boocoder.cli.client import Client
from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, print_json
from boocoder.cli.wire_agents import Agent
from boocoder.errors import NotFound

ASKED_AT_ONCE = 2  # as many as the service tries at a time, so that no request waits for others


@click.group("agents", invoke_without_command=True)
@click.option("--probe", is_flag=True, help="Try every installed agent now instead of showing what is known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, probe: bool, as_json: bool) -> None:
    """Show which agents work here. `agents show NAME` shows what one offers."""
    if ctx.invoked_subcommand is not None:
        return
    agents = ask_service(ctx, _probe_all if probe else _list)
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
    """Show one agent: models, modes, thinking options, slash commands, how to install it and sign in."""

    async def ask(client: Client) -> Agent:
        agents = await (_probe(client, [name]) if probe else _list(client))
        return _named(name, agents)

    agent = ask_service(ctx, ask)
    if as_json:
        print_json(agent)
    else:
        show_agent(make_console(), agent)


async def _list(client: Client) -> list[Agent]:
    return await client.items("/api/agents", Agent)


async def _probe(client: Client, names: list[str]) -> list[Agent]:
    return await client.post("/api/agents/probe", list[Agent], {"agents": names})


async def _probe_all(client: Client) -> list[Agent]:
    """Try them one by one, so that a request takes no longer than one agent may."""
    known = await _list(client)
    await _probe(client, [agent.name for agent in known if agent.is_missing])
    here = [agent.name for agent in await _list(client) if not agent.is_missing]
    gate = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(name: str) -> None:
        async with gate:
            await _probe(client, [name])

    await asyncio.gather(*(ask(name) for name in here))
    return await _list(client)


def _named(name: str, agents: list[Agent]) -> Agent:
    for agent in agents:
        if agent.name == name:
            return agent
    near = difflib.get_close_matches(name, [agent.name for agent in agents], n=1)
    cure = f"Did you mean {near[0]}?" if near else "See those there are with: boocoder agents"
    raise NotFound("agent_unknown", f"There is no agent called {name!r}.", cure)
