"""`boocoder sessions delete`: says what goes with a session, asks, and deletes it."""

from __future__ import annotations

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.flows.prompts import confirm
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import one_line
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.wire.search import IdKind
from boocoder.wire.sessions import DeletedSessions, SessionDeletion

TITLE_CHARS = 200


@click.command("delete")
@id_argument("session", IdKind.SESSION)
@click.option("--with-forks", is_flag=True, help="Also the sessions forked from it or started by its agents.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object; needs --yes.")
@click.pass_context
def delete(ctx: click.Context, session: str, with_forks: bool, yes: bool, as_json: bool) -> None:
    """Delete a session for good: its files, conversation, changes and snapshots. `archive` keeps all of it."""
    if as_json and not yes:
        raise InvalidInput("yes_missing", "--json does not ask, so it needs --yes.", "Give both.")

    async def ask(client: Client) -> DeletedSessions | None:
        path = f"/api/sessions/{await resolve_id(client, IdKind.SESSION, session)}"
        if not yes:
            _show(await client.get(f"{path}/deletion", SessionDeletion), with_forks=with_forks)
            if not await confirm("Delete it for good?"):
                return None
        return await client.delete(f"{path}?with_forks=true" if with_forks else path, DeletedSessions)

    deleted = ask_service(ctx, ask)
    if as_json:
        print_json(deleted)
    elif deleted is None:
        click.echo("Nothing was deleted.")
        ctx.exit(1)
    else:
        click.echo("Deleted." if len(deleted.session_ids) == 1 else f"Deleted {len(deleted.session_ids)} sessions.")


def _show(found: SessionDeletion, *, with_forks: bool) -> None:
    """What would go."""
    console, contents = make_console(), found.contents
    console.print(one_line(contents.title, TITLE_CHARS), style="bold")
    console.print(f"  messages: {contents.messages}, snapshots: {contents.snapshots}, and its commits and use")
    if contents.pending_change:
        console.print("  a change that is not applied", style="yellow")
    if with_forks:
        for one in found.begun_from:
            console.print(f"  with it: {one_line(one.title, TITLE_CHARS)}", style="yellow")
