"""`boocoder hosts`: the machines that work on this database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import click

from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import one_line
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput, NotFound
from boocoder.wire.service import HostInfo


@click.group("hosts", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the hosts of the database: whether they run, their work, and the agents that are ready on them."""
    if ctx.invoked_subcommand is not None:
        return
    hosts = ask_service(ctx, lambda client: client.items("/api/hosts", HostInfo))
    if as_json:
        for host in hosts:
            print_json(host)
        return
    rows = [
        (
            (one_line(host.name, 60), "bold" if host.current else ""),
            (_state(host), "" if host.alive else "red"),
            (str(host.sessions or ""), ""),
            (f"{host.running_tasks} of {host.max_turns}" if host.alive else str(host.running_tasks or ""), ""),
            (str(host.preference or ""), ""),
            (str(host.pending_tasks or ""), "" if host.alive else "red"),
            (str(len(host.projects) or ""), ""),
            (" ".join(host.agents), "dim"),
        )
        for host in hosts
    ]
    console = make_console()
    show_rows(console, ("host", "state", "sessions", "running", "preference", "waiting", "projects", "agents"), rows)
    for host in hosts:
        if host.pending_tasks and not host.alive:
            tasks = "1 task waits" if host.pending_tasks == 1 else f"{host.pending_tasks} tasks wait"
            console.print(f"{tasks} for {host.name}, which does not run. Start boocoder there.", style="yellow")


@command.command("drain")
@click.argument("host")
@click.option("--off", is_flag=True, help="Take new sessions again.")
@prints_result
@click.pass_context
def drain(ctx: click.Context, host: str, off: bool) -> Result:
    """Let HOST take no new session: a name, an id or the beginning of one. Its waiting tasks go to other hosts."""
    found = _on_one(ctx, host, lambda client, path: client.patch(path, HostInfo, {"drained": not off}))
    return found, f"{found.name}: takes new sessions" if off else f"{found.name}: takes no new session"


@command.command("remove")
@click.argument("host")
@prints_result
@click.pass_context
def remove(ctx: click.Context, host: str) -> Result:
    """Remove HOST, which does not run: no task waits for its projects and agents any more. A start brings it back."""
    found = _on_one(ctx, host, lambda client, path: client.delete(path, HostInfo))
    return found, f"{found.name}: removed"


def _on_one(ctx: click.Context, name: str, do: Callable[[Client, str], Awaitable[HostInfo]]) -> HostInfo:
    async def ask(client: Client) -> HostInfo:
        return await do(client, f"/api/hosts/{await _host_id(client, name)}")

    return ask_service(ctx, ask)


async def _host_id(client: Client, name: str) -> UUID:
    hosts = await client.items("/api/hosts", HostInfo)
    named = [host for host in hosts if host.name == name] or [host for host in hosts if str(host.id).startswith(name)]
    if len(named) == 1:
        return named[0].id
    if not named:
        raise NotFound("host_unknown", f"There is no host {name!r}.", "See all: boocoder hosts --json")
    ids = ", ".join(str(host.id)[:8] for host in named)
    raise InvalidInput("host_ambiguous", f"{len(named)} hosts are called {name!r}.", f"Give the id of one: {ids}")


def _state(host: HostInfo) -> str:
    if host.gone_at is not None:
        return f"gone {age(host.gone_at)}"
    state = "this host" if host.current else "runs"
    return f"{state}, drained" if host.drained_at is not None else state
