"""Serves the application on a socket, and stops it in bounded time."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from boocoder.api.application import create_app
from boocoder.api.auth import Authenticator, load_token
from boocoder.api.bind import allow_list, check_bind
from boocoder.api.browsers import Browsers
from boocoder.api.connection_limits import UnprovenConnections
from boocoder.api.endpoints import ProtocolEndpoint
from boocoder.api.middleware.token_auth import LOGIN_PATH
from boocoder.api.protocols import HEAD_TIMEOUT, HEAD_TIMEOUT_S, UNPROVEN, HttpConnection, SocketConnection
from boocoder.api.services import ApiServices, ConnectionServices
from boocoder.api.tokens.access_tokens import AccessTokens
from boocoder.errors import InvalidInput, Unavailable
from boocoder.model.limits import CLIENT_SEND_TIMEOUT_S, WS_MESSAGE_MAX_BYTES
from boocoder.service import TaskSupervisor

GRACEFUL_S = 3  # for answers that are under way when the service stops
PING_S = 20.0  # a dead WebSocket client is noticed within twice this
CONNECTIONS_MAX = 1024  # more are answered with 503; a browser opens a handful
KEEP_ALIVE_S = 30
BACKLOG = 512
ACCEPTED_AT_ONCE = 32  # far below UNPROVEN_PEER_MAX, so that a client sends its request before it is the oldest one


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Where the service listens and whom it trusts.

    Args:
        data_dir: existing directory that holds the token.
        host: address or name; other machines can reach it only with `allow_remote`.
        port: 0 for any free one.
        allowed_hosts, allowed_origins: further values of the Host and Origin headers.
        send_timeout_s: a client that takes nothing for so long is cut off.
        head_timeout_s: a client that has not finished its headers by then is cut off.
        tls_certificate, tls_key: PEM files; with both the service speaks HTTPS and nothing else.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    allow_remote: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    send_timeout_s: float = CLIENT_SEND_TIMEOUT_S
    head_timeout_s: float = HEAD_TIMEOUT_S
    tls_certificate: Path | None = None
    tls_key: Path | None = None


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


class ApiServer:
    """The API as a service: bound and ready after `start`.

    Args:
        settings: address, allowed clients and limits.
        services: used by the routes.
        endpoints: addresses of other protocols; stopped here.
    """

    def __init__(
        self, *, settings: ApiSettings, services: ApiServices, endpoints: Sequence[ProtocolEndpoint] = ()
    ) -> None:
        self._settings = settings
        self._services = services
        self._endpoints = tuple(endpoints)
        self._stopping = asyncio.Event()
        self._supervisor = TaskSupervisor("api")
        self._server: uvicorn.Server | None = None
        self._listener: socket.socket | None = None
        self._authenticator: Authenticator | None = None
        self.token = ""
        self.url = ""

    @property
    def login_url(self) -> str:
        """A link that signs in one browser, once; a new one each time."""
        assert self._authenticator is not None, "start first"
        return f"{self.url}{LOGIN_PATH}?code={self._authenticator.new_code()}"

    async def start(self) -> None:
        """Listen; returns when requests are answered.

        Raises:
            InvalidInput: bind_not_loopback, token_unreadable or tls_unusable.
            Unavailable: address_in_use or address_unusable.
        """
        settings = self._settings
        check_bind(settings.host, allow_remote=settings.allow_remote)
        self.token = load_token(settings.data_dir)
        self._listener = bind(settings.host, settings.port)
        port = self._listener.getsockname()[1]
        scheme = "http" if settings.tls_certificate is None else "https"
        self.url = f"{scheme}://{_reachable(settings.host)}:{port}"
        self._authenticator = Authenticator(token=self.token, port=port)
        hosts, origins = settings.allowed_hosts, settings.allowed_origins
        allowed = allow_list(port, own=_reachable(settings.host), hosts=hosts, origins=origins, scheme=scheme)
        services = self._services
        browsers = Browsers(database=services.database, host_id=services.info.host_id, key=self.token)
        tokens = AccessTokens(database=services.database, host_id=services.info.host_id, key=self.token)
        await browsers.load()
        await tokens.load()
        connections = ConnectionServices(self._authenticator, browsers, tokens, allowed, self._stopping, self.url)
        app = create_app(self._services, connections, send_timeout_s=settings.send_timeout_s, endpoints=self._endpoints)
        config = uvicorn_config(app, tls_certificate=settings.tls_certificate, tls_key=settings.tls_key)
        _load(config)
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._server.lifespan.state[HEAD_TIMEOUT] = settings.head_timeout_s
        self._server.lifespan.state[UNPROVEN] = UnprovenConnections()
        await self._server.startup(sockets=[self._listener])
        self._listener.listen(BACKLOG)  # asyncio has set it to what it accepts at once
        self._supervisor.spawn(self._server.main_loop(), "server", vital=True)

    async def stop(self) -> None:
        """End streams, let answers finish for GRACEFUL_S, cut what is left. Safe twice and before `start`."""
        server, listener = self._server, self._listener
        self._server = self._listener = None
        self._stopping.set()
        for endpoint in self._endpoints:
            await endpoint.stop()
        if server is None or listener is None:
            return
        server.should_exit = True
        try:
            await self._supervisor.stop(grace_s=1.0)
            async with asyncio.timeout(GRACEFUL_S + 2.0):
                await server.shutdown(sockets=[listener])
        except TimeoutError:
            pass
        finally:
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
        leftover = tuple(server.server_state.tasks)
        if leftover:
            await asyncio.wait(leftover, timeout=1.0)

    async def wait_signalled(self) -> signal.Signals:
        """Wait for SIGINT or SIGTERM and return which it was; they are caught only while this waits."""
        loop = asyncio.get_running_loop()
        came: asyncio.Future[signal.Signals] = loop.create_future()
        watched = (signal.SIGINT, signal.SIGTERM)

        def catch(number: signal.Signals) -> None:
            if not came.done():
                came.set_result(number)

        for number in watched:
            loop.add_signal_handler(number, catch, number)
        try:
            return await came
        finally:
            for number in watched:
                loop.remove_signal_handler(number)


def _load(config: uvicorn.Config) -> None:
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise InvalidInput(
            "tls_unusable",
            f"The certificate or its key cannot be used: {error.strerror or error}.",
            "Set tls_certificate and tls_key to PEM files that belong together and can be read.",
        ) from error


def _reachable(host: str) -> str:
    """The host in a URL that this machine can open."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
