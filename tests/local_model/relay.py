"""A proxy for a real model server: slows its streams, reports loading for a while, and records the requests."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import suppress
from typing import Any, Self

from tests.paths import ROOT

LOADING = (ROOT / "tests" / "golden" / "llama_cpp" / "loading-503.json").read_bytes()
PIECE_BYTES = 300  # about one event
START_BYTES = 4_000  # of an answer: they contain the progress of the prompt
_PROGRESS = re.compile(rb'"prompt_progress":\{"total":(\d+),"cache":(\d+)')


class Relay:
    """A relay to a server on this machine.

    `prompts` holds the server's own count for each request: tokens of the prompt, and those that were in its cache.

    Args:
        port: of the server.
        loading_s: for so many seconds from now completions are answered as a server answers that loads its model.
        pace_s: pause before each piece of a streamed answer.
        paced_s: so long at most is an answer slowed.
    """

    def __init__(self, port: int, *, loading_s: float = 0.0, pace_s: float = 0.0, paced_s: float = 0.0) -> None:
        self._port = port
        self._loaded_at = time.monotonic() + loading_s
        self._pace_s = pace_s
        self._paced_s = paced_s
        self.bodies: list[dict[str, Any]] = []
        self.prompts: list[tuple[int, int]] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._relay(reader, writer)
        writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        sizes = [int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")]
        body = await reader.readexactly(sizes[0]) if sizes else b""
        if body:
            self.bodies.append(json.loads(body))
        if body and time.monotonic() < self._loaded_at:
            writer.write(b"HTTP/1.1 503 X\r\ncontent-type: application/json\r\nconnection: close\r\n")
            writer.write(b"content-length: %d\r\n\r\n%b" % (len(LOADING), LOADING))
            await writer.drain()
            return
        kept = [line for line in lines if line and not line.lower().startswith("connection:")]
        upstream, sender = await asyncio.open_connection("127.0.0.1", self._port)
        sender.write("\r\n".join([*kept, "connection: close", "", ""]).encode() + body)
        try:
            await self._pass_on(upstream, writer, paced=bool(body))
        finally:
            sender.close()

    async def _pass_on(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, *, paced: bool) -> None:
        writer.write(await upstream.readuntil(b"\r\n\r\n"))
        begun_at = 0.0
        start = b""
        while data := await upstream.read(PIECE_BYTES):
            if paced and len(start) < START_BYTES:
                start += data
                if (found := _PROGRESS.search(start)) is not None:
                    self.prompts.append((int(found[1]), int(found[2])))
                    start = b"." * START_BYTES
            begun_at = begun_at or (time.monotonic() if b"tool_calls" in data else 0.0)
            if paced and begun_at and time.monotonic() - begun_at < self._paced_s:
                await asyncio.sleep(self._pace_s)
            writer.write(data)
            await writer.drain()
