"""The socket names sessions that moved, so that a list is fresh without a subscription to each."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from boocoder.broker import idle as silence
from boocoder.db.conversation import events
from boocoder.events.batch import EventItem
from boocoder.model.ids import SessionId
from tests.fixtures.api import Api, ClientConnection
from tests.fixtures.row_builders import add_host, add_place, add_running, end


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


NOTICE = EventItem("notice", b'{"type":"notice","code":"a","text":"x"}')


async def heard_at(api: Api, session_id: SessionId) -> datetime | None:
    row = (await api.http.get(f"/api/sessions/{session_id}")).json()
    (listed,) = (await api.http.get("/api/sessions")).json()
    assert listed == row
    return None if row["heard_at"] is None else datetime.fromisoformat(row["heard_at"])


async def test_a_session_tells_when_its_running_turn_was_heard_last(api: Api) -> None:
    async with api.database.transaction() as conn:
        host, place = await add_host(conn), await add_place(conn)
    assert await heard_at(api, place.session_id) is None
    async with api.database.transaction() as conn:
        task = await add_running(conn, host, place)
    began = await heard_at(api, place.session_id)
    assert began is not None
    async with api.database.connection() as conn:
        await events.record_batch(
            conn, None, place.session_id, [EventItem("queue_changed", b'{"type":"queue_changed"}')]
        )
        assert await heard_at(api, place.session_id) == began
        await events.record_batch(conn, (task.id, task.epoch, host.instance_id), place.session_id, [NOTICE])
    heard = await heard_at(api, place.session_id)
    assert heard is not None
    assert heard > began
    async with api.database.transaction() as conn:
        await end(conn, host, task)
    assert await heard_at(api, place.session_id) is None
    async with api.database.transaction() as conn:
        await add_running(conn, host, place)
    again = await heard_at(api, place.session_id)
    assert again is not None
    assert again > heard


async def test_a_session_that_falls_silent_is_named_and_so_when_it_speaks_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one whose turn another process runs: a hint of its numbers is all that is heard of it here."""
    monkeypatch.setattr(silence, "SILENT_S", 0.0)
    async with api.database.transaction() as conn:
        place = await add_place(conn)
    async with api.connect() as socket:
        await socket.send('{"op":"watch_sessions"}')
        assert await said(socket) == {"type": "sessions", "ids": []}
        api.broker.seen_until(place.session_id, 1)
        assert await said(socket) == {"type": "sessions", "ids": [str(place.session_id)]}
        monkeypatch.setattr(silence, "SILENT_S", 3600.0)
        api.broker.seen_until(place.session_id, 2)
        assert await said(socket) == {"type": "sessions", "ids": [str(place.session_id)]}
