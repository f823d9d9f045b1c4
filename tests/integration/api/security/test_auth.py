"""Signing in: the token's file, one-time codes, the cookie, and what a browser may do with it."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from boocoder.api.auth import CODES_MAX, Authenticator, load_token
from boocoder.api.bind import allow_list, check_bind
from boocoder.api.browsers import Browsers
from boocoder.db.core.pool import Database
from boocoder.errors import InvalidInput
from boocoder.model.ids import HostId, new_id
from tests.fixtures.api import Api


def test_the_token_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    token = load_token(tmp_path)
    assert load_token(tmp_path) == token
    assert len(token) >= 43
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64, b"a b" * 20])
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        load_token(tmp_path)
    assert caught.value.code == "token_unreadable"
    assert caught.value.cure


async def test_cookies_outlive_a_restart_and_die_with_the_token(database: Database) -> None:
    host_id = HostId(new_id())
    first = Browsers(database=database, host_id=host_id, key="a" * 43)
    cookie = await first.sign_in(user_agent="A browser", peer="127.0.0.1")
    again = Browsers(database=database, host_id=host_id, key="a" * 43)
    assert again.find(cookie) is None
    await again.load()
    found = again.find(cookie)
    assert found is not None and found.user_agent == "A browser"
    for other_host, key in ((host_id, "b" * 43), (HostId(new_id()), "a" * 43)):
        other = Browsers(database=database, host_id=other_host, key=key)
        await other.load()
        assert other.find(cookie) is None
    for forged in ("", ".", found.cookie_hash, cookie[:-1], cookie + "0", "\u00e9.\u00e9", "\ud800"):
        assert again.find(forged) is None


async def test_a_browser_is_signed_out_alone_and_at_once(api: Api) -> None:
    def fresh() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=api.server.url, timeout=30, trust_env=False)

    origin = {"Origin": api.server.url}
    async with fresh() as one, fresh() as other:
        for client, name in ((one, "One/1.0"), (other, "Other/1.0")):
            path = api.server.login_url.removeprefix(api.server.url)
            assert (await client.get(path, headers={"User-Agent": name})).status_code == 303
        listed = (await one.get("/api/browsers")).json()
        assert [(each["user_agent"], each["current"]) for each in listed] == [("Other/1.0", False), ("One/1.0", True)]
        cookie = "; ".join(f"{name}={value}" for name, value in other.cookies.items())
        async with api.connect({"Cookie": cookie, **origin}) as socket:
            gone = await one.delete(f"/api/browsers/{listed[0]['id']}", headers=origin)
            assert (gone.status_code, gone.json()["user_agent"]) == (200, "Other/1.0")
            with pytest.raises(ConnectionClosed):
                async with asyncio.timeout(30):
                    while True:
                        await socket.recv()
        assert (await other.get("/api/health")).status_code == 401
        assert (await one.get("/api/health")).status_code == 200
        again = await one.delete(f"/api/browsers/{listed[0]['id']}", headers=origin)
        assert (again.status_code, again.json()["code"]) == (404, "browser_not_found")


def test_only_so_many_codes_wait() -> None:
    authenticator = Authenticator(token="a" * 43, port=1)
    codes = [authenticator.new_code() for _ in range(CODES_MAX + 1)]
    assert not authenticator.use_code(codes[0])
    assert authenticator.use_code(codes[1])
    assert not authenticator.use_code(codes[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_permission(host: str) -> None:
    check_bind(host, allow_remote=False)
    assert f"localhost:{7717}" in allow_list(7717, own=host).hosts


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "box.lan", "127.0.0.1.evil.example"])
def test_other_addresses_need_permission(host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_bind(host, allow_remote=False)
    assert caught.value.code == "bind_not_loopback"
    check_bind(host, allow_remote=True)


async def test_a_link_signs_in_one_browser_once(api: Api) -> None:
    link = api.server.login_url.removeprefix(api.server.url)
    signed_in = await api.bare.get(link)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert api.server.token not in cookie
    api.bare.cookies.clear()
    again = await api.bare.get(link)
    assert again.status_code == 401
    assert "This link does not work any more" in again.text
    assert "set-cookie" not in again.headers
    for query in ("", "?code=", "?code=wrong", "?code=a&code=b", f"?token={api.server.token}"):
        assert (await api.bare.get(f"/login{query}")).status_code == 401


async def test_a_cookie_reads_and_writes_only_from_our_own_page(api: Api) -> None:
    await api.bare.get(api.server.login_url.removeprefix(api.server.url))
    origin = {"Origin": api.server.url}
    assert (await api.bare.get("/api/health")).status_code == 200
    assert (await api.bare.post("/api/agents/probe", json={}, headers=origin)).status_code == 200
    without = await api.bare.post("/api/agents/probe", json={})
    assert (without.status_code, without.json()["code"]) == (403, "origin_missing")
    assert len(api.agents.probes) == 1
    cookie = f"{api.bare.cookies.jar.__iter__().__next__().name}={next(iter(api.bare.cookies.values()))}"
    async with api.connect({"Cookie": cookie, **origin}) as socket:
        await socket.send('{"op":"ping"}')
        assert await socket.recv() == '{"type":"pong"}'


async def test_a_new_link_comes_from_the_api(api: Api) -> None:
    made = await api.http.post("/api/login-codes")
    assert made.status_code == 201
    assert (await api.bare.get(made.json()["path"])).status_code == 303


async def test_the_page_is_self_contained_and_shown_after_sign_in_only(api: Api) -> None:
    asked = await api.bare.get("/", headers={"Accept": "text/html"})
    assert asked.status_code == 401
    assert "Not signed in" in asked.text and "boocoder open" in asked.text
    assert "<script" not in asked.text and "<style" not in asked.text and "style=" not in asked.text
    style = await api.bare.get("/sign-in.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "content-security-policy" in asked.headers
    await api.bare.get(api.server.login_url.removeprefix(api.server.url))
    page = await api.bare.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert '<script type="module"' in page.text or "is not built" in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    assert "style=" not in page.text
    for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        file = await api.bare.get(path)
        assert (file.status_code, file.headers["content-type"].split(";")[0]) == (200, kind)


async def test_a_browser_at_an_address_that_is_none_gets_the_page(api: Api) -> None:
    asks = {"Accept": "text/html,*/*;q=0.8"}
    page = await api.http.get("/", headers=asks)
    for path in ("/nowhere", "/sessions", "/tasks/9", "/%2e%2e/x", "/login/x"):
        stray = await api.http.get(path, headers=asks)
        assert (stray.status_code, stray.text) == (404, page.text), path
        assert stray.headers["content-security-policy"] == page.headers["content-security-policy"]
        assert (await api.bare.get(path, headers=asks)).status_code == 401


async def test_a_page_is_loaded_again_with_what_its_script_was_told(api: Api) -> None:
    for path in ("/?project=x", f"/sessions/{uuid4()}?message={uuid4()}"):
        assert (await api.http.get(path)).status_code == 200


async def test_whatever_else_is_not_found_is_told_as_a_problem(api: Api) -> None:
    asks = {"Accept": "text/html"}
    for answer in (
        await api.http.get("/nowhere"),
        await api.http.get("/api/nowhere", headers=asks),
        await api.http.get("/assets/none.js", headers=asks),
        await api.http.get(f"/api/sessions/{uuid4()}", headers=asks),
        await api.http.post("/nowhere", json={}, headers=asks),
    ):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
