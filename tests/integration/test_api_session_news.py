"""The socket names sessions that moved, so that a list is fresh without a subscription to each."""

from __future__ import annotations

import json
from typing import Any

from tests.fixtures.api import Api, ClientConnection
from tests.fixtures.rows import add_place


async def said(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await socket.recv())
    return found


async def test_sessions_that_move_are_named_until_it_is_enough(api: Api) -> None:
    async with api.database.transaction() as conn:
        one, other = await add_place(conn), await add_place(conn)
    async with api.connect() as socket:
        await socket.send('{"op":"watch_sessions"}')
        assert await said(socket) == {"type": "sessions", "ids": []}
        for place in (one, other, one):
            await api.http.post("/api/tasks", json={"chat_id": str(place.chat_id), "prompt": "go"})
        named: set[str] = set()
        while len(named) < 2:
            named |= set((await said(socket))["ids"])
        assert named == {str(one.session_id), str(other.session_id)}
        await socket.send('{"op":"unwatch_sessions"}')
        while (await said(socket))["type"] != "sessions_unwatched":
            pass
        await api.http.post("/api/tasks", json={"chat_id": str(one.chat_id), "prompt": "go"})
        await socket.send('{"op":"ping"}')
        assert await said(socket) == {"type": "pong"}
