"""A model server that answers with exactly the bytes that a test gives it, one reply a request, over real sockets."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.loopback_server import LoopbackServer

MODELS = {"object": "list", "data": [{"id": "small", "max_model_len": 8192}, {"id": "large"}]}


@dataclass
class Reply:
    """What one request gets.

    Args:
        body: sent in this many pieces, one write each.
        status: of HTTP.
        kind: the content type.
        headers: further ones.
        end: whether the answer ends properly; otherwise the connection is dropped behind the body.
        hold: keeps the connection open behind the body until the client goes away.
        before: waited for before the first byte.
    """

    body: list[bytes] = field(default_factory=list)
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    end: bool = True
    hold: bool = False
    before: asyncio.Event | None = None


def event(**fields: Any) -> bytes:
    """One event of the stream."""
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def delta(finish: str | None = None, **fields: Any) -> bytes:
    """A chunk with a delta."""
    return event(choices=[{"index": 0, "delta": fields, "finish_reason": finish}])


DONE = b"data: [DONE]\n\n"


def saying(*texts: str, finish: str = "stop", prompt_tokens: int = 100) -> Reply:
    """An answer in words."""
    usage = event(choices=[], usage={"prompt_tokens": prompt_tokens, "completion_tokens": len(texts)})
    return Reply([*(delta(content=text) for text in texts), delta(finish), usage, DONE])


def calling(*calls: tuple[str, Any], text: str = "", finish: str = "tool_calls") -> Reply:
    """An answer that calls tools; arguments that are no text are sent as JSON."""
    sent = [
        {
            "index": number,
            "id": f"id{number}x{name}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(calls)
    ]
    said = [delta(content=text)] if text else []
    return Reply([*said, *(delta(tool_calls=[call]) for call in sent), delta(finish), DONE])


def refusing(status: int, message: str = "no", **headers: str) -> Reply:
    """An HTTP error."""
    body = json.dumps({"error": {"message": message}}).encode()
    return Reply([body], status=status, kind="application/json", headers=headers)


class NativeModel(LoopbackServer):
    """The server. `replies` are used up in order; the last one is used again and again.

    Args:
        replies: what completions get.
        models: the answer of /models.
    """

    def __init__(self, *replies: Reply, models: Any = MODELS) -> None:
        super().__init__()
        self.replies = list(replies)
        self.models = models
        self.bodies: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self.asked = asyncio.Event()

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = next(
            (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-le")), 0
        )
        body = await reader.readexactly(size)
        if head.startswith("GET"):
            await self._send(reader, writer, Reply([json.dumps(self.models).encode()], kind="application/json"))
            return
        self.bodies.append(json.loads(body))
        self.asked.set()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        await self._send(reader, writer, reply)

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply) -> None:
        if reply.before is not None:
            await reply.before.wait()
        lines = [f"HTTP/1.1 {reply.status} X", f"content-type: {reply.kind}", "transfer-encoding: chunked"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode())
        for piece in reply.body:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        if reply.hold:
            await reader.read()
            self.gone.set()
        elif reply.end:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
