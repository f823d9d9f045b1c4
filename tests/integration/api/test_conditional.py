"""The version in addresses, HEAD for every GET, and entity tags for who polls."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import connect

from tests.fixtures.api import Api
from tests.fixtures.row_builders import add_place

POLLED = ("/api/v1/health", "/api/v1/sessions", "/api/v1/tasks", "/api/v1/sessions/{session_id}")


@pytest.mark.parametrize("path", POLLED)
async def test_an_answer_comes_again_only_when_it_has_changed(api: Api, path: str) -> None:
    async with api.database.connection() as conn:
        place = await add_place(conn)
    path = path.format(session_id=place.session_id)
    first = await api.http.get(path)
    assert first.status_code == 200
    for known in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        same = await api.http.get(path, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (await api.http.get(path, headers={"If-None-Match": '"other"'})).content == first.content


async def test_a_change_changes_the_tag(api: Api) -> None:
    async with api.database.connection() as conn:
        place = await add_place(conn)
    path = f"/api/v1/sessions/{place.session_id}"
    tag = (await api.http.get(path)).headers["ETag"]
    await api.http.patch(path, json={"title": "another"})
    news = await api.http.get(path, headers={"If-None-Match": tag})
    assert (news.status_code, news.json()["title"]) == (200, "another")


async def test_head_is_get_without_the_body(api: Api) -> None:
    async with api.database.connection() as conn:
        place = await add_place(conn)
    for path in ("/api/v1/health", "/api/health", "/openapi.json", "/api/v1/tasks/nothing", "/favicon.svg"):
        got, head = await api.http.get(path), await api.http.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert (head.headers["content-type"], head.headers.get("etag")) == (
            got.headers["content-type"],
            got.headers.get("etag"),
        )
    async with asyncio.timeout(10):  # a stream has no end, its head has
        head = await api.http.head(f"/api/v1/sessions/{place.session_id}/stream")
    assert head.headers["content-type"].startswith("text/event-stream")
    async with asyncio.timeout(10):
        while api.broker.statistics().subscriptions:
            await asyncio.sleep(0.01)
    assert (await api.bare.head("/api/v1/health")).status_code == 401


async def test_a_version_that_is_not_there_has_no_routes(api: Api) -> None:
    for path in ("/api/v2/health", "/api/v1/v1/health", "/api/v1"):
        assert (await api.http.get(path)).json()["code"] == "route_not_found"


async def test_the_stream_has_a_version_too(api: Api) -> None:
    async with connect(f"ws://{api.host}/api/v1/stream", additional_headers=api.bearer) as socket:
        await socket.send('{"op": "ping"}')
        assert await socket.recv() == '{"type":"pong"}'


async def test_head_does_not_use_up_a_sign_in_link(api: Api) -> None:
    """Previews of links and mail scanners ask with HEAD."""
    path = (await api.http.post("/api/login-codes")).json()["path"]
    answer = await api.bare.head(path)
    assert answer.status_code >= 400 and "set-cookie" not in answer.headers
    assert "set-cookie" in (await api.bare.get(path)).headers
