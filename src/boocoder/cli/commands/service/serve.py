"""`boocoder serve`: runs the service in the foreground and prints its address."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

import click

from boocoder import service
from boocoder.cli.invocation import settings_of
from boocoder.cli.quick_imports import quick_imports
from boocoder.cli.views.pairing import show_pairing
from boocoder.cli.views.style import make_console, marked, style_of
from boocoder.cli.views.terminal_text import plain
from boocoder.config.settings import Settings
from boocoder.model.agent import AgentInfo
from boocoder.service import TaskSupervisor

if TYPE_CHECKING:
    from rich.console import Console

    from boocoder.app.application import ServiceInfo
    from boocoder.catalog.watchers import AgentWatch

AGENTS_WAIT_S = 60.0  # what an agent is given to answer its first try


@click.command("serve")
@click.option("--host", help="Address to listen on (setting host).")
@click.option("--port", type=int, help="Port to listen on; 0: any free one (setting port).")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--join", "database_url", metavar="URL", help="Share the work of this PostgreSQL's hosts (setting database_url)."
)
@click.option(
    "--phone", is_flag=True, help="Be reachable in the local network, with TLS, and print a QR code for a phone."
)
@click.option("--take-over", is_flag=True, help="Serve a copied data directory beside the one it was copied from.")
@click.pass_context
def command(
    ctx: click.Context,
    host: str | None,
    port: int | None,
    database_url: str | None,
    open_browser: bool,
    phone: bool,
    take_over: bool,
) -> None:
    """Start the service and keep it running until Ctrl-C."""
    flags = {"host": host, "port": port, "database_url": database_url, "phone.enabled": phone or None}
    service.run(_serve(settings_of(ctx, **flags), open_browser, take_over))


async def _serve(settings: Settings, open_browser: bool, take_over: bool) -> None:
    with quick_imports():
        from boocoder.app.application import serve

    console = make_console()
    supervisor = TaskSupervisor("serve")

    def ready(info: ServiceInfo) -> None:
        console.print(f"boocoder serves {info.url}", style="bold")
        console.print(f"  open    {info.login_url}  (works once)")
        console.print(f"  data    {settings.data_dir}")
        if info.phone is not None:
            show_pairing(console, info.phone)
        supervisor.spawn(_show_agents(console, info), "agents")
        if open_browser:
            import webbrowser

            webbrowser.open(info.login_url)

    terminated = _cancel_on_terminate()
    try:
        await serve(settings, ready=ready, take_over=take_over)
    except asyncio.CancelledError:
        if not terminated.is_set():
            raise
        # Terminated before the service was up. This is the outermost call, so no caller awaits the cancellation.
    finally:
        await supervisor.stop()
    console.print("stopped")


def _cancel_on_terminate() -> asyncio.Event:
    """Make SIGTERM an orderly end from now on; the service puts its own handler in place once it is up."""
    task, terminated = asyncio.current_task(), asyncio.Event()
    assert task is not None

    def terminate() -> None:
        terminated.set()
        task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    return terminated


async def _show_agents(console: Console, info: ServiceInfo) -> None:
    """Which agents there are, as soon as those that are tried at the start have answered."""
    with info.watch_agents() as watch:
        agents = await _settled_agents(watch)
    for agent in agents:
        if agent.is_missing:
            continue
        models = f", {len(agent.models)} models" if agent.models else ""
        note = models if agent.state == "ready" and agent.tried else f": {agent.reason}"
        said = f"{agent.name} {agent.version}".strip() + note
        console.print(f"  agent   {marked(agent.state)}  {plain(said)}", style=style_of(agent.state))
        if agent.cure:
            console.print(f"          {plain(agent.cure)}", style="dim")
    console.print("Ctrl-C stops it.", style="dim")


async def _settled_agents(watch: AgentWatch) -> list[AgentInfo]:
    """The agents when none is loading any more, or as they are when that takes too long."""
    agents: dict[str, AgentInfo] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(AGENTS_WAIT_S):
            while not agents or any(agent.state == "loading" for agent in agents.values()):
                agents.update({agent.name: agent for agent in await watch.next_changes()})
    return list(agents.values())
