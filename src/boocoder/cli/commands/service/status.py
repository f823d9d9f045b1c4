"""`boocoder status` and `boocoder stop`: the running service, its load, and its end."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import click
import msgspec

from boocoder.cli.invocation import settings_of
from boocoder.cli.views.style import make_console, print_json
from boocoder.client.discovery import find_service, service_pid
from boocoder.config.settings import Settings
from boocoder.errors import Unavailable
from boocoder.wire.changes import ChangeSummary
from boocoder.wire.permissions import PermissionInfo
from boocoder.wire.service import ServiceHealth

STOP_S = 60.0  # running turns are given their time to end
POLL_S = 0.1


class ServiceStatus(msgspec.Struct, frozen=True):
    """What `boocoder status --json` prints; the fields from `url` on are null without a service.

    Args:
        open_requests: permissions and questions that await an answer, 200 at most.
        pending_changes: changes that await a decision, 200 at most.
    """

    running: bool
    data_dir: str
    url: str | None = None
    pid: int | None = None
    health: ServiceHealth | None = None
    open_requests: int | None = None
    pending_changes: int | None = None


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show whether the service is running, and its load. Exit code 1 if it is not running."""
    status = asyncio.run(_status(settings_of(ctx)))
    if as_json:
        print_json(status)
    else:
        _show(status)
    ctx.exit(0 if status.running else 1)


async def _status(settings: Settings) -> ServiceStatus:
    found = find_service(settings.data_dir)
    if found is None:
        return ServiceStatus(False, str(settings.data_dir))
    async with found.client() as client:
        if not await client.answers():
            return ServiceStatus(False, str(settings.data_dir))
        asked = await client.items("/api/permissions", PermissionInfo, state="asked", limit=200)
        pending = await client.items("/api/changes", ChangeSummary, state="pending", limit=200)
        return ServiceStatus(
            True,
            str(settings.data_dir),
            url=found.url,
            pid=service_pid(settings.data_dir),
            health=await client.get("/api/health", ServiceHealth),
            open_requests=len(asked),
            pending_changes=len(pending),
        )


def _show(status: ServiceStatus) -> None:
    console = make_console()
    if status.health is None:
        console.print(f"No service runs for {status.data_dir}.", style="yellow")
        console.print("Start one: boocoder serve", style="dim")
        return
    console.print(f"boocoder {status.health.version} at {status.url}  (pid {status.pid})", style="bold")
    for warning in status.health.warnings:
        console.print(f"  {warning}", style="yellow")
    console.print(f"  data         {status.data_dir}")
    console.print(f"  tasks        {status.health.running_tasks} running, {status.health.pending_tasks} waiting")
    console.print(f"  changes      {status.pending_changes} await a decision")
    console.print(f"  permissions  {status.open_requests} await an answer")


@click.command("stop")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def stop(ctx: click.Context, as_json: bool) -> None:
    """Stop the running service. Running turns are interrupted and can be resumed."""
    settings = settings_of(ctx)
    pid = service_pid(settings.data_dir)
    if pid is None:
        raise Unavailable("service_not_running", f"No boocoder service runs for {settings.data_dir}.", "")
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while service_pid(settings.data_dir) is not None:
        if time.monotonic() > deadline:
            text = f"The service (pid {pid}) did not stop within {STOP_S:g} s."
            raise Unavailable("service_not_stopped", text, f"Look at its log: boocoder logs; or end it: kill -9 {pid}")
        time.sleep(POLL_S)
    if as_json:
        print_json({"stopped": True, "pid": pid})
    else:
        click.echo(f"stopped (pid {pid})")
