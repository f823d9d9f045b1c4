"""MCP over streamable HTTP inside the service: each request is answered through the HTTP API, with its own token."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken as McpAccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from boocoder.client.http_client import Client
from boocoder.integrations.mcp_server.server import Context, build_server
from boocoder.service import TaskSupervisor

SESSIONS_MAX = 200  # of MCP clients, which are programs of one person or a few
IDLE_S = 1_800.0  # without a request; a client then begins a new session


class McpHttpServer:
    """The sessions of MCP clients.

    Args:
        url: of this service's API.
        certificate: PEM file of its certificate; "" without TLS.
    """

    def __init__(self, *, url: str, certificate: str) -> None:
        self._url = url
        self._certificate = certificate
        self._supervisor = TaskSupervisor("mcp")
        self._ready = asyncio.Event()
        self._end = asyncio.Event()
        # Host, Origin and the size of bodies are checked by the service's own layers, before this one.
        self._manager = StreamableHTTPSessionManager(
            build_server(self._connect), session_idle_timeout=IDLE_S, max_sessions=SESSIONS_MAX
        )

    async def start(self) -> None:
        """Be ready for requests."""
        self._supervisor.spawn(self._run(), "sessions")
        await self._ready.wait()

    async def stop(self) -> None:
        """End all sessions and their streams."""
        self._end.set()
        await self._supervisor.stop(grace_s=1.0)

    async def handle(self, scope: Scope, receive: Receive, send: Send, *, token: str) -> None:
        """Answer one HTTP request; a session belongs to the token that opened it."""
        owner = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        user = AuthenticatedUser(McpAccessToken(token=owner, client_id=owner, scopes=[]))
        await self._manager.handle_request({**scope, "user": user}, receive, send)

    async def _run(self) -> None:
        async with self._manager.run():
            self._ready.set()
            await self._end.wait()

    @asynccontextmanager
    async def _connect(self, context: Context) -> AsyncIterator[Client]:
        request = context.request
        assert isinstance(request, Request), "every message of this transport comes with its request"
        token = request.headers["authorization"].partition(" ")[2].strip()
        async with Client(url=self._url, token=token, certificate=self._certificate) as client:
            yield client
