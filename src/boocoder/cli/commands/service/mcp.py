"""`boocoder mcp`: an MCP server on standard input and output."""

from __future__ import annotations

import functools

import click

from boocoder.cli.invocation import settings_of


@click.command("mcp")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Serve MCP on standard input and output, for another agent or program that drives boocoder.

    It can do what its token can: BOOCODER_TOKEN, else the token of the data directory. BOOCODER_URL names a service
    that is not this data directory's.
    """
    from boocoder import service  # with the SDK most of a second, which no other command needs
    from boocoder.client.connect import located_service
    from boocoder.client.environment import named_service
    from boocoder.integrations.mcp_server.stdio import serve_stdio

    settings, named = settings_of(ctx), named_service()
    find = functools.partial(
        located_service,
        url=named.url or None,
        token=named.token or None,
        certificate=settings.tls_certificate,
        data_dir=None if named.url else settings.data_dir,
    )
    service.run(serve_stdio(find))
