"""Serves MCP on standard input and output, as a client of the running service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mcp.server.stdio import stdio_server

from boocoder.client.discovery import FoundService
from boocoder.client.http_client import Client
from boocoder.integrations.mcp_server.server import Context, build_server
from boocoder.integrations.service_connection import ServiceConnection


async def serve_stdio(find: Callable[[], FoundService]) -> None:
    """Answer until standard input ends. Without a service each request says so, and one that starts later is used.

    Args:
        find: looks for the service; called with every request.
    """
    connection = ServiceConnection(find)

    @asynccontextmanager
    async def connect(_: Context) -> AsyncIterator[Client]:
        yield connection.client()

    server = build_server(connect)
    try:
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())
    finally:
        await connection.close()
