"""`boocoder publish`: pushes a change as a branch and opens a pull request if the forge's tool is set up."""

from __future__ import annotations

from uuid import UUID

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import project_of_change, resolve_change, resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.conflicts import show_conflicts
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.client.http_client import ChangeRefused, Client, Json
from boocoder.errors import NotFound
from boocoder.wire.changes import ChangeSummary, PublishedBranch
from boocoder.wire.search import IdKind

PUBLISH_TIMEOUT_S = 900.0  # the push, its hooks, and the forge's tool, each with a limit of the service


@click.command("publish")
@id_argument("change", IdKind.CHANGE, IdKind.SESSION, required=False)
@click.option("--branch", metavar="NAME", help="Name of the new branch; default: made from the session's title.")
@click.option("--by-turn", is_flag=True, help="One commit per turn.")
@click.option("--filtered", is_flag=True, help="Commit files as they are that your git converts by a filter.")
@click.option("-m", "--message", help="Commit message; default: written from the session.")
@click.option("--remote", help="Remote to push to.")
@click.option("--title", help="Title of the pull request; default: the session's.")
@click.option("--text", help="Text of the pull request; default: written from the session.")
@click.option("--base", metavar="BRANCH", help="Target branch of the pull request.")
@click.option("--draft", is_flag=True, help="Open it as a draft.")
@click.option("--only-push", is_flag=True, help="Push without opening a pull request.")
@click.option("--follow", is_flag=True, help="Have the session answer red CI, reviews and conflicts of the branch.")
@click.option(
    "--rounds", type=click.IntRange(0, 100), default=5, show_default=True, help="With --follow: rounds at most."
)
@click.option("--cost", type=click.FloatRange(0), metavar="USD", help="With --follow: cost of the rounds at most.")
@click.option("--gate", metavar="COMMAND", help="With --follow: has to end with 0 before a round is pushed.")
@click.option("--reviewer", multiple=True, metavar="NAME", help="With --follow: whose comments count; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    change: str | None,
    as_json: bool,
    follow: bool,
    rounds: int,
    cost: float | None,
    gate: str | None,
    reviewer: tuple[str, ...],
    **options: str | bool | None,
) -> None:
    """Publish CHANGE, or the newest change of a session: branch, push, pull request.

    The push runs your own git, with your configuration, credentials and hooks.
    """

    async def ask(client: Client) -> PublishedBranch:
        change_id = await _change_or_newest(client, change)
        project = await project_of_change(client, change_id)
        if not as_json:
            said = f"change {str(change_id)[:8]} of {plain(project.name)}, in {path_text(project.path)}"
            make_console(stderr=True).print(said, style="dim")
        body: dict[str, Json] = {name: value or None for name, value in options.items()}
        if follow:
            body["follow"] = {
                "rounds_max": rounds,
                "cost_max_usd": cost or 0.0,
                "gate": gate or "",
                "reviewers": list(reviewer),
            }
        path = f"/api/changes/{change_id}/publish"
        return await client.post(path, PublishedBranch, body, timeout_s=PUBLISH_TIMEOUT_S)

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


async def _change_or_newest(client: Client, named: str | None) -> UUID:
    """The pending change, else the session's newest one, which may be on its branch already."""
    try:
        return await resolve_change(client, named)
    except NotFound as unknown:
        if named is None:
            raise
        try:
            session_id = await resolve_id(client, IdKind.SESSION, named)
            newest = await client.items("/api/changes", ChangeSummary, session_id=session_id, limit=1)
        except NotFound:
            raise unknown from None
        if not newest:
            raise unknown
        return newest[0].id
