"""A runnable fake of `opencode serve` that replays recordings and fails as the prompt says.

    python -m tests.fakes.opencode_server [--start FAULT] serve --hostname 127.0.0.1 --port 0

It speaks the routes that the backend uses. A prompt is the JSON of a `Script`. Faults of the start: banner-never,
exit-before-banner, exit-after-banner, version-2, html, slow-health.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
from typing import Any

from tests.fakes.opencode_recording import StoreReplica
from tests.fakes.opencode_replay import Script, Turn, play

HUGE = 64 * 1024 * 1024
HEARTBEAT_S = 0.1
GARBAGE = b'data: {not json\n\ndata: \xff\xfe\n\ndata: {"payload":[]}\n\n\x00\r\r\n'


class FakeServer:
    """All state of one fake."""

    def __init__(self, start_fault: str) -> None:
        self.start_fault = start_fault
        self.streams: set[asyncio.StreamWriter] = set()
        self.connected = asyncio.Event()
        self.sessions: set[str] = set()
        self.stores: dict[str, StoreReplica] = {}
        self.busy: dict[str, asyncio.Event] = {}
        self.silent = False
        self.broken_store = False
        self.background: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Listen, print the banner, and run for ever."""
        if self.start_fault == "exit-before-banner":
            print("cannot open the database", file=sys.stderr, flush=True)
            raise SystemExit(7)
        server = await asyncio.start_server(self.connection, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if self.start_fault != "banner-never":
            print(f"opencode server listening on http://127.0.0.1:{port}", flush=True)
        if self.start_fault == "exit-after-banner":
            raise SystemExit(8)
        await server.serve_forever()

    # -- HTTP ------------------------------------------------------------------------------------------------

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        try:
            while await self.request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.streams.discard(writer)
            writer.close()

    async def request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = await reader.readline()
        if not line:
            return False
        method, target, _ = line.decode().split(" ", 2)
        headers: dict[str, str] = {}
        while (header := (await reader.readline()).decode().strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = target.partition("?")[0]
        wanted = "Basic " + base64.b64encode(f"opencode:{os.environ['OPENCODE_SERVER_PASSWORD']}".encode()).decode()
        if headers.get("authorization") != wanted:
            await reply(writer, {"name": "Unauthorized"}, 401)
            return True
        if path == "/global/event":
            await self.stream(writer)
            return False
        return await self.route(method, path, json.loads(body or b"null"), writer)

    async def route(self, method: str, path: str, body: Any, writer: asyncio.StreamWriter) -> bool:
        match (method, *path.strip("/").split("/")):
            case ("GET", "global", "health"):
                await self.health(writer)
            case ("POST", "session", session, "message"):
                return await self.prompt(session, body, writer)
            case ("POST", "session", session, "abort"):
                return await self.abort(session, writer)
            case ("GET", "session", session, "message") if self.broken_store:
                await reply(writer, {"name": "UnknownError", "data": {"message": "database is locked"}}, 500)
            case ("GET", "session", session) if session not in self.sessions and session != "status":
                await reply(writer, {"name": "NotFoundError"}, 404)
            case ("POST", "session"):
                await reply(writer, self.create())
            case ("GET", *parts):
                await reply(writer, self.read(parts))
            case _:
                await reply(writer, True)
        return True

    def create(self) -> dict[str, Any]:
        session = f"ses_{os.urandom(13).hex()}"
        self.sessions.add(session)
        self.stores[session] = StoreReplica()
        return {"id": session, "directory": "/somewhere"}

    def read(self, parts: list[str]) -> Any:
        match parts:
            case ["session", "status"]:
                return {session: {"type": "busy"} for session in self.busy}
            case ["session", session, "message"]:
                return self.store_of(session).messages(session)
            case ["session", session]:
                return {"id": session}
            case ["config", "providers"]:
                return {"providers": []}
            case _:
                return []

    def store_of(self, session: str) -> StoreReplica:
        """The store that holds a session; a child's messages lie in its parent's replica."""
        return next((s for s in self.stores.values() if s.messages(session)), self.stores.get(session, StoreReplica()))

    async def health(self, writer: asyncio.StreamWriter) -> None:
        if self.start_fault == "slow-health":
            await asyncio.sleep(600)
        if self.start_fault == "html":
            await reply(writer, "<html>Welcome</html>", 404)
            return
        version = "2.0.1" if self.start_fault == "version-2" else "1.18.33"
        await reply(writer, {"healthy": True, "version": version})

    # -- the stream ------------------------------------------------------------------------------------------

    async def stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        await send(writer, {"payload": {"id": "evt_hello", "type": "server.connected", "properties": {}}})
        self.streams.add(writer)
        self.connected.set()
        while writer in self.streams and not writer.is_closing():
            await asyncio.sleep(HEARTBEAT_S)
            if not self.silent:
                writer.write(b": heartbeat\n\n")
                await writer.drain()

    async def publish(self, event: dict[str, Any]) -> None:
        for writer in list(self.streams):
            await send(writer, event)

    def drop_streams(self) -> None:
        for writer in self.streams:
            writer.close()
        self.streams.clear()
        self.connected.clear()

    # -- a turn ----------------------------------------------------------------------------------------------

    async def prompt(self, session: str, body: Any, writer: asyncio.StreamWriter) -> bool:
        script = Script(**json.loads(body["parts"][0]["text"].rsplit("\n\n", 1)[-1]))
        turn = play(script, session, body["messageID"])
        match script.fault:
            case "http-401" | "http-500":
                await reply(writer, {"name": "UnknownError", "data": {"message": "no"}}, int(script.fault[5:]))
                return True
            case "http-html":
                await reply(writer, "<html>Bad gateway</html>", 502)
                return True
            case "exit-at-prompt":
                os._exit(9)
        self.busy[session] = asyncio.Event()
        self.broken_store = script.fault == "store-500"
        if script.fault == "answer-cut":
            self.background.add(asyncio.create_task(self.run(script, turn)))
            return False
        await self.run(script, turn)
        if script.fault == "exit-before-answer":
            os._exit(9)
        if script.fault == "answer-never":
            await asyncio.sleep(600)
        if script.fault == "answer-html":
            await reply(writer, "<html>Hello</html>")
            return True
        answer = turn.answer()
        await reply(writer, answer or {"name": "UnknownError", "data": {"message": "no"}}, 200 if answer else 500)
        return True

    async def run(self, script: Script, turn: Turn) -> None:
        """Publish the turn's events, with the script's fault, and keep the store up to date."""
        store = self.stores[turn.session_id]
        events = list(turn.events)
        if script.fault == "swap" and script.at + 1 < len(events):
            events[script.at], events[script.at + 1] = events[script.at + 1], events[script.at]
        for index, event in enumerate(events):
            store.take(event["payload"])
            await self.one(script, index, event, turn.session_id)
        self.silent = False
        self.busy.pop(turn.session_id, None)

    async def one(self, script: Script, index: int, event: dict[str, Any], session: str) -> None:
        """Publish one event, unless the fault eats it."""
        if index == script.at:
            await self.strike(script.fault, session)
        if script.fault in ("drop", "silence"):
            if script.at <= index < script.at + script.lost:
                return
            await asyncio.wait_for(self.connected.wait(), 10)
        if script.fault == "nothing" or (script.fault == "no-idle" and "idle" in json.dumps(event["payload"])):
            return
        if script.fault == "twice":
            await self.publish(event)
        await self.publish(event)

    async def strike(self, fault: str, session: str) -> None:
        """What happens once, before the event that the script names."""
        match fault:
            case "drop":
                self.drop_streams()
            case "garbage":
                for writer in self.streams:
                    writer.write(GARBAGE)
            case "huge":
                filler = {"part": "x" * HUGE}
                await self.publish({"payload": {"type": "message.part.updated", "properties": filler}})
            case "exit":
                os._exit(9)
            case "silence":
                self.silent = True
                self.connected.clear()
            case "hang":
                await self.busy[session].wait()

    async def abort(self, session: str, writer: asyncio.StreamWriter) -> bool:
        if self.start_fault == "abort-never":
            await asyncio.sleep(600)
        if session in self.busy:
            self.busy[session].set()
        await reply(writer, True)
        return True


async def send(writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
    """Write one event; a disconnected client is not an error."""
    try:
        writer.write(b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n")
        await writer.drain()
    except ConnectionError:
        pass


async def reply(writer: asyncio.StreamWriter, body: Any, status: int = 200) -> None:
    """Write one answer."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, str) else "application/json"
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)
    await writer.drain()


def main() -> None:
    """Run the fake."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", default="")
    parser.add_argument("serve")
    parser.add_argument("--hostname")
    parser.add_argument("--port")
    asyncio.run(FakeServer(parser.parse_args().start).serve())


if __name__ == "__main__":
    main()
