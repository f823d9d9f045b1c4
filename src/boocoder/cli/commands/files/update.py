"""`boocoder update`: brings a session's files onto the newest commit of its branch."""

from __future__ import annotations

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import plain
from boocoder.client.decisions import APPLY_TIMEOUT_S
from boocoder.client.http_client import Client
from boocoder.wire.changes import ResolveResult
from boocoder.wire.search import IdKind


@click.command("update")
@id_argument("session", IdKind.SESSION)
@click.option("--onto", "ref", metavar="REF", help="A branch, tag or commit instead of the session's branch.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, session: str, ref: str | None, as_json: bool) -> None:
    """Merge the newest commit of a session's branch, else of the checked-out one, into its files.

    The agent's work stays, as uncommitted edits on that commit. Where both sides changed the same lines, the files get
    conflict markers and a task asks the agent to resolve them. The files before are a snapshot, so a rewind undoes it.
    """

    async def ask(client: Client) -> ResolveResult:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        address = f"/api/sessions/{session_id}/worktree/update"
        return await client.post(address, ResolveResult, {"ref": ref}, timeout_s=APPLY_TIMEOUT_S)

    done = ask_service(ctx, ask)
    if as_json:
        print_json(done)
        return
    console = make_console()
    commit = (done.commit or "")[:10]
    if done.files_written == 0 and not done.conflicts:
        console.print(f"The session's files have all of commit {commit}." if commit else "There is no commit yet.")
        return
    files = "1 file" if done.files_written == 1 else f"{done.files_written:,} files"
    console.print(f"The session goes on from commit {commit}; {files} changed.", style="green")
    for path in done.conflicts:
        console.print(f"  conflict: {plain(path)}", style="yellow")
    if done.task_id is not None:
        console.print(f"The agent resolves them: boocoder watch {str(done.task_id)[:8]}", style="dim")
