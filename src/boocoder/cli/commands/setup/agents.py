"""`boocoder agents`: lists and tries the agents of this host."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from boocoder.cli.client.connect import any_service
from boocoder.cli.invocation import settings_of
from boocoder.cli.views.agents import show_agent, show_agents
from boocoder.cli.views.rules import show_sandbox
from boocoder.cli.views.service_notices import OwnServiceNotices
from boocoder.cli.views.style import make_console, print_json
from boocoder.client.http_client import Client
from boocoder.errors import NotFound
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.wire.rules import SandboxInUse

ASKED_AT_ONCE = 2  # as many as the service tries at a time, so that no request waits for others
IDENTIFY_S = 30.0  # identifying takes a second or two an agent, a try of opencode some five
POLL_S = 0.2

T = TypeVar("T")


@click.group("agents", invoke_without_command=True)
@click.option("--probe", is_flag=True, help="Try every installed agent now instead of showing what is known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, probe: bool, as_json: bool) -> None:
    """Show the available agents. `agents show NAME` shows what one offers."""
    if ctx.invoked_subcommand is not None:
        return
    agents = _ask(ctx, _probe_all if probe else _list)
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
        agents = await (_probe(client, [name]) if probe else _list(client))
        return _named(name, agents), await client.get(f"/api/agents/{name}/sandbox", SandboxInUse)

    agent, sandbox = _ask(ctx, ask)
    if as_json:
        print_json(agent)
        return
    console = make_console()
    show_agent(console, agent)
    show_sandbox(console, sandbox)


def _ask(ctx: click.Context, question: Callable[[Client], Awaitable[T]]) -> T:
    """Ask the running service, or one of this process alone, which looks at the agents first."""

    async def ask() -> T:
        notices = OwnServiceNotices("to ask the agents")
        async with any_service(settings_of(ctx), notices) as client:
            if notices.started:
                await _wait_identified(client)
            return await question(client)

    return asyncio.run(ask())


async def _wait_identified(client: Client) -> None:
    """Wait until every agent is identified, and those that are tried at the start are tried; bounded."""
    deadline = time.monotonic() + IDENTIFY_S
    while time.monotonic() < deadline:
        if all(agent.state is not AgentState.LOADING for agent in await _list(client)):
            return
        await asyncio.sleep(POLL_S)


async def _list(client: Client) -> list[AgentInfo]:
    return await client.items("/api/agents", AgentInfo)


async def _probe(client: Client, names: list[str]) -> list[AgentInfo]:
    return await client.post("/api/agents/probe", list[AgentInfo], {"agents": names})


async def _probe_all(client: Client) -> list[AgentInfo]:
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


def _named(name: str, agents: list[AgentInfo]) -> AgentInfo:
    for agent in agents:
        if agent.name == name:
            return agent
    near = difflib.get_close_matches(name, [agent.name for agent in agents], n=1)
    cure = f"Did you mean {near[0]}?" if near else "See those there are with: boocoder agents"
    raise NotFound("agent_unknown", f"There is no agent called {name!r}.", cure)
