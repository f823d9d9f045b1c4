"""Serves the ports of a sandbox without a network: an HTTP proxy to allowed hosts, and ports of this machine."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from boocoder.process.sandbox.file_view import FileView, mount_point
from boocoder.process.sandbox.network import egress_exec
from boocoder.process.sandbox.network.allowed_hosts import AllowedHosts, is_this_machine
from boocoder.process.sandbox.network.host_requests import HostRequests
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

PROXY_PORTS = (3128, 3129)  # inside; the second where a person's program has the first
HEAD_MAX_BYTES = 65_536
HEAD_TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 20.0
ACCEPT_PAUSE_S = 0.5  # after a failed one, such as for want of descriptors
CONNECTIONS_MAX = 256  # of one process; more wait in the kernel's queue
REFUSED_MAX = 100  # hosts that are remembered as refused
CHUNK_BYTES = 65_536
EARLY_MAX_BYTES = 65_536  # of a request's body, kept while a person is asked
_PYTHON = os.path.realpath(sys.executable)  # a link of a virtual environment may lead through a hidden directory

_UNNAMED = "The sandbox allows no connection to {}: sandbox.hosts does not name it, and nobody allowed it."

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ProxyTarget:
    """What a client asks the proxy for.

    Args:
        head: what the server gets first; empty for a tunnel.
    """

    host: str
    port: int
    head: bytes

    @property
    def place(self) -> str:
        """`name:port`."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ProxyRefusal:
    """Why the proxy does not connect, as the client gets it: the status line's words, and the body."""

    status: str
    text: str

    @property
    def answer(self) -> bytes:
        """The response."""
        body = f"{self.text}\n".encode()
        fields = f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close"
        return f"HTTP/1.1 {self.status}\r\n{fields}\r\n\r\n".encode() + body


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def proxy_port(hosts: AllowedHosts) -> int:
    """The port of the proxy inside a sandbox."""
    return next(port for port in PROXY_PORTS if port not in hosts.loopback)


def proxy_variables(hosts: AllowedHosts) -> dict[str, str]:
    """What makes programs use the proxy."""
    address = f"http://127.0.0.1:{proxy_port(hosts)}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    own = "localhost,127.0.0.1,::1"
    return {
        **{name: address for word in names for name in (word, word.lower())},
        "NO_PROXY": own,
        "no_proxy": own,
        "NODE_USE_ENV_PROXY": "1",
    }


def egress_argv(hosts: AllowedHosts, *, serves: bool = False) -> tuple[str, ...]:
    """The command line, up to the command itself, that hands over the ports and then runs something.

    Args:
        hosts: what the command may reach.
        serves: whether boocoder connects to a port of the command.
    """
    ports = map(str, (proxy_port(hosts), *hosts.loopback))
    words = (egress_exec.SERVES, *ports) if serves else tuple(ports)
    return (_PYTHON, "-I", "-S", egress_exec.__file__, *words, "--")


def egress_view(view: FileView) -> FileView:
    """The view with what that program needs, wherever Python and boocoder are installed."""
    needed = (Path(_PYTHON), Path(sys.base_prefix), Path(egress_exec.__file__))
    missing = (mount_point(one, view.hidden) for one in needed if view.hides(one))
    return replace(view, readable=tuple(dict.fromkeys((*view.readable, *missing))))


class Egress:
    """The ports of one process.

    Args:
        channel: the socket on which the sandbox hands over its listening sockets: the proxy's, then those of
            `hosts.loopback`.
        hosts: what may be reached.
        name: of the agent, for the log.
        requests: asked about other hosts.
        worktree: of the process.

    Attributes:
        refused: hosts that the process wanted to reach and may not.
    """

    def __init__(
        self,
        channel: socket.socket,
        hosts: AllowedHosts,
        *,
        name: str,
        requests: HostRequests,
        worktree: Path | None = None,
    ) -> None:
        self._channel = channel
        self._hosts = hosts
        self._name = name
        self._requests = requests
        self._worktree = worktree
        self._tasks = TaskSupervisor(f"egress {name}")
        self._slots = asyncio.Semaphore(CONNECTIONS_MAX)
        self._ready = asyncio.Event()
        self._giving = asyncio.Lock()
        self.refused: set[str] = set()

    def start(self) -> None:
        """Wait for the sockets in the background, then serve them until `stop`."""
        self._tasks.spawn(self._run(), "ports")

    async def stop(self) -> None:
        """End all connections. Safe twice."""
        await self._tasks.stop()
        self._channel.close()

    async def open_port(self, port: int) -> int:
        """A port of this machine's loopback interface that leads to one of a command that serves; open until `stop`."""
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        self._tasks.spawn(self._accept(listener, self._to_inside(port), asyncio.Semaphore(CONNECTIONS_MAX)), "inward")
        number: int = listener.getsockname()[1]
        return number

    def _to_inside(self, port: int) -> Serve:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                inside = await self._inside_socket()
                await asyncio.get_running_loop().sock_connect(inside, ("127.0.0.1", port))
                there = await asyncio.open_connection(sock=inside)
            await _relay((reader, writer), there)

        return serve

    async def _inside_socket(self) -> socket.socket:
        """An unconnected socket of the sandbox's network."""
        async with self._giving:
            await self._ready.wait()
            await asyncio.get_running_loop().sock_sendall(self._channel, b".")
            (inside,) = await self._received(1)
        if (inside.family, inside.type) != (socket.AF_INET, socket.SOCK_STREAM):
            inside.close()
            raise OSError("the sandbox gave another socket")
        inside.setblocking(False)
        return inside

    async def _run(self) -> None:
        listeners = await self._received(1 + len(self._hosts.loopback))
        self._ready.set()
        ports: list[Serve] = [self._proxy, *(self._to_port(port) for port in self._hosts.loopback)]
        for listener, serve in zip(listeners, ports, strict=False):
            listener.setblocking(False)
            self._tasks.spawn(self._accept(listener, serve, self._slots), "accept")

    async def _received(self, count: int) -> list[socket.socket]:
        """The sockets that the sandbox hands over next."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._channel.fileno(), ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._channel.fileno())
        _, descriptors, _, _ = socket.recv_fds(self._channel, 16, count)
        if len(descriptors) != count:
            raise OSError("the sandbox gave no socket")
        return [socket.socket(fileno=one) for one in descriptors]

    async def _accept(self, listener: socket.socket, serve: Serve, slots: asyncio.Semaphore) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                await slots.acquire()
                try:
                    connection, _ = await loop.sock_accept(listener)
                except OSError as error:
                    slots.release()
                    log.warning("egress cannot accept", extra={"agent": self._name, "why": str(error)})
                    await asyncio.sleep(ACCEPT_PAUSE_S)
                    continue
                except BaseException:
                    slots.release()
                    raise
                self._tasks.spawn(self._serve(connection, serve, slots), "connection")

    async def _serve(self, connection: socket.socket, serve: Serve, slots: asyncio.Semaphore) -> None:
        try:
            reader, writer = await asyncio.open_connection(sock=connection, limit=HEAD_MAX_BYTES)
            try:
                await serve(reader, writer)
            finally:
                writer.close()
        except (OSError, EOFError, ValueError, TimeoutError) as error:  # either side went away, or spoke no HTTP
            log.debug("egress ended", extra={"agent": self._name, "why": str(error)})
        finally:
            slots.release()

    def _to_port(self, port: int) -> Serve:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                there = await asyncio.open_connection("127.0.0.1", port)
            await _relay((reader, writer), there)

        return serve

    async def _proxy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_TIMEOUT_S):
            target = read_target(await reader.readuntil(b"\r\n\r\n"))
        if isinstance(target, ProxyRefusal):
            writer.write(target.answer)
            return
        sent = bytearray()
        allowed = await self._is_allowed(target, reader, sent)
        there = await self._connect(target) if allowed else self._refuse(target.place, _UNNAMED.format(target.place))
        if isinstance(there, ProxyRefusal):
            writer.write(there.answer)
            return
        there[1].write(target.head + sent)
        if not target.head:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _relay((reader, writer), there)

    async def _is_allowed(self, target: ProxyTarget, reader: asyncio.StreamReader, sent: bytearray) -> bool:
        """Whether the settings or a person allow the host.

        Args:
            sent: gets what the client sends while a person is asked.

        Raises:
            ConnectionAbortedError: the client did not wait for the answer.
        """
        if self._hosts.allow(target.host, target.port):
            return True
        asking = self._tasks.spawn(self._requests.allow(self._worktree, target.place), "question")
        leaving = self._tasks.spawn(_end_of_client(reader, sent), "client")
        try:
            await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise ConnectionAbortedError(f"nobody waits for {target.place} any more")
            return asking.result()
        finally:
            asking.cancel()
            leaving.cancel()
            await asyncio.gather(asking, leaving, return_exceptions=True)

    async def _connect(self, target: ProxyTarget) -> Streams | ProxyRefusal:
        """A connection to an allowed host, by the address that was checked."""
        place = target.place
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
                addresses = [str(one[4][0]) for one in found if not is_this_machine(str(one[4][0]))]
                if not addresses:
                    text = f"{place} leads to this machine: name its port in sandbox.hosts, localhost:{target.port}."
                    return self._refuse(place, text)
                return await _open_first(addresses, target.port)
        except (OSError, TimeoutError, UnicodeError) as error:
            return ProxyRefusal("502 Bad Gateway", f"{place} cannot be reached: {error}")

    def _refuse(self, place: str, text: str) -> ProxyRefusal:
        if place not in self.refused and len(self.refused) < REFUSED_MAX:
            self.refused.add(place)
            log.warning("sandbox refused a connection", extra={"agent": self._name, "host": place})
        return ProxyRefusal("403 Forbidden", text)


def read_target(head: bytes) -> ProxyTarget | ProxyRefusal:
    """What a request's head asks for."""
    line, _, fields = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3:
        return ProxyRefusal("400 Bad Request", "This is no HTTP request.")
    method, address, _ = words
    tunnel = method == "CONNECT"
    try:
        parts = urlsplit(f"//{address}" if tunnel else address)
        port = parts.port or (443 if tunnel else 80)
    except ValueError as error:
        return ProxyRefusal("400 Bad Request", f"{address} is no address: {error}.")
    if not parts.hostname or not (tunnel or parts.scheme == "http"):
        return ProxyRefusal("400 Bad Request", "This is a proxy: it takes CONNECT, and http addresses with their host.")
    if tunnel:
        return ProxyTarget(parts.hostname, port, b"")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kept = [one for one in fields.split(b"\r\n") if one and not one.lower().startswith((b"proxy-", b"connection:"))]
    lines = [f"{method} {path} HTTP/1.1".encode("latin-1"), *kept, b"Connection: close", b"", b""]
    return ProxyTarget(parts.hostname, port, b"\r\n".join(lines))


async def _end_of_client(reader: asyncio.StreamReader, sent: bytearray) -> None:
    """Wait until a client that waits for its answer is gone.

    Args:
        sent: gets what it sends meanwhile. After EARLY_MAX_BYTES the end is not noticed any more.
    """
    with suppress(OSError):
        while data := await reader.read(CHUNK_BYTES):
            sent += data
            if len(sent) > EARLY_MAX_BYTES:
                await asyncio.get_running_loop().create_future()


async def _open_first(addresses: Sequence[str], port: int) -> Streams:
    """A connection to the first address that answers; each gets its share of the time."""
    for address in addresses[:-1]:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT_S / len(addresses)):
                return await asyncio.open_connection(address, port)
    return await asyncio.open_connection(addresses[-1], port)


async def _relay(one: Streams, other: Streams) -> None:
    """Copy both ways until both sides have said all, or one is gone."""
    copies = asyncio.gather(_copy(one[0], other[1]), _copy(other[0], one[1]))
    try:
        await copies
    finally:
        copies.cancel()
        other[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.write_eof()
