"""`boocoder browsers`: the browsers that are signed in, and signing them out."""

from __future__ import annotations

import click

from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.wire.service import BrowserInfo


@click.group("browsers")
def command() -> None:
    """Signed-in browsers: list, sign out."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_browsers(ctx: click.Context, as_json: bool) -> None:
    """List the signed-in browsers, newest first."""
    _show(ask_service(ctx, lambda client: client.items("/api/browsers", BrowserInfo)), as_json=as_json)


@command.command("sign-out")
@click.argument("browser", required=False)
@click.option("--all", "every", is_flag=True, help="Sign out all browsers.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def sign_out(ctx: click.Context, browser: str | None, every: bool, as_json: bool) -> None:
    """Sign out BROWSER, an id or the beginning of one. Its open pages lose their connection."""

    async def ask(client: Client) -> list[BrowserInfo]:
        known = await client.items("/api/browsers", BrowserInfo)
        chosen = known if every else [one for one in known if browser and str(one.id).startswith(browser.lower())]
        if not every and len(chosen) != 1:
            text = f"{browser or 'Nothing'} names {len(chosen) or 'no'} signed-in browsers."
            raise InvalidInput("browser_unclear", text, "See: boocoder browsers list")
        return [await client.delete(f"/api/browsers/{one.id}", BrowserInfo) for one in chosen]

    _show(ask_service(ctx, ask), as_json=as_json)


def _show(browsers: list[BrowserInfo], *, as_json: bool) -> None:
    if as_json:
        for one in browsers:
            print_json(one)
        return
    rows = [
        (
            (str(one.id)[:8], ""),
            (age(one.created_at), ""),
            (age(one.seen_at), ""),
            (one.peer, ""),
            (plain(one.user_agent), "dim"),
        )
        for one in browsers
    ]
    show_rows(make_console(), ("id", "signed in", "seen", "from", "browser"), rows)
