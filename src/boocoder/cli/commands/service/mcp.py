"""`boocoder mcp`: an MCP server on standard input and output."""

from __future__ import annotations

import click

from boocoder.cli.invocation import service_finder, settings_of


@click.command("mcp")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Serve MCP on standard input and output, for another agent or program that drives boocoder.

    It can do what its token can: BOOCODER_TOKEN, else the token of the data directory. BOOCODER_URL names a service
    that is not this data directory's.
    """
    from boocoder import service  # with the SDK most of a second, which no other command needs
    from boocoder.integrations.mcp_server.stdio import serve_stdio

    service.run(serve_stdio(service_finder(settings_of(ctx))))
