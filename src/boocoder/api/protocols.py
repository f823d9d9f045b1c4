"""Connection classes of the server: limits of request heads and of clients without a credential; aborting."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from boocoder.api.connection_limits import UnprovenConnections
from boocoder.api.middleware.send_timeout import ABORT

HEAD_TIMEOUT = "head_timeout_s"  # key of another limit in the server's state
HEAD_TIMEOUT_S = 10.0  # request line and headers are one packet
HEAD_MAX_BYTES = 64 * 1024  # a browser sends less than 4 KiB; checked after each piece that arrives
UNPROVEN = "unproven_connections"  # key in the server's state
PROVEN = "proven"  # key in a request's state: to be called once the request has shown a credential

log = logging.getLogger(__name__)


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1; a client that does not finish its headers is cut off, so that open sockets cannot pile up."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _unproven: UnprovenConnections | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        # Handed on to a WebSocket that this connection becomes.
        self.app_state: dict[str, Any] = {**self.app_state, ABORT: transport.abort, PROVEN: self._proven}
        self._unproven = self.app_state.get(UNPROVEN)
        if self._unproven is not None:
            self._unproven.add(self._peer, self, transport.abort)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        self._head_bytes = len(data) + (self._head_bytes if self._head_timer is not None else 0)
        super().data_received(data)
        if self._head_timer is not None and self._head_bytes > HEAD_MAX_BYTES:
            log.warning("request refused", extra={"code": "head_too_large", "status": 431, "peer": self._peer})
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
            self._stop_awaiting_head()

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
        if self._unproven is not None:
            self._unproven.discard(self._peer, self)
        super().connection_lost(exc)

    @property
    def _peer(self) -> str:
        return self.client[0] if self.client else ""

    def _proven(self) -> None:
        """A request on this connection has shown a credential."""
        if self._unproven is not None:
            self._unproven.discard(self._peer, self)

    def _await_head(self) -> None:
        self._stop_awaiting_head()
        timeout_s: float = self.app_state.get(HEAD_TIMEOUT, HEAD_TIMEOUT_S)
        self._head_timer = self.loop.call_later(timeout_s, self.transport.abort)

    def _stop_awaiting_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket; `app_state` comes from the HTTP connection and holds its abort function."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send for the application; a refused handshake is complete, not an error."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True
