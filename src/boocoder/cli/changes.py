"""`boocoder changes`: look at changes and decide on them, through the running service."""

from __future__ import annotations

import sys

import click

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.decide import apply_change, reject_change
from boocoder.cli.diff_view import show_diff, show_statistics
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import age, make_console, marked, print_json, show_rows, style_of
from boocoder.model.task import ChangeState


@click.group("changes")
def command() -> None:
    """Changes that agents made: look at them, apply or reject them."""


@command.command("list")
@click.option("--state", type=click.Choice([str(state) for state in ChangeState]), help="Only changes in this state.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_changes(ctx: click.Context, state: str | None, as_json: bool) -> None:
    """List changes, newest first."""
    changes = ask_service(ctx, lambda client: client.items("/api/changes", wire.ChangeRow, state=state))
    if as_json:
        for change in changes:
            print_json(change)
        return
    rows = [
        (
            (str(change.id)[:8], ""),
            (marked(change.state), style_of(change.state)),
            (change.agent, ""),
            (f"+{change.additions} -{change.deletions}", ""),
            (age(change.created_at), "dim"),
            (f"session {str(change.session_id)[:8]}", "dim"),
        )
        for change in changes
    ]
    show_rows(make_console(), ("id", "state", "agent", "lines", "age", ""), rows)


async def _get(client: Client, change: str) -> wire.Change:
    return await client.get(f"/api/changes/{await full_id(client, '/api/changes', change)}", wire.Change)


@command.command("show")
@click.argument("change")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, change: str, as_json: bool) -> None:
    """Show which files a change touches."""
    found = ask_service(ctx, lambda client: _get(client, change))
    if as_json:
        print_json(found)
        return
    console = make_console()
    console.print(f"{marked(found.state)}  {found.agent}", style=style_of(found.state))
    console.print(f"change {found.id}  session {found.session_id}", style="dim")
    show_statistics(console, found)


@command.command("diff")
@click.argument("change")
@click.pass_context
def diff(ctx: click.Context, change: str) -> None:
    """Print a change's diff: in colour on a terminal, else the exact bytes for `git apply`."""

    async def ask(client: Client) -> bytes:
        return await client.request("GET", f"/api/changes/{await full_id(client, '/api/changes', change)}/diff")

    content = ask_service(ctx, ask)
    if sys.stdout.isatty():
        show_diff(make_console(), content, limit=None)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


@command.command("apply")
@click.argument("change")
@click.pass_context
def apply(ctx: click.Context, change: str) -> None:
    """Apply a change to your checkout. Conflicts are listed and touch nothing."""

    async def ask(client: Client) -> None:
        await apply_change(client, await full_id(client, "/api/changes", change), make_console())

    ask_service(ctx, ask)


@command.command("reject")
@click.argument("change")
@click.pass_context
def reject(ctx: click.Context, change: str) -> None:
    """Reject a change."""

    async def ask(client: Client) -> None:
        await reject_change(client, await full_id(client, "/api/changes", change), make_console())

    ask_service(ctx, ask)
