"""`boocoder open`: opens the page in the browser with a one-time sign-in link."""

from __future__ import annotations

import webbrowser

import click

from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.client.http_client import Client
from boocoder.wire.service import LoginLink


@click.command("open")
@click.option("--print", "only_print", is_flag=True, help="Only print the link.")
@prints_result
@click.pass_context
def command(ctx: click.Context, only_print: bool) -> Result:
    """Open the page in the browser, signed in. The link works once, for ten minutes."""

    async def ask(client: Client) -> str:
        return client.url + (await client.post("/api/login-codes", LoginLink)).path

    link = ask_service(ctx, ask)
    if not only_print:
        webbrowser.open(link)
    return {"url": link}, link
