"""The server's connection classes: a limit on how long a request's head may take, and a way to cut a connection."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from boocoder.api.shell.send_limit import ABORT

HEAD_TIMEOUT = "head_timeout_s"  # key of another limit in the server's state
HEAD_TIMEOUT_S = 10.0  # request line and headers are one packet


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1; a client that does not finish its headers is cut off, so that open sockets cannot pile up."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        # Handed on to a WebSocket that this connection becomes.
        self.app_state: dict[str, Any] = {**self.app_state, ABORT: transport.abort}
        self._await_head()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_awaiting_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self._stop_awaiting_head()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._stop_awaiting_head()
        timeout_s: float = self.app_state.get(HEAD_TIMEOUT, HEAD_TIMEOUT_S)
        self._head_timer = self.loop.call_later(timeout_s, self.transport.abort)

    def _stop_awaiting_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket; `app_state` comes from the HTTP connection and holds its abort function."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send for the application; a handshake that it refused is complete, not an error of ours."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
