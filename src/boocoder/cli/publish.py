"""`boocoder publish`: a change as a branch, pushed, with a pull request where the forge's tool is ready."""

from __future__ import annotations

from uuid import UUID

import click

from boocoder.cli import wire, wire_apply
from boocoder.cli.client import ChangeRefused, Client
from boocoder.cli.conflict_view import show_conflicts
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import make_console, print_json
from boocoder.cli.terminal_text import plain
from boocoder.cli.which_change import which_change
from boocoder.errors import NotFound

PUBLISH_TIMEOUT_S = 900.0  # the push, its hooks, and the forge's tool, each with a limit of the service


@click.command("publish")
@click.argument("change", required=False)
@click.option("--branch", metavar="NAME", help="Of the new branch; made from the session's title if absent.")
@click.option("--by-turn", is_flag=True, help="One commit a turn.")
@click.option("-m", "--message", help="Of the commit; written from the session if absent.")
@click.option("--remote", help="Where to push to.")
@click.option("--title", help="Of the pull request; the session's if absent.")
@click.option("--text", help="Of the pull request; written from the session if absent.")
@click.option("--base", metavar="BRANCH", help="What the pull request is meant for.")
@click.option("--draft", is_flag=True, help="Ask for a draft.")
@click.option("--only-push", is_flag=True, help="Make no pull request.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, change: str | None, as_json: bool, **options: str | bool | None) -> None:
    """Publish CHANGE, or the newest change of a session: branch, push, pull request.

    The push runs your own git, with your configuration, credentials and hooks.
    """

    async def ask(client: Client) -> wire_apply.Published:
        change_id = await _which(client, change)
        body = {name: value or None for name, value in options.items()}
        path = f"/api/changes/{change_id}/publish"
        return await client.post(path, wire_apply.Published, body, timeout_s=PUBLISH_TIMEOUT_S)

    try:
        published = ask_service(ctx, ask)
    except ChangeRefused as refused:
        show_conflicts(make_console(stderr=True), refused.conflicts)
        raise
    if as_json:
        print_json(published)
        return
    console = make_console()
    branch = plain((published.ref or "").removeprefix("refs/heads/"))
    console.print(plain(published.output), style="dim")
    console.print(f"Pushed {branch} to {plain(published.remote)}.", style="green")
    if published.url:
        console.print(f"Pull request: {plain(published.url)}", style="green")
    if published.next:
        console.print(plain(published.next))


async def _which(client: Client, named: str | None) -> UUID:
    """The change that waits, else the newest one of the session: that may be on its branch already."""
    try:
        return await which_change(client, named)
    except NotFound as unknown:
        if named is None:
            raise
        try:
            session_id = await full_id(client, "/api/sessions", named)
            newest = await client.items("/api/changes", wire.ChangeRow, session_id=session_id, limit=1)
        except NotFound:
            raise unknown from None
        if not newest:
            raise unknown
        return newest[0].id
