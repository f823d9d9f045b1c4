"""Every route against every way of getting past the security shell; the WebSocket likewise, before its upgrade."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute
from websockets.exceptions import InvalidStatus

from boocoder.api.access import READS, Access, access, access_of, require_access
from boocoder.api.application import ROUTERS
from boocoder.api.middleware.response_headers import SECURITY_HEADERS
from boocoder.db.conversation import sessions
from boocoder.db.registry import projects
from boocoder.db.tasks import tasks
from boocoder.model.limits import BODY_MAX_BYTES
from tests.fixtures.api import Api

BAD_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:99999",
    "127.0.0.1.:{port}",
    "localhost.:{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.1:{port}.evil.example",
    "[::1]",
    "[::1]:1",
    "0.0.0.0:{port}",
    "2130706433:{port}",
    "boocoder.example.evil:{port}",
)
BAD_ORIGINS = (
    "null",
    "http://evil.example",
    "https://evil.example",
    "http://127.0.0.1",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:1",
    "http://127.0.0.1:{port}.evil.example",
    "http://LOCALHOST:{port}",
    "http://localhost:{port}/",
    "http://user@localhost:{port}",
    "file://",
    "http://localhost:{port} http://evil.example",
)
GOOD_HOSTS = ("127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "boocoder.example")


@dataclass(frozen=True)
class Call:
    """One route with ids filled in."""

    method: str
    path: str


def http_calls() -> list[Call]:
    """Every route of the application, and addresses that are none."""
    calls = [Call("GET", "/api/none"), Call("GET", "/openapi.json"), Call("GET", "/docs"), Call("GET", "/static/../x")]
    for route in all_routes():
        for method in sorted(getattr(route, "methods", None) or ()):
            path = str(getattr(route, "path", ""))
            for name in ("project_id", "session_id", "chat_id", "message_id", "task_id", "change_id"):
                path = path.replace(f"{{{name}}}", str(uuid4()))
            calls.append(Call(method, path.replace("{part}", "0")))
    return calls


def all_routes() -> Iterator[BaseRoute]:
    for router in ROUTERS:
        yield from router.routes


async def answers(
    api: Api, headers: list[tuple[str, str]], *, content: bytes | None = None, only_writes: bool = False
) -> AsyncIterator[tuple[Call, httpx2.Response]]:
    """The answer of every route to a request with these headers."""
    for call in http_calls():
        if only_writes and call.method == "GET":
            continue
        filled = [(name, value.format(port=api.port)) for name, value in headers]
        yield call, await api.bare.request(call.method, call.path, headers=filled, content=content)


async def expect(
    api: Api, status: int, headers: list[tuple[str, str]], *, content: bytes | None = None, only_writes: bool = False
) -> None:
    count = 0
    async for call, answer in answers(api, headers, content=content, only_writes=only_writes):
        assert answer.status_code == status, (call, headers, answer.status_code, answer.text)
        assert answer.json()["code"]
        assert "Traceback" not in answer.text
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value, (call, name)
        count += 1
    assert count >= 8


async def assert_no_effects(api: Api) -> None:
    async with api.database.connection() as conn:
        assert await projects.list_projects(conn) == []
        assert await sessions.list_sessions(conn) == []
        assert (await tasks.count_tasks(conn)).pending == 0
    assert api.agents.probes == []


async def test_every_route_needs_the_right_token(api: Api) -> None:
    token = api.server.token
    wrong = [
        [],
        [("Authorization", "Bearer wrong")],
        [("Authorization", f"Bearer {token[:-1]}")],
        [("Authorization", f"Bearer {token}x")],
        [("Authorization", f"Basic {token}")],
        [("Authorization", token)],
        [("Authorization", "")],
        [("Authorization", "Bearer wrong"), ("Authorization", f"Bearer {token}")],
        [("Authorization", f"Bearer {token}"), ("Authorization", "Bearer wrong")],
        [("Cookie", f"boocoder_{api.port}={token}")],
        [("Cookie", f"boocoder_{api.port}=9999999999.{'0' * 64}")],
        [("X-Forwarded-For", "127.0.0.1"), ("X-HTTP-Method-Override", "GET")],
    ]
    for headers in wrong:
        await expect(api, 401, headers)
    in_url = await api.bare.get("/api/tasks", params={"token": token, "access_token": token})
    assert in_url.status_code == 401
    assert in_url.headers["www-authenticate"] == "Bearer"
    await assert_no_effects(api)


async def test_every_route_needs_one_of_our_names(api: Api) -> None:
    for host in BAD_HOSTS:
        await expect(api, 403, [("Host", host), *api.bearer.items()])
    for host in GOOD_HOSTS:
        answer = await api.http.get("/api/health", headers={"Host": host.format(port=api.port)})
        assert answer.status_code == 200, host
    await assert_no_effects(api)


async def test_no_route_listens_to_a_foreign_page(api: Api) -> None:
    for origin in BAD_ORIGINS:
        await expect(api, 403, [("Origin", origin), *api.bearer.items()])
    for site in ("cross-site", "same-site"):
        await expect(api, 403, [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors"), *api.bearer.items()])
    framed = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]
    await expect(api, 403, [*framed, *api.bearer.items()])
    ours = await api.http.get("/api/health", headers={"Origin": f"http://localhost:{api.port}"})
    assert ours.status_code == 200
    await assert_no_effects(api)


async def test_only_json_is_parsed(api: Api) -> None:
    types = (
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/jsonp",
        "",
    )
    for media_type in types:
        headers = [("Content-Type", media_type), *api.bearer.items()]
        await expect(api, 415, headers, content=b'{"path":"/tmp"}', only_writes=True)
    await expect(api, 415, [*api.bearer.items()], content=b'{"path":"/tmp"}', only_writes=True)
    await assert_no_effects(api)


async def test_bodies_are_bounded_announced_or_not(api: Api) -> None:
    headers = [("Content-Type", "application/json"), *api.bearer.items()]
    await expect(api, 413, headers, content=b"[" + b" " * (BODY_MAX_BYTES + 1_000_000), only_writes=True)

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"prompt":"'
        for _ in range(80):
            yield b"x" * 65_536

    for path in ("/api/tasks", "/api/projects", "/api/sessions", "/api/agents/probe", f"/api/tasks/{uuid4()}/cancel"):
        answer = await api.http.post(path, content=chunks(), headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large"), path
    await assert_no_effects(api)


async def test_a_chunked_body_without_end_is_cut_off(api: Api) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = (
        f"POST /api/tasks HTTP/1.1\r\nHost: {api.host}\r\nAuthorization: Bearer {api.server.token}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode())
    sent = 0
    async with asyncio.timeout(60):
        while sent < 2 * BODY_MAX_BYTES:
            writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            await writer.drain()
            sent += 65_536
        assert b" 413 " in await reader.readline()
    writer.close()
    assert (await api.http.get("/api/health")).status_code == 200


async def test_the_socket_is_refused_before_its_upgrade(api: Api) -> None:
    bearer = api.bearer
    refused = [
        (401, {}),
        (401, {"Authorization": "Bearer wrong"}),
        (401, {"Cookie": f"boocoder_{api.port}={api.server.token}"}),
        *((403, {**bearer, "Origin": origin.format(port=api.port)}) for origin in BAD_ORIGINS),
        (403, {**bearer, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "websocket"}),
    ]
    for status, headers in refused:
        with pytest.raises(InvalidStatus) as caught:
            async with api.connect(headers):
                pass
        assert caught.value.response.status_code == status, headers
    for host in BAD_HOSTS:
        assert b" 403 " in await raw_upgrade(api, host.format(port=api.port)), host
    assert b" 101 " in await raw_upgrade(api, f"localhost:{api.port}")


async def raw_upgrade(api: Api, host: str) -> bytes:
    """The status line of a WebSocket handshake that names this host."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    request = (
        f"GET /api/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {api.server.token}\r\n\r\n"
    )
    writer.write(request.encode())
    try:
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


async def test_strange_paths_reach_nothing(api: Api) -> None:
    paths = (
        "/api/tasks%2f..%2fhealth",
        "/api/..;/health",
        "/api/tasks/%00",
        "//api/health",
        "/api//health",
        "/API/HEALTH",
        "/login/../api/tasks",
        "/login%2f..%2fapi/tasks",
        "/static/%2e%2e/index.html",
        "/api/health/",
        "/api/projects/..%2f..%2fetc%2fpasswd",
    )
    for path in paths:
        head = f"GET {path} HTTP/1.1\r\nHost: {api.host}\r\nConnection: close\r\n"
        assert b" 401 " in await raw(api, head), path
        answer = await raw(api, head + f"Authorization: Bearer {api.server.token}\r\n")
        assert answer.split()[1] in (b"404", b"422"), (path, answer)


async def raw(api: Api, head: str) -> bytes:
    """The first line of the answer to a raw request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"{head}\r\n".encode())
    try:
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


def test_every_route_declares_its_access_and_reads_on_get() -> None:
    routes = list(all_routes())
    assert len(routes) > 25
    assert all(access_of(route) is not None for route in routes)
    assert {access_of(route) for route in routes if "GET" in getattr(route, "methods", ())} == READS


def test_a_route_without_access_cannot_be_served() -> None:
    async def forgotten() -> None: ...

    @access(Access.WRITE)
    async def careless() -> None: ...

    for endpoint in (forgotten, careless):
        app = FastAPI(openapi_url=None)
        app.add_api_route("/x", endpoint, methods=["GET"])
        with pytest.raises(RuntimeError, match="/x"):
            require_access(app)
