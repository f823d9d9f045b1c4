"""Messages of a chat over HTTP: their parts in pages, and long texts in pages."""

from __future__ import annotations

from typing import Any

from boocoder.client.http_client import Client
from boocoder.client.messages import read_messages
from boocoder.db.conversation import events
from boocoder.events.batch import PartItem, TextItem, ToolTextItem
from boocoder.model.ids import new_id
from boocoder.model.limits import PAGE_PARTS_MAX
from boocoder.model.task import PartKind
from tests.fixtures.api import Api
from tests.fixtures.row_builders import add_answer, add_host, add_place, add_running, end


async def test_messages_come_with_their_parts_and_long_texts_in_pages(api: Api) -> None:
    async with api.database.transaction() as conn:
        owner, place = await add_host(conn), await add_place(conn)
        task = await add_running(conn, owner, place)
        message_id = await add_answer(conn, task)
        await events.record_batch(
            conn,
            None,
            place.session_id,
            [
                PartItem(message_id, 0, PartKind.TEXT, "t"),
                TextItem(message_id, 0, 0, "hello "),
                TextItem(message_id, 0, 6, "wörld 🎈"),
                PartItem(message_id, 1, PartKind.TOOL_CALL, "c", b'{"name":"bash","status":"completed"}'),
                ToolTextItem(message_id, 1, "output", 0, "x" * 20_000),
            ],
        )
    listed = (await api.http.get(f"/api/chats/{place.chat_id}/messages")).json()
    assert [part["kind"] for part in listed[0]["parts"]] == ["text", "tool_call"]
    assert (listed[0]["parts"][0]["text"], listed[0]["parts"][0]["text_chars"]) == ("hello wörld 🎈", 13)
    assert listed[0]["parts"][1]["data"] == {"name": "bash", "status": "completed"}
    path = f"/api/messages/{message_id}/parts/1/text"
    page = (await api.http.get(path, params={"field": "output", "offset": 19_990, "limit": 100})).json()
    assert page == {"offset": 19_990, "text": "x" * 10, "total_chars": 20_000}
    rest = (await api.http.get(f"/api/chats/{place.chat_id}/messages", params={"after": listed[-1]["ord"]})).json()
    newest = {"before": 2**63 - 1, "limit": 1}
    assert (await api.http.get(f"/api/chats/{place.chat_id}/messages", params=newest)).json() == listed[-1:]
    earlier = {"before": listed[-1]["ord"]}
    assert (await api.http.get(f"/api/chats/{place.chat_id}/messages", params=earlier)).json() == listed[:-1]
    assert rest == []


async def test_a_message_of_many_parts_comes_in_pages(api: Api) -> None:
    async with api.database.transaction() as conn:
        owner, place = await add_host(conn), await add_place(conn)
        task = await add_running(conn, owner, place)
        message_id = await add_answer(conn, task)
        items = [PartItem(message_id, part, PartKind.NOTICE, str(part), b'{"code":"x"}') for part in range(450)]
        await events.record_batch(conn, None, place.session_id, items)
    path, parts_path = f"/api/chats/{place.chat_id}/messages", f"/api/messages/{message_id}/parts"

    async def listed(path: str, **params: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await api.http.get(path, params=params)).json()
        return found

    def numbers(parts: list[dict[str, Any]]) -> list[int]:
        return [part["part"] for part in parts]

    [oldest] = await listed(path)
    assert (oldest["part_count"], numbers(oldest["parts"])) == (450, list(range(200)))
    [newest] = await listed(path, before=2**63 - 1, parts=3)
    assert (newest["part_count"], numbers(newest["parts"])) == (450, [447, 448, 449])
    assert numbers(await listed(parts_path)) == list(range(200))
    assert numbers(await listed(parts_path, after=399)) == list(range(400, 450))
    assert numbers(await listed(parts_path, before=447, limit=2)) == [445, 446]
    assert await listed(parts_path, after=449) == []
    assert (await api.http.get(f"/api/messages/{new_id()}/parts")).json()["code"] == "message_not_found"


async def test_a_page_of_messages_has_a_bounded_number_of_parts(api: Api) -> None:
    made: list[str] = []
    async with api.database.transaction() as conn:
        owner, place = await add_host(conn), await add_place(conn)
        for _ in range(12):
            task = await add_running(conn, owner, place)
            message_id = await add_answer(conn, task)
            items = [PartItem(message_id, part, PartKind.NOTICE, str(part), b"{}") for part in range(190)]
            await events.record_batch(conn, None, place.session_id, items)
            await end(conn, owner, task)
            made.append(str(message_id))
    path = f"/api/chats/{place.chat_id}/messages"
    newest = {"before": 2**63 - 1}
    for params, whole in (({}, made[:10]), (newest, made[2:])):
        found = {message["id"]: message for message in (await api.http.get(path, params=params)).json()}
        assert [message["part_count"] for message in found.values()] == [190] * 12
        assert sum(len(message["parts"]) for message in found.values()) == PAGE_PARTS_MAX
        assert all(len(found[one]["parts"]) == 190 for one in whole)
    async with Client(url=api.server.url, token=api.server.token) as client:
        read = [message async for message in read_messages(client, place.chat_id)]
    assert [[part.part for part in message.parts] for message in read] == [list(range(190))] * 12
