"""A socket on which the application answers, over HTTP or TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from boocoder.api.connection_limits import UnprovenConnections
from boocoder.api.protocols import HEAD_TIMEOUT, HEAD_TIMEOUT_S, UNPROVEN, HttpConnection, SocketConnection
from boocoder.errors import InvalidInput, Unavailable
from boocoder.model.limits import WS_MESSAGE_MAX_BYTES
from boocoder.service import TaskSupervisor

GRACEFUL_S = 3  # for answers that are under way when the service stops
PING_S = 20.0  # a dead WebSocket client is noticed within twice this
CONNECTIONS_MAX = 1024  # more are answered with 503; a browser opens a handful
KEEP_ALIVE_S = 30
BACKLOG = 512
ACCEPTED_AT_ONCE = 32  # far below UNPROVEN_PEER_MAX, so that a client sends its request before it is the oldest one


def uvicorn_config(app: FastAPI, *, tls_certificate: Path | None = None, tls_key: Path | None = None) -> uvicorn.Config:
    """The server's settings for the application, without a place to listen at. TLS as in ApiSettings."""
    return uvicorn.Config(
        app,
        http=HttpConnection,
        ws=SocketConnection,
        ws_max_size=WS_MESSAGE_MAX_BYTES,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,  # it would contain sign-in links
        proxy_headers=False,  # forwarded addresses are not trusted
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        backlog=ACCEPTED_AT_ONCE,
        ssl_certfile=tls_certificate,
        ssl_keyfile=tls_key,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACEFUL_S,
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        Unavailable: address_in_use, or address_unusable.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only where the protocol is named; with it an answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        code = "address_in_use" if error.errno == errno.EADDRINUSE else "address_unusable"
        text = f"Cannot listen on {host} port {port}: {error.strerror or error}."
        raise Unavailable(code, text, "Choose another port, or stop the program that has it.") from error
    listener.setblocking(False)
    return listener


class Listener:
    """One place at which the application is served: bound when it is made, answering after `start`.

    Args:
        bound: a listening socket, closed here.
        tls_certificate, tls_key: PEM files; with both it speaks HTTPS and nothing else.
        head_timeout_s: a client that has not finished its headers by then is cut off.
    """

    def __init__(
        self,
        bound: socket.socket,
        *,
        tls_certificate: Path | None = None,
        tls_key: Path | None = None,
        head_timeout_s: float = HEAD_TIMEOUT_S,
    ) -> None:
        self._socket = bound
        self._tls = (tls_certificate, tls_key)
        self._head_timeout_s = head_timeout_s
        self._supervisor = TaskSupervisor("api")
        self._server: uvicorn.Server | None = None
        self.port: int = bound.getsockname()[1]
        self.scheme = "http" if tls_certificate is None else "https"

    async def start(self, app: FastAPI) -> None:
        """Answer requests.

        Raises:
            InvalidInput: tls_unusable.
        """
        certificate, key = self._tls
        config = uvicorn_config(app, tls_certificate=certificate, tls_key=key)
        _load(config)
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._server.lifespan.state[HEAD_TIMEOUT] = self._head_timeout_s
        self._server.lifespan.state[UNPROVEN] = UnprovenConnections()
        await self._server.startup(sockets=[self._socket])
        self._socket.listen(BACKLOG)  # asyncio has set it to what it accepts at once
        self._supervisor.spawn(self._server.main_loop(), "server", vital=True)

    async def stop(self) -> None:
        """Let answers finish for GRACEFUL_S, cut what is left. Safe twice and before `start`."""
        server, self._server = self._server, None
        if server is None:
            self._socket.close()
            return
        server.should_exit = True
        try:
            await self._supervisor.stop(grace_s=1.0)
            async with asyncio.timeout(GRACEFUL_S + 2.0):
                await server.shutdown(sockets=[self._socket])
        except TimeoutError:
            pass
        finally:
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
        leftover = tuple(server.server_state.tasks)
        if leftover:
            await asyncio.wait(leftover, timeout=1.0)


def _load(config: uvicorn.Config) -> None:
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise InvalidInput(
            "tls_unusable",
            f"The certificate or its key cannot be used: {error.strerror or error}.",
            "Set tls_certificate and tls_key to PEM files that belong together and can be read.",
        ) from error
