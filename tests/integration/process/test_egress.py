"""The profile files+network: what a process without a network reaches through boocoder, with real sockets."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from boocoder.errors import ProcessError
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.network.allowed_hosts import allowed_hosts
from boocoder.process.sandbox.network.egress import CONNECTIONS_MAX, Egress
from boocoder.process.sandbox.network.host_requests import HostRequests
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from boocoder.process.supervised_run import run_supervised
from tests.fixtures.program.pages import lan_address, pages
from tests.waiting import until

WORKTREE = Path("/worktrees/one")
FETCH = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, timeout=20).read().decode())
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode().strip())
    except OSError as error:
        print("no", error)
"""
TUNNEL = """
import os, socket, sys
from urllib.parse import urlsplit
proxy = urlsplit(os.environ["HTTPS_PROXY"])
for place in sys.argv[1:]:
    with socket.create_connection((proxy.hostname, proxy.port), timeout=20) as there:
        there.sendall(f"CONNECT {place} HTTP/1.1\\r\\nHost: {place}\\r\\n\\r\\n".encode())
        answer = there.recv(4096)
        if b" 200 " in answer:
            there.sendall(b"GET /tunnel HTTP/1.0\\r\\n\\r\\n")
            while data := there.recv(4096):
                answer += data
        print(answer.splitlines()[0].decode(), answer.splitlines()[-1].decode())
"""
DIRECT = """
import socket, sys
for place in sys.argv[1:]:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5)
        print("connected")
    except OSError:
        print("refused")
"""


@asynccontextmanager
async def confined(root: Path, *entries: str) -> AsyncIterator[ProcessHost]:
    support = await find_support(own_network=True)
    if support.mechanism is not SandboxMechanism.BUBBLEWRAP:
        pytest.skip(f"the network cannot be limited here: {support.reason}")
    policy = SandboxPolicy(SandboxProfile.NETWORK, hosts=allowed_hosts(entries))
    sandbox = Sandbox(policy=policy, home=root / "home", data_dir=root / "home/data", support=support)
    host = ProcessHost(state_dir=root / "host", instance="egress", sandbox=sandbox)
    await host.start()
    (root / "home/data/worktrees/one").mkdir(parents=True)
    try:
        yield host
    finally:
        await host.stop()


async def said(host: ProcessHost, root: Path, program: str, *arguments: str) -> list[str]:
    """The lines that a Python program prints in the sandbox."""
    worktree = root / "home/data/worktrees/one"
    use = SandboxUse("claude", worktree, project=root / "home")
    command = Command(("python3", "-c", program, *arguments), worktree, agent_environment(), use)
    done = await run_supervised(host, command, timeout_s=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().splitlines()


async def test_only_named_hosts_are_reached_by_http_and_by_tunnel(tmp_path: Path) -> None:
    address = lan_address()
    with pages(address) as allowed, pages(address) as other:
        async with confined(tmp_path, f"{address}:{allowed}") as host:
            seen = await said(
                host,
                tmp_path,
                FETCH,
                f"http://{address}:{allowed}/a?b=c",
                f"http://{address}:{other}/",
                "http://x.test/",
            )
            assert seen[0] == "page /a?b=c"
            assert seen[1].startswith("403") and "sandbox.hosts does not name it" in seen[1]
            assert seen[2].startswith("403")
            seen = await said(host, tmp_path, TUNNEL, f"{address}:{allowed}", f"{address}:{other}")
            assert seen[0] == "HTTP/1.1 200 Connection established page /tunnel"
            assert seen[1].startswith("HTTP/1.1 403 Forbidden")
            assert await said(host, tmp_path, DIRECT, f"{address}:{allowed}") == ["refused"]


async def test_ports_of_this_machine_are_reached_if_they_are_named(tmp_path: Path) -> None:
    with pages("127.0.0.1") as allowed, pages("127.0.0.1") as other:
        async with confined(tmp_path, f"localhost:{allowed}", f"loopback.localhost:{other}") as host:
            assert await said(host, tmp_path, FETCH, f"http://127.0.0.1:{allowed}/here") == ["page /here"]
            assert await said(host, tmp_path, DIRECT, f"127.0.0.1:{other}") == ["refused"]
            (tunnel,) = await said(host, tmp_path, TUNNEL, f"loopback.localhost:{other}")
            assert tunnel.startswith(("HTTP/1.1 403", "HTTP/1.1 502"))  # by the name's address, or no such name


async def test_a_server_of_all_sessions_and_a_weaker_machine_are_refused(tmp_path: Path) -> None:
    async with confined(tmp_path) as host:
        shared = Command(("true",), tmp_path, agent_environment(), SandboxUse("opencode", every_session=True))
        with pytest.raises(ProcessError, match="serves all sessions") as caught:
            await host.spawn(shared)
        assert caught.value.code == "sandbox_unavailable" and "agents.opencode.server" in caught.value.cure
    weaker = await find_support((), own_network=True)
    assert weaker.mechanism is SandboxMechanism.NONE and "Only bubblewrap" in weaker.reason


@asynccontextmanager
async def served(*entries: str, requests: HostRequests | None = None) -> AsyncIterator[tuple[str, int]]:
    """The address of a proxy as a sandbox hands it over."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    asked = requests or HostRequests()
    egress = Egress(ours, allowed_hosts(entries), name="test", requests=asked, worktree=WORKTREE)
    with theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        egress.start()
        socket.send_fds(theirs, [b"x"], [listener.fileno()])
        try:
            yield listener.getsockname()
        finally:
            await egress.stop()


async def test_a_host_is_reached_by_the_first_of_its_addresses_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    address, loop = lan_address(), asyncio.get_running_loop()

    async def found(host: str, port: int, **_: object) -> list[object]:
        return [(0, 0, 0, "", (one, port)) for one in ("255.255.255.255", address)]

    with pages(address) as port:
        async with served("two.test") as proxy:
            reader, writer = await asyncio.open_connection(*proxy)
            monkeypatch.setattr(loop, "getaddrinfo", found)
            writer.write(f"CONNECT two.test:{port} HTTP/1.1\r\n\r\n".encode())
            assert await reader.readline() == b"HTTP/1.1 200 Connection established\r\n"
            writer.close()


async def test_clients_that_leave_while_a_person_is_asked_give_their_places_back() -> None:
    requests, asked = HostRequests(), asyncio.Event()

    async def never(_: str) -> bool:
        asked.set()
        return await asyncio.get_running_loop().create_future()

    async with requests.during_turn(WORKTREE, never), served(requests=requests) as proxy:
        for number in range(CONNECTIONS_MAX):
            _, writer = await asyncio.open_connection(*proxy)
            body = b"" if number % 2 else b"more"
            writer.write(b"POST http://x.test/ HTTP/1.1\r\n\r\n" + body)
            await asked.wait()
            writer.close()
        reader, writer = await asyncio.open_connection(*proxy)
        writer.write(b"CONNECT no\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()


async def test_what_a_client_sends_while_a_person_is_asked_arrives() -> None:
    requests, asked, decided = HostRequests(), asyncio.Event(), asyncio.Event()

    async def ask(_: str) -> bool:
        asked.set()
        return await decided.wait()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(head.splitlines()[0] + await reader.readexactly(10))
        writer.close()

    server = await asyncio.start_server(echo, lan_address(), 0)
    async with server, requests.during_turn(WORKTREE, ask), served(requests=requests) as proxy:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*proxy)
        writer.write(f"POST http://{host}:{port}/a HTTP/1.1\r\nContent-Length: 10\r\n\r\n".encode())
        await asked.wait()
        writer.write(b"early")
        decided.set()
        writer.write(b" late")
        assert await reader.read() == b"POST /a HTTP/1.1early late"
        writer.close()


async def test_the_proxy_outlasts_a_want_of_descriptors(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with served() as proxy:
        reader, writer = await asyncio.open_connection(*proxy)
        writer.write(b"CONNECT x.test:1 HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 403")
        writer.close()
        with socket.socket() as client:
            client.setblocking(False)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            try:
                await loop.sock_connect(client, proxy)
                await until(lambda: "egress cannot accept" in caplog.text)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            await loop.sock_sendall(client, b"CONNECT x.test:1 HTTP/1.1\r\n\r\n")
            assert (await loop.sock_recv(client, 100)).startswith(b"HTTP/1.1 403")
