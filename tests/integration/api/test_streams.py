"""Streams over real connections: resuming by seq, many sessions on one socket, clients that are stuck, stopping."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from boocoder.api.streaming.sse import EventStreamResponse
from boocoder.broker.broker import Broker
from boocoder.db.core.pool import Database
from boocoder.events.frames import CaughtUpFrame
from boocoder.model.ids import SessionId
from tests.fixtures.api import Api, running_api
from tests.fixtures.streams import MemoryStore, Recorder, Screen, commit_notices, delta, write_notices
from tests.integration.broker.test_database import DatabaseStore

NOBODY = UUID(int=7)
CONTROL = ("subscribed", "unsubscribed", "pong", "error")


async def sse_events(
    api: Api, session_id: SessionId, *, after: int = 0, headers: dict[str, str] | None = None
) -> AsyncIterator[tuple[str, bytes]]:
    """(id, data) of each event of a session."""
    path = f"/api/sessions/{session_id}/stream"
    async with api.http.stream("GET", path, params={"after": after}, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        number, data = "", b""
        async for line in response.aiter_lines():
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: "):
                data = line[6:].encode()
            elif not line and data:
                yield number, data
                number, data = "", b""


async def subscribe(socket: ClientConnection, session_id: UUID, after: int = 0) -> None:
    """Subscribe and read the answer."""
    await socket.send(msgspec.json.encode({"op": "subscribe", "session_id": session_id, "after": after}).decode())
    answer = await control(socket)
    assert answer == {"type": "subscribed", "session_id": str(session_id), "after": after}


async def control(socket: ClientConnection) -> dict[str, object]:
    """The next control answer; frames before it are skipped."""
    async with asyncio.timeout(60):
        while True:
            message = msgspec.json.decode(await socket.recv(), type=dict[str, object])
            if message["type"] in CONTROL:
                return message


async def take_frames(socket: ClientConnection, screen: Screen, count: int) -> None:
    async with asyncio.timeout(60):
        seen = 0
        while seen < count:
            frame = screen.take(await socket.recv(decode=False))
            seen += not isinstance(frame, CaughtUpFrame)


async def wait_subscriptions(broker: Broker, count: int) -> None:
    async with asyncio.timeout(60):
        while broker.statistics().subscriptions != count:
            await asyncio.sleep(0.01)


async def test_events_resume_by_their_id(api: Api) -> None:
    store = DatabaseStore(api.database)
    session_id, message_id = await store.open_stream()
    await write_notices(store, session_id, "a", "b", "c")
    screen = Screen()
    async with aclosing(sse_events(api, session_id)) as events:
        numbers = [(await anext(events))[0] for _ in range(3)]
        number, data = await asyncio.wait_for(anext(events), 10)
        assert (number, type(screen.take(data))) == ("", CaughtUpFrame)
        api.broker.publish_live(delta(session_id, message_id, 0, "live"))
        number, data = await asyncio.wait_for(anext(events), 10)
        screen.take(data)
    assert numbers == ["1", "2", "3"]
    assert (number, screen.text(message_id)) == ("", "live")
    for start, headers in ((1, None), (0, {"Last-Event-ID": "1"}), (3, {"Last-Event-ID": "1"})):
        async with aclosing(sse_events(api, session_id, after=start, headers=headers)) as events:
            assert (await asyncio.wait_for(anext(events), 10))[0] == "2"
    await wait_subscriptions(api.broker, 0)


async def test_a_socket_carries_many_sessions(api: Api) -> None:
    store = DatabaseStore(api.database)
    streams = [await store.open_stream() for _ in range(3)]
    screens = {session_id: Screen() for session_id, _ in streams}
    async with api.connect() as socket:
        for session_id, _ in streams:
            await commit_notices(store, api.broker, session_id, "first")
            await subscribe(socket, session_id)
        for session_id, message_id in streams:
            api.broker.publish_live(delta(session_id, message_id, 0, f"text of {session_id}"))
        async with asyncio.timeout(60):
            while any(len(screen.texts) < 1 for screen in screens.values()):
                data = await socket.recv(decode=False)
                about = msgspec.json.decode(data, type=dict[str, object])["session_id"]
                screens[SessionId(UUID(str(about)))].take(data)
        for session_id, message_id in streams:
            assert screens[session_id].text(message_id) == f"text of {session_id}"
        gone = streams[0][0]
        await socket.send(msgspec.json.encode({"op": "unsubscribe", "session_id": gone}).decode())
        assert (await control(socket))["type"] == "unsubscribed"
        assert api.broker.statistics().subscriptions == 2
    await wait_subscriptions(api.broker, 0)


async def test_a_socket_resumes_by_seq_and_subscribing_again_replaces(api: Api) -> None:
    store = DatabaseStore(api.database)
    session_id, _ = await store.open_stream()
    await write_notices(store, session_id, *"abcdef")
    screen = Screen()
    async with api.connect() as socket:
        await subscribe(socket, session_id, 2)
        await take_frames(socket, screen, 4)
    assert screen.seqs == [3, 4, 5, 6]
    async with api.connect() as socket:
        await subscribe(socket, session_id, 6)
        await subscribe(socket, session_id, 6)
        assert api.broker.statistics().subscriptions == 1
        await commit_notices(store, api.broker, session_id, "g")
        await take_frames(socket, screen, 1)
        await subscribe(socket, session_id, 99)
        message = msgspec.json.decode(await asyncio.wait_for(socket.recv(), 10), type=dict[str, object])
        assert message["type"] == "resync"
        assert (await control(socket))["type"] == "unsubscribed"
    assert screen.seqs == [3, 4, 5, 6, 7]


async def test_both_transports_give_the_exact_text_however_often_a_client_comes_back(api: Api) -> None:
    store = DatabaseStore(api.database)
    session_id, message_id = await store.open_stream()
    recorder = Recorder(store=store, broker=api.broker, session_id=session_id, message_id=message_id)
    writing = asyncio.ensure_future(recorder.stream(3000, chunk=30))
    screen, dice, connections = Screen(), random.Random(3), 0
    async with asyncio.timeout(60):
        while not (writing.done() and screen.text(message_id) == recorder.text):
            connections += 1
            wanted = dice.randrange(1, 150)
            if dice.random() < 0.5:
                async with aclosing(sse_events(api, session_id, after=screen.reconnect())) as events:
                    await take_some(events, screen, wanted, recorder, writing, message_id)
            else:
                async with api.connect() as socket:
                    await subscribe(socket, session_id, screen.reconnect())
                    received = ((("", await socket.recv(decode=False))) for _ in range(wanted))
                    await take_some(received, screen, wanted, recorder, writing, message_id)
    assert connections >= 10
    assert screen.text(message_id) == recorder.text
    await wait_subscriptions(api.broker, 0)


async def take_some(
    source: AsyncIterator[tuple[str, bytes]],
    screen: Screen,
    count: int,
    recorder: Recorder,
    writing: asyncio.Future[None],
    message_id: UUID,
) -> None:
    """Take up to `count` frames; none is waited for once all is written and read."""
    for _ in range(count):
        if writing.done() and screen.text(message_id) == recorder.text:
            return
        screen.take((await anext(source))[1])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "message_invalid"),
        ("[]", "message_invalid"),
        ("[" * 60_000, "message_invalid"),
        ('{"op":"dance"}', "message_invalid"),
        ('{"op":"ping","x":1}', "message_invalid"),
        ('{"op":"subscribe"}', "message_invalid"),
        ('{"op":"subscribe","session_id":"1"}', "message_invalid"),
        (f'{{"op":"subscribe","session_id":"{NOBODY}","after":-1}}', "message_invalid"),
        (f'{{"op":"subscribe","session_id":"{NOBODY}","after":"0"}}', "message_invalid"),
        (f'{{"op":"subscribe","session_id":"{NOBODY}","after":9223372036854775808}}', "message_invalid"),
        (f'{{"op":"subscribe","session_id":"{NOBODY}"}}', "session_not_found"),
    ],
)
async def test_a_wrong_message_is_answered_and_the_socket_stays(api: Api, message: str, code: str) -> None:
    async with api.connect() as socket:
        await socket.send(message)
        answer = await control(socket)
        assert (answer["type"], answer["code"]) == ("error", code)
        assert answer["text"]
        await socket.send('{"op":"ping"}')
        assert (await control(socket))["type"] == "pong"


async def test_a_socket_that_is_misused_is_closed_with_a_reason(api: Api) -> None:
    async def closed_with(*messages: str | bytes) -> int:
        with pytest.raises(ConnectionClosed) as caught:
            async with api.connect() as socket, asyncio.timeout(60):
                for message in messages:
                    await socket.send(message)
                while True:
                    await socket.recv()
        assert caught.value.rcvd is not None
        return caught.value.rcvd.code

    assert await closed_with(b"binary") == 1003
    assert await closed_with("x" * 70_000) == 1009
    assert await closed_with(*['{"op":"ping"}'] * 500) == 1008


async def stuck_client(api: Api, session_id: SessionId, transport: str) -> asyncio.StreamWriter:
    """A client that subscribes and then never reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port, limit=1024)
    head = f"Host: {api.host}\r\nAuthorization: Bearer {api.server.token}\r\n"
    if transport == "events":
        writer.write(f"GET /api/sessions/{session_id}/stream HTTP/1.1\r\n{head}\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        return writer
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    writer.write(f"GET /api/stream HTTP/1.1\r\n{head}{upgrade}{key}\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    message = msgspec.json.encode({"op": "subscribe", "session_id": session_id})
    writer.write(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)
    return writer


@pytest.mark.parametrize("transport", ["events", "socket"])
async def test_a_stuck_client_is_cut_off_and_slows_nobody(database: Database, tmp_path: Path, transport: str) -> None:
    async with running_api(database, tmp_path, send_timeout_s=0.5) as api:
        store = DatabaseStore(database)
        session_id, message_id = await store.open_stream()
        stuck = await stuck_client(api, session_id, transport)
        screen = Screen()
        async with api.connect() as socket:
            await subscribe(socket, session_id)
            await wait_subscriptions(api.broker, 2)
            reading = asyncio.ensure_future(take_frames(socket, screen, 3000))
            for number in range(3000):
                part, place = divmod(number, 10)
                api.broker.publish_live(delta(session_id, message_id, place * 4000, "x" * 4000, part))
                while screen.taken < number - 200 and not reading.done():
                    await asyncio.sleep(0)
            await reading
            assert {len(text) for text in screen.texts.values()} == {10 * 4000}
            assert len(screen.texts) == 300
            assert screen.resyncs == 0
            await wait_subscriptions(api.broker, 1)
        stuck.close()


async def test_stopping_ends_streams_at_once_and_a_stuck_client_in_bounded_time(
    database: Database, tmp_path: Path
) -> None:
    async with running_api(database, tmp_path) as api:
        store = DatabaseStore(database)
        session_id, message_id = await store.open_stream()
        events = sse_events(api, session_id)
        await commit_notices(store, api.broker, session_id, "a")
        await anext(events)
        ended = asyncio.ensure_future(collect(events))
        async with api.connect() as socket:
            await subscribe(socket, session_id)
            stuck = await stuck_client(api, session_id, "socket")
            await wait_subscriptions(api.broker, 3)
            for number in range(500):
                api.broker.publish_live(delta(session_id, message_id, number * 9000, "x" * 9000))
                await asyncio.sleep(0)
            started = time.monotonic()
            await api.server.stop()
            took_s = time.monotonic() - started
            with pytest.raises(ConnectionClosed):
                while True:
                    await asyncio.wait_for(socket.recv(), 5)
        await asyncio.wait_for(ended, 60)
        assert took_s < 30
        assert api.broker.statistics().subscriptions == 0
        stuck.close()
        api.broker.forget_tail(session_id)


async def collect(events: AsyncIterator[tuple[str, bytes]]) -> int:
    return len([event async for event in events])


async def test_a_silent_stream_has_a_heartbeat_and_ends_when_the_client_goes() -> None:
    store = MemoryStore()
    session_id, _ = await store.open_stream()
    broker = Broker(reader=store.reader)
    subscription = broker.subscribe(session_id, 0)
    gone = asyncio.Event()
    beats = asyncio.Event()
    sent: list[bytes] = []

    async def receive() -> dict[str, object]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(bytes(message.get("body", b"")))  # type: ignore[arg-type]
        if sent.count(b": still here\n\n") >= 2:
            beats.set()

    response = EventStreamResponse(subscription, stopping=asyncio.Event(), heartbeat_s=0.02)
    answering = asyncio.ensure_future(response({"type": "http"}, receive, send))  # type: ignore[arg-type]
    await asyncio.wait_for(beats.wait(), 10)
    gone.set()
    await asyncio.wait_for(answering, 60)
    assert broker.statistics().subscriptions == 0
    await broker.stop()
