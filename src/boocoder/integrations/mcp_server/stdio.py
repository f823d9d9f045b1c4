"""Serves MCP on standard input and output, as a client of the running service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mcp.server.stdio import stdio_server

from boocoder.client.discovery import FoundService
from boocoder.client.http_client import Client
from boocoder.errors import Unavailable
from boocoder.integrations.mcp_server.server import Context, build_server
from boocoder.integrations.service_connection import ServiceConnection


async def serve_stdio(find: Callable[[], FoundService]) -> None:
    """Answer until standard input ends. Without a service each request says so, and one that starts later is used.

    Args:
        find: looks for the service; called with every request.

    Raises:
        Unavailable: streams_unusable: standard input or output cannot be read or written.
    """
    connection = ServiceConnection(find)

    @asynccontextmanager
    async def connect(_: Context) -> AsyncIterator[Client]:
        yield connection.client()

    server = build_server(connect)
    try:
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())
    except BaseExceptionGroup as group:
        _, other = group.split(OSError)
        if other is not None:
            raise
        if group.subgroup(BrokenPipeError) is None:  # otherwise the client has gone, which is an end like any other
            text = "Standard input and output cannot be used for MCP."
            raise Unavailable("streams_unusable", text, "Let a client start it, with pipes.") from group
    finally:
        await connection.close()
