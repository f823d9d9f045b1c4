"""Serves the application on a socket: start, stop in bounded time, and where it is. Routes live elsewhere."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from boocoder.api.application import create_app
from boocoder.api.auth import Authenticator, load_token
from boocoder.api.bind import allow_list, check_bind
from boocoder.api.closing import Closing
from boocoder.api.protocols import HEAD_TIMEOUT, HEAD_TIMEOUT_S, HttpConnection, SocketConnection
from boocoder.api.services import Agents, ApiInfo, ApiServices, Reaper
from boocoder.api.shell.token_auth import LOGIN_PATH
from boocoder.broker.broker import Broker
from boocoder.changes.desk import ChangeDesk
from boocoder.changes.review_desk import ReviewDesk
from boocoder.db.pool import Database
from boocoder.errors import Unavailable
from boocoder.git.shadows import Shadows
from boocoder.model.ids import HostId, InstanceId
from boocoder.model.limits import CLIENT_SEND_TIMEOUT_S, WS_MESSAGE_MAX_BYTES
from boocoder.queue.attachments import Attachments
from boocoder.service import Supervisor
from boocoder.worktrees.care import WorktreeCare
from boocoder.worktrees.file_search import FileSearch
from boocoder.worktrees.terminals import Terminals

GRACEFUL_S = 3  # for answers that are under way when the service stops
PING_S = 20.0  # a WebSocket whose client is gone is noticed within twice this
CONNECTIONS_MAX = 1024  # more are answered with 503; a browser opens a handful
KEEP_ALIVE_S = 30
BACKLOG = 512


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
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    allow_remote: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    send_timeout_s: float = CLIENT_SEND_TIMEOUT_S
    head_timeout_s: float = HEAD_TIMEOUT_S


def uvicorn_config(app: FastAPI) -> uvicorn.Config:
    """The server's settings for the application, without a place to listen at."""
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
        access_log=False,  # a sign-in link would stand in it
        proxy_headers=False,  # nobody's word about where a request came from is taken
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        backlog=BACKLOG,
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
        settings: where and for whom.
        database, broker, changes, review, care, reaper, shadows, agents: what the routes use.
        host_id, instance_id: told by the health route.
        terminals: None: they are turned off.
    """

    def __init__(
        self,
        *,
        settings: ApiSettings,
        database: Database,
        broker: Broker,
        changes: ChangeDesk,
        review: ReviewDesk,
        care: WorktreeCare,
        reaper: Reaper,
        shadows: Shadows,
        agents: Agents,
        host_id: HostId,
        instance_id: InstanceId,
        terminals: Terminals | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._broker = broker
        self._changes = changes
        self._review = review
        self._care = care
        self._reaper = reaper
        self._shadows = shadows
        self._agents = agents
        self._terminals = terminals
        self._info = ApiInfo(version("boocoder"), host_id, instance_id)
        self._closing = Closing()
        self._supervisor = Supervisor("api")
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
            InvalidInput: bind_not_loopback or token_unreadable.
            Unavailable: address_in_use or address_unusable.
        """
        settings = self._settings
        check_bind(settings.host, allow_remote=settings.allow_remote)
        self.token = load_token(settings.data_dir)
        self._listener = bind(settings.host, settings.port)
        port = self._listener.getsockname()[1]
        self.url = f"http://{_reachable(settings.host)}:{port}"
        self._authenticator = Authenticator(token=self.token, port=port)
        app = create_app(self._services(port, self._authenticator), send_timeout_s=settings.send_timeout_s)
        config = uvicorn_config(app)
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._server.lifespan.state[HEAD_TIMEOUT] = settings.head_timeout_s
        await self._server.startup(sockets=[self._listener])
        self._supervisor.spawn(self._server.main_loop(), "server", vital=True)

    async def stop(self) -> None:
        """End streams, let answers finish for GRACEFUL_S, cut what is left. Safe twice and before `start`."""
        server, listener = self._server, self._listener
        self._server = self._listener = None
        self._closing.set()
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

    def _services(self, port: int, authenticator: Authenticator) -> ApiServices:
        settings = self._settings
        return ApiServices(
            database=self._database,
            broker=self._broker,
            changes=self._changes,
            review=self._review,
            care=self._care,
            reaper=self._reaper,
            shadows=self._shadows,
            files=FileSearch(database=self._database, shadows=self._shadows),
            attachments=Attachments(database=self._database, root=settings.data_dir / "attachments"),
            agents=self._agents,
            authenticator=authenticator,
            allowed=allow_list(
                port,
                own=_reachable(settings.host),
                hosts=settings.allowed_hosts,
                origins=settings.allowed_origins,
            ),
            info=self._info,
            data_dir=settings.data_dir,
            closing=self._closing,
            terminals=self._terminals,
        )


def _reachable(host: str) -> str:
    """The host as it stands in a URL of this machine."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
