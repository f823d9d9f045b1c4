"""`boocoder open`: a fresh sign-in link to the running service's page, opened in the browser."""

from __future__ import annotations

import webbrowser

import click
import msgspec

from boocoder.cli.client import Client
from boocoder.cli.service_call import ask_service


class _Code(msgspec.Struct, frozen=True):
    path: str


@click.command("open")
@click.option("--print", "only_print", is_flag=True, help="Only print the link.")
@click.pass_context
def command(ctx: click.Context, only_print: bool) -> None:
    """Open the page in the browser, signed in. The link works once, for ten minutes."""

    async def ask(client: Client) -> str:
        return client.url + (await client.post("/api/login-codes", _Code)).path

    link = ask_service(ctx, ask)
    click.echo(link)
    if not only_print:
        webbrowser.open(link)
