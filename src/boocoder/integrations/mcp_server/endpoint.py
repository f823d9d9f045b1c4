"""The service's address /mcp. The SDK is imported with the first request, as it takes most of a second."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from boocoder.api.middleware.allow_lists import header_values
from boocoder.api.problem import ApiError, refuse
from boocoder.api.services import ConnectionServices

if TYPE_CHECKING:
    from boocoder.integrations.mcp_server.http import McpHttpServer


class McpEndpoint:
    """Speaks MCP at one address of the service.

    Args:
        certificate: PEM file that the service shows; "" without TLS.
    """

    path: str = "/mcp"
    methods: tuple[str, ...] = ("GET", "POST", "DELETE")

    def __init__(self, *, certificate: str = "") -> None:
        self._certificate = certificate
        self._starting = asyncio.Lock()
        self._server: McpHttpServer | None = None
        self._stopped = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        authorization = header_values(scope, b"authorization")
        if not authorization:  # a browser with a cookie; MCP clients send a token
            text = "MCP needs a token; a cookie is not enough."
            cure = "Send the header Authorization: Bearer <token>; make one with: boocoder tokens add"
            await refuse(scope, receive, send, ApiError(401, "unauthorized", text, cure))
            return
        connections: ConnectionServices = scope["app"].state.connections
        server = await self._started(connections.url)
        if server is None:
            await refuse(scope, receive, send, ApiError(503, "service_stopping", "The service stops.", "Try again."))
            return
        await server.handle(scope, receive, send, token=authorization[0].partition(" ")[2].strip())

    async def stop(self) -> None:
        """End all sessions. Safe twice and before the first request."""
        self._stopped = True
        async with self._starting:
            server, self._server = self._server, None
        if server is not None:
            await server.stop()

    async def _started(self, url: str) -> McpHttpServer | None:
        async with self._starting:
            if self._server is None and not self._stopped:
                module = await asyncio.to_thread(importlib.import_module, "boocoder.integrations.mcp_server.http")
                server: McpHttpServer = module.McpHttpServer(url=url, certificate=self._certificate)
                await server.start()
                self._server = server
            return self._server
