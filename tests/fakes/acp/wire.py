"""The fake's lines: reading requests, writing answers, asking the client."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

Json = dict[str, Any]


class Wire:
    """JSON lines on this process's stdin and stdout.

    Args:
        ending: what ends a line.
        string_ids: answer with the client's ids as text.
    """

    def __init__(self, *, ending: bytes = b"\n", string_ids: bool = False) -> None:
        self._ending = ending
        self._string_ids = string_ids
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._next = 0

    def raw(self, data: bytes) -> None:
        """Write bytes as they are; blocks while the client does not read."""
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]

    def send(self, message: Json) -> None:
        """Write a message."""
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + self._ending)

    def answer(self, request: Json, result: Any) -> None:
        """Answer a request of the client."""
        number = request["id"]
        self.send({"id": str(number) if self._string_ids else number, "result": result})

    def error(self, request: Json, code: Any, message: str, data: Any = None) -> None:
        """Answer with an error."""
        body = {"code": code, "message": message} | ({} if data is None else {"data": data})
        self.send({"id": request["id"], "error": body})

    async def ask(self, method: str, params: Json) -> Json:
        """Call the client; its whole answer."""
        self._next += 1
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[self._next] = future
        self.send({"id": self._next, "method": method, "params": params})
        return await future

    def take_answer(self, message: Json) -> None:
        """An answer of the client came."""
        future = self._waiting.pop(message["id"], None)
        if future is not None and not future.done():
            future.set_result(message)

    async def lines(self) -> asyncio.StreamReader:
        """This process's stdin."""
        reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        return reader
