"""`boocoder fork`: makes a session from the files and the conversation of an earlier point."""

from __future__ import annotations

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.client.http_client import Client
from boocoder.wire.search import IdKind
from boocoder.wire.snapshots import ForkResult


@click.command("fork")
@id_argument("session", IdKind.SESSION)
@click.option("--snapshot", help="Start from this snapshot instead of the newest one.")
@click.option("--task", help="Start from the files at the end of this task.")
@click.option("--title", help="Title of the new session.")
@prints_result
@click.pass_context
def command(ctx: click.Context, session: str, snapshot: str | None, task: str | None, title: str | None) -> Result:
    """Fork a session: start a new one from one of its snapshots. The original is not changed.

    The new session has its own worktree and the conversation up to that point.
    """

    async def ask(client: Client) -> ForkResult:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        body = {"title": title}
        if snapshot:
            body["snapshot_id"] = str(await resolve_id(client, IdKind.SNAPSHOT, snapshot, session_id=session_id))
        if task:
            body["task_id"] = str(await resolve_id(client, IdKind.TASK, task))
        return await client.post(f"/api/sessions/{session_id}/fork", ForkResult, body)

    made = ask_service(ctx, ask)
    files = made.worktree or "are written by its first turn"
    return made, f"session {made.session_id}\nchat {made.chat_id}\nfiles {files}"
