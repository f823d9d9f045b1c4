"""Shows agents on a terminal: all in a table, one with everything. It asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boocoder.cli.style import marked, show_rows, style_of
from boocoder.cli.terminal_text import plain
from boocoder.cli.wire_agents import Agent

if TYPE_CHECKING:
    from rich.console import Console

MODELS_SHOWN = 40  # two columns of a screen; --json has all


def show_agents(console: Console, agents: list[Agent]) -> None:
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
            console.print(f"{agent.name}: {plain(agent.reason)} {plain(agent.cure)}")
    if missing:
        console.print(f"Not installed: {', '.join(missing)}. `boocoder agents show NAME` says how.", style="dim")


def show_agent(console: Console, agent: Agent) -> None:
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
        ("sign in with", agent.login),
        ("install", agent.install),
    ):
        if value:
            console.print(f"  {name + ':':<14}{plain(value)}")
    _show_ids(console, "models", agent.models, agent.default_model)
    _show_ids(console, "modes", agent.modes, agent.default_mode)
    _show_ids(console, "thinking", agent.thinking, None)
    if agent.commands:
        console.print("  commands:")
        for command in agent.commands:
            console.print(f"    /{plain(command.name)}", end="")
            console.print(f"  {_first_line(command.description)}".rstrip(), style="dim")


def _show_ids(console: Console, what: str, ids: tuple[str, ...], default: str | None) -> None:
    if not ids:
        if default:
            console.print(f"  {what + ':':<14}{plain(default)}  (default)")
        return
    console.print(f"  {what}:")
    for one in ids[:MODELS_SHOWN]:
        console.print(f"    {plain(one)}{'  (default)' if one == default else ''}")
    if len(ids) > MODELS_SHOWN:
        console.print(f"    and {len(ids) - MODELS_SHOWN} more", style="dim")


def _words(agent: Agent) -> str:
    """What a table has room for: why it does not work, else how much it offers."""
    if agent.reason:
        return plain(agent.reason)
    counts = (("model", agent.models), ("mode", agent.modes), ("command", agent.commands))
    return ", ".join(f"{len(found)} {name}{'' if len(found) == 1 else 's'}" for name, found in counts if found)


def _first_line(text: str) -> str:
    return plain(next((line.strip() for line in text.splitlines() if line.strip()), ""))[:100]
