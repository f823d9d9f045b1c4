"""Prints the table of agents, and the details of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from boocoder.cli.views.style import marked, show_rows, style_of
from boocoder.cli.views.terminal_text import plain
from boocoder.errors import sentences
from boocoder.model.agent import AgentInfo

if TYPE_CHECKING:
    from rich.console import Console

MODELS_SHOWN = 40  # two columns of a screen; --json has all


def show_agents(console: Console, agents: list[AgentInfo]) -> None:
    """The agents that are here as a table, what is wrong with them below, and the names of the others."""
    here = [agent for agent in agents if not agent.is_missing]
    missing = [agent.name for agent in agents if agent.is_missing]
    rows = [
        (
            (marked(agent.state), style_of(agent.state)),
            (agent.name, "bold"),
            (plain(agent.version), ""),
            (agent.transport or "", "dim"),
            (_words(agent), "" if agent.reason else "dim"),
        )
        for agent in here
    ]
    if rows:
        show_rows(console, ("state", "name", "version", "transport", ""), rows)
    for agent in here:
        if agent.cure:
            console.print(f"{agent.name}: {plain(sentences(agent.reason, agent.cure))}")
    if missing:
        console.print(f"Not installed: {', '.join(missing)}. `boocoder agents show NAME` says how.", style="dim")


def show_agent(console: Console, agent: AgentInfo) -> None:
    """One agent with all that is known of it."""
    console.print(f"{marked(agent.state)}  ", style=style_of(agent.state), end="")
    title = f"  {plain(agent.title)}" if agent.title != agent.name else ""
    console.print(f"{agent.name} {plain(agent.version)}".rstrip(), style="bold", end="")
    console.print(title, style="dim")
    for text in (agent.reason, agent.cure):
        if text:
            console.print(f"  {plain(text)}")
    for name, value in (
        ("program", agent.program),
        ("transport", agent.transport or ""),
        ("signed in", {True: "yes", False: "no", None: ""}[agent.signed_in]),
        ("steering", ("yes" if agent.steering else "no, a message is queued to run next") if agent.tried else ""),
        ("sign in with", agent.login),
        ("install", agent.install),
    ):
        if value:
            console.print(f"  {name + ':':<14}{plain(value)}")
    _show_models(console, agent)
    _show_ids(console, "modes", agent.modes, agent.default_mode)
    _show_ids(console, "thinking", agent.thinking, None)
    _show_mcp_servers(console, agent)
    if agent.commands:
        console.print("  commands:")
        for command in agent.commands:
            console.print(f"    /{plain(command.name)}", end="")
            console.print(f"  {_first_line(command.description)}".rstrip(), style="dim")


def _show_models(console: Console, agent: AgentInfo) -> None:
    """The models, with what their server says of them, and what will not work well."""
    details = {one.id: one for one in agent.model_details}
    about = {name: plain(details[name].summary) for name in agent.models if name in details}
    _show_ids(console, "models", agent.models, agent.default_model, about)
    for one in agent.model_details:
        if one.warning and one.warning not in agent.cure:  # that of the default model stands above
            console.print(f"  {plain(sentences(one.warning, one.cure))}", style="yellow")


def _show_mcp_servers(console: Console, agent: AgentInfo) -> None:
    """The person's MCP servers that it gets, and why not."""
    if agent.mcp_servers:
        console.print("  MCP servers:")
    for one in agent.mcp_servers:
        console.print(f"    {one.name}  ({one.transport})", end="")
        words = ": ".join(filter(None, ("given" if one.given else "not given", plain(one.reason))))
        console.print(f"  {words}", style="yellow" if one.reason else "dim")


def _show_ids(
    console: Console, what: str, ids: tuple[str, ...], default: str | None, about: Mapping[str, str] | None = None
) -> None:
    if not ids:
        if default:
            console.print(f"  {what + ':':<14}{plain(default)}  (default)")
        return
    console.print(f"  {what}:")
    for one in ids[:MODELS_SHOWN]:
        console.print(f"    {plain(one)}{'  (default)' if one == default else ''}", end="")
        console.print(f"  {(about or {}).get(one, '')}".rstrip(), style="dim")
    if len(ids) > MODELS_SHOWN:
        console.print(f"    and {len(ids) - MODELS_SHOWN} more", style="dim")


def _words(agent: AgentInfo) -> str:
    """What a table has room for: why it does not work, else how much it offers."""
    if agent.reason:
        return plain(agent.reason)
    counts = (("model", agent.models), ("mode", agent.modes), ("command", agent.commands))
    return ", ".join(f"{len(found)} {name}{'' if len(found) == 1 else 's'}" for name, found in counts if found)


def _first_line(text: str) -> str:
    return plain(next((line.strip() for line in text.splitlines() if line.strip()), ""))[:100]
