"""`boocoder hosts`: the machines that work on this database."""

from __future__ import annotations

import click

from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import one_line
from boocoder.wire.service import HostInfo


@click.command("hosts")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the hosts of the database: whether they run, their work, and the agents that are ready on them."""
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
            (str(host.running_tasks or ""), ""),
            (str(host.pending_tasks or ""), "" if host.alive else "red"),
            (" ".join(host.agents), "dim"),
        )
        for host in hosts
    ]
    console = make_console()
    show_rows(console, ("host", "state", "sessions", "running", "waiting", "agents"), rows)
    for host in hosts:
        if host.pending_tasks and not host.alive:
            tasks = "1 task waits" if host.pending_tasks == 1 else f"{host.pending_tasks} tasks wait"
            console.print(f"{tasks} for {host.name}, which does not run. Start boocoder there.", style="yellow")


def _state(host: HostInfo) -> str:
    if host.gone_at is not None:
        return f"gone {age(host.gone_at)}"
    return "this host" if host.current else "runs"
