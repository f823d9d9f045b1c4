"""`boocoder agents`: which agents work here, with which models, through the running service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, marked, print_json, style_of
from boocoder.cli.terminal_text import plain

if TYPE_CHECKING:
    from rich.console import Console

MODELS_SHOWN = 12  # a screen's worth; --json has all


@click.command("agents")
@click.option("--probe", is_flag=True, help="Ask every agent now instead of showing what was found last.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, probe: bool, as_json: bool) -> None:
    """Show which agents work here, and with which models."""

    async def ask(client: Client) -> list[wire.Agent]:
        if probe:
            return await client.post("/api/agents/probe", list[wire.Agent])
        return await client.items("/api/agents", wire.Agent)

    console = make_console()
    for agent in ask_service(ctx, ask):
        if as_json:
            print_json(agent)
        else:
            show_agent(console, agent)


def show_agent(console: Console, agent: wire.Agent) -> None:
    """One agent with its models, or why it does not work and what to do."""
    console.print(f"{marked(agent.state)}  ", style=style_of(agent.state), end="")
    console.print(f"{agent.name} {agent.version}".rstrip(), style="bold", end="")
    console.print(f"  {plain(agent.program)}".rstrip(), style="dim")
    for text in (agent.reason, agent.cure):
        if text:
            console.print(f"    {plain(text)}")
    for model in agent.models[:MODELS_SHOWN]:
        console.print(f"    {plain(model)}{'  (default)' if model == agent.default_model else ''}")
    if len(agent.models) > MODELS_SHOWN:
        console.print(f"    and {len(agent.models) - MODELS_SHOWN} more", style="dim")
    if agent.modes:
        console.print(f"    modes: {', '.join(map(plain, agent.modes))}", style="dim")
