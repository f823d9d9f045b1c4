"""`boocoder acp`: an agent for editors that speak the Agent Client Protocol, over standard input and output."""

from __future__ import annotations

import click

from boocoder.cli.invocation import service_finder, settings_of


@click.command("acp")
@click.option("--agent", "-a", help="Agent of new sessions; default: the setting default_agent, else the first ready.")
@click.option("--dirty", is_flag=True, help="Start new sessions from your checkout with its uncommitted files.")
@click.pass_context
def command(ctx: click.Context, agent: str | None, dirty: bool) -> None:
    """Serve an editor that speaks the Agent Client Protocol; the editor starts this command.

    A service must run (boocoder serve), the data directory's or the one that BOOCODER_URL names. Sessions of the
    editor are its sessions, each with a worktree of its own; docs/editors.md says how to set up editors.
    """
    import asyncio  # with the SDK most of a second, which other commands do not need

    from boocoder.integrations.acp_agent.stdio import serve_editor

    settings = settings_of(ctx)
    find = service_finder(settings)
    asyncio.run(serve_editor(find=find, agent=agent or settings.default_agent, dirty=dirty))
