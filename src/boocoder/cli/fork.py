"""`boocoder fork`: a new session with the files of a snapshot and the conversation up to it."""

from __future__ import annotations

import click

from boocoder.cli.client import Client
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.snapshots import snapshot_id
from boocoder.cli.style import make_console
from boocoder.cli.wire_files import Fork


@click.command("fork")
@click.argument("session")
@click.option("--snapshot", help="Begin with this snapshot instead of the newest one.")
@click.option("--task", help="Begin with what this task left behind.")
@click.option("--title", help="Of the new session.")
@click.pass_context
def command(ctx: click.Context, session: str, snapshot: str | None, task: str | None, title: str | None) -> None:
    """Fork a session: try something else from a point of it, while it stays as it is.

    The new session has a worktree of its own and begins with what was said up to that point.
    """

    async def ask(client: Client) -> Fork:
        session_id = await full_id(client, "/api/sessions", session)
        return await client.post(
            f"/api/sessions/{session_id}/fork",
            Fork,
            {
                "snapshot_id": str(await snapshot_id(client, session_id, snapshot)) if snapshot else None,
                "task_id": str(await full_id(client, "/api/tasks", task, session_id=session_id)) if task else None,
                "title": title,
            },
        )

    made = ask_service(ctx, ask)
    console = make_console()
    console.print(f"session {made.session_id}", style="green")
    console.print(f"chat {made.chat_id}", style="dim")
    console.print(f"files {made.worktree or 'are made by its first turn'}", style="dim")
