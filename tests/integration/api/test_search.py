"""Search over all transcripts: what is found, in which order, and that no text can break it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from boocoder.db.conversation import events, messages
from boocoder.db.core.pool import Connection
from boocoder.events.batch import PartItem, TextItem
from boocoder.model.ids import MessageId, new_id
from boocoder.model.task import MessageRole, MessageStatus, PartKind
from tests.fixtures.api import Api
from tests.fixtures.row_builders import (
    Owner,
    Place,
    add_answer,
    add_host,
    add_message,
    add_place,
    add_running,
    add_task,
    end,
)


async def asked(conn: Connection, place: Place, prompt: str) -> MessageId:
    """A person's message."""
    task_id = await add_task(conn, place, prompt=prompt)
    message_id = MessageId(new_id())
    await add_message(
        conn,
        message_id,
        session_id=place.session_id,
        chat_id=place.chat_id,
        task_id=task_id,
        role=MessageRole.USER,
    )
    return message_id


async def answered(
    conn: Connection, owner: Owner, place: Place, *texts: str, kind: PartKind = PartKind.TEXT, done: bool = True
) -> MessageId:
    """An agent's message of one part, streamed in pieces."""
    task = await add_running(conn, owner, place)
    message_id = await add_answer(conn, task)
    items: list[PartItem | TextItem] = [PartItem(message_id, 0, kind, "0")]
    offset = 0
    for text in texts:
        items.append(TextItem(message_id, 0, offset, text))
        offset += len(text)
    await events.record_batch(conn, None, place.session_id, items)
    if done:
        await messages.finish_message(conn, message_id, MessageStatus.COMPLETE)
        await end(conn, owner, task)
    return message_id


async def found(api: Api, query: str) -> list[str]:
    answer = await api.http.get("/api/search", params={"q": query})
    assert answer.status_code == 200, answer.text
    return [hit["message_id"] for hit in answer.json()]


async def test_prompts_and_answers_are_found_with_their_place_and_marked_words(api: Api) -> None:
    async with api.database.transaction() as conn:
        place, owner = await add_place(conn), await add_host(conn)
        answer = await answered(conn, owner, place, "The parser dro", "pped its last to", "ken.")
        prompt = await asked(conn, place, "Why does the parser drop tokens?")
        await asked(conn, place, "Something else")
    hits = (await api.http.get("/api/search", params={"q": "parser"})).json()
    assert {hit["message_id"] for hit in hits} == {str(prompt), str(answer)}
    hit = next(hit for hit in hits if hit["message_id"] == str(answer))
    assert (hit["role"], hit["agent"], hit["session_title"]) == ("assistant", "scripted", "session")
    assert (hit["session_id"], hit["chat_id"]) == (str(place.session_id), str(place.chat_id))
    assert hit["snippet"] == [
        {"text": "The ", "hit": False},
        {"text": "parser", "hit": True},
        {"text": " dropped its last token.", "hit": False},
    ]
    assert await found(api, "dropped token") == [str(answer)]  # words that came in pieces


async def test_all_words_have_to_be_there_and_the_last_may_be_begun(api: Api) -> None:
    async with api.database.transaction() as conn:
        place = await add_place(conn)
        one = str(await asked(conn, place, "Rename settle_turn in src/boocoder/dispatch/settle.py"))
        two = str(await asked(conn, place, "Die Prüfung der ÜBERGABE - see https://example.org/a?b=1 …"))
    assert await found(api, "rename sett") == [one]
    assert await found(api, "boocoder DISPATCH") == [one]
    assert await found(api, "settle.py") == [one]
    assert await found(api, "ren settle") == []  # only the last word may be begun
    assert await found(api, "übergabe") == [two]
    assert await found(api, "example prüf") == [two]
    assert await found(api, "rename prüfung") == []


async def test_what_streams_and_what_an_agent_thinks_is_not_found(api: Api) -> None:
    async with api.database.transaction() as conn:
        owner = await add_host(conn)
        await answered(conn, owner, await add_place(conn), "a hidden thought", kind=PartKind.REASONING)
        await answered(conn, owner, await add_place(conn), "a hidden half", done=False)
    assert await found(api, "hidden") == []


async def test_results_are_bounded_and_the_best_comes_first(api: Api) -> None:
    async with api.database.transaction() as conn:
        place = await add_place(conn)
        best = str(await asked(conn, place, "needle needle needle"))
        for number in range(6):
            await asked(conn, place, f"needle {number} " + "in a long stack of hay " * 30)
    hits = (await api.http.get("/api/search", params={"q": "needle", "limit": 3})).json()
    assert len(hits) == 3
    assert hits[0]["message_id"] == best


@pytest.mark.parametrize("query", ["'", "a' & !b:*", ":*", "\\", "<b>", "(((", " ", "!!! ???", "%_%", "\u2026", "a|b"])
async def test_no_query_is_a_syntax_error(api: Api, query: str) -> None:
    async with api.database.transaction() as conn:
        await asked(conn, await add_place(conn), "a b")
    await found(api, query)


@pytest.mark.parametrize("query", ["", "a" * 201, "a\0b"])
async def test_a_query_that_cannot_be_right_is_refused(api: Api, query: str) -> None:
    assert (await api.http.get("/api/search", params={"q": query})).status_code == 422


async def test_no_text_is_too_long_or_too_odd_to_be_kept(api: Api) -> None:
    rare = "".join(chr(0x20000 + number % 40_000) + " " for number in range(120_000))
    async with api.database.transaction() as conn:
        place, owner = await add_place(conn), await add_host(conn)
        await answered(conn, owner, await add_place(conn), "x" * 5_000, "y" * 200_000)
        await asked(conn, place, rare)
        await asked(conn, place, "<a href='b'>&amp;</a> " + "http://" + "a/" * 50_000)
        late = str(await asked(conn, place, "word " * 30_000 + f"needle{uuid4().hex[:4]}"))
        await asked(conn, place, "\x01 \ufffd \u202e")
    assert await found(api, "needle") == [late]
