"""A client's HTTP connection to the scripted model: parses requests and writes answers, in no model's wire format."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast

from boocoder.scripted_model.http_request import HttpRequest, MalformedRequest, RequestParser
from boocoder.service import TaskSupervisor

PIPELINE_MAX = 16  # requests waiting on one connection; a client that sends more is cut off
_FAIR_CHUNKS = 32  # chunks written in a row before other connections have their turn
_NAMED = frozenset(HTTPStatus)

Answer = Callable[[HttpRequest, "ClientConnection"], Awaitable[None]]


class ClientConnection(asyncio.Protocol):
    """Answers the requests of one client in order; the answer is cancelled when the client disconnects.

    Args:
        answer: makes the answer to one request by calling `reply`, or `open_stream`, `write_chunk`, `end_stream`.
        supervisor: owner of the answering tasks.
        open_connections: this connection adds itself while it is open.
    """

    def __init__(self, *, answer: Answer, supervisor: TaskSupervisor, open_connections: set[ClientConnection]) -> None:
        self._answer = answer
        self._supervisor = supervisor
        self._open_connections = open_connections
        self._parser = RequestParser()
        self._waiting: deque[HttpRequest] = deque()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._chunks = 0
        self.client_port = 0  # until the connection is made
        self.client_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast("asyncio.Transport", transport)
        self.client_port = transport.get_extra_info("peername")[1]
        self._open_connections.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._waiting.extend(self._parser.feed(data))
        except MalformedRequest:
            self.reply(HTTPStatus.BAD_REQUEST, b'{"error": {"message": "not an HTTP/1.1 request"}}')
            self.close()
            return
        if len(self._waiting) > PIPELINE_MAX:
            self.abort()
        elif self._waiting and self._task is None:
            self._task = self._supervisor.spawn(self._answer_waiting(), "answer")

    def connection_lost(self, exc: Exception | None) -> None:
        self.client_gone = True
        self._open_connections.discard(self)
        self._waiting.clear()
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def _answer_waiting(self) -> None:
        try:
            while self._waiting:
                request = self._waiting.popleft()
                await self._answer(request, self)
                if not request.keep_alive:
                    self.close()
                if self._closing:
                    break
        finally:
            self._task = None

    def reply(self, status: int, body: bytes) -> None:
        """Answer with a whole JSON body; `status` may be one that HTTP does not name."""
        phrase = HTTPStatus(status).phrase if status in _NAMED else "Scripted"
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/json\r\n"
        self._write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)

    def open_stream(self) -> None:
        """Begin an answer of server-sent events."""
        self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )

    async def write_chunk(self, data: bytes) -> None:
        """Send more of a stream; waits while the client does not read."""
        self._write(b"%x\r\n%b\r\n" % (len(data), data))
        self._chunks += 1
        if self._chunks % _FAIR_CHUNKS == 0:
            await asyncio.sleep(0)
        if not self._writable.is_set():
            await self._writable.wait()

    def end_stream(self) -> None:
        """Close the stream's body properly; the connection can be used again."""
        self._write(b"0\r\n\r\n")

    def close(self) -> None:
        """Flush and close the connection; in the middle of a stream the client sees it cut off."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._closing:
            self._transport.write(data)

    @property
    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()
