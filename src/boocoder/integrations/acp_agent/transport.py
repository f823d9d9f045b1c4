"""JSON-RPC messages as lines of standard input and output."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
import sys
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TextIO

from boocoder.errors import InvalidInput

log = logging.getLogger(__name__)

LINE_MAX_BYTES = 64 * 1024 * 1024  # of a buffer; a prompt with the largest images is far shorter
Message = dict[str, object]


@dataclass(slots=True)
class SentRequest:
    """The JSON-RPC id of a request, once it was sent."""

    id: object = None


SENT_REQUEST: ContextVar[SentRequest | None] = ContextVar("sent_request", default=None)
"""Where the id of the request that the current task sends is noted, because the SDK does not say it."""


class StdioTransport:
    """Reads and writes messages of the SDK's `Connection`.

    Lines that are no JSON object are skipped: the SDK's own transport ends the connection at one.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._writing = asyncio.Lock()

    async def send(self, message: Message) -> None:
        """Write one line."""
        noted = SENT_REQUEST.get()
        if noted is not None and "method" in message and "id" in message:
            noted.id = message["id"]
        async with self._writing:
            self._writer.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")
            await self._writer.drain()

    async def receive(self) -> Message | None:
        """The next message; None at the end of the input."""
        while line := await self._line():
            message = _parsed(line)
            if message is not None:
                return message
        return None

    async def close(self) -> None:
        """Nothing to release: the streams are the process's own."""

    async def _line(self) -> bytes:
        pieces: list[bytes] = []
        while True:
            try:
                pieces.append(await self._reader.readuntil(b"\n"))
            except asyncio.LimitOverrunError as overrun:
                pieces.append(await self._reader.readexactly(overrun.consumed))
                continue
            except asyncio.IncompleteReadError as end:
                pieces.append(end.partial)
            return b"".join(pieces)


async def stdio_transport() -> StdioTransport:
    """The transport over this process's standard input and output.

    Raises:
        InvalidInput: stdio_not_pipes.
    """
    if not (_is_pipe(sys.stdin) and _is_pipe(sys.stdout)):
        text = "Standard input and output are not pipes."
        raise InvalidInput("stdio_not_pipes", text, "Let an editor start the command; see docs/editors.md.")
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_MAX_BYTES)
    source, sink = os.fdopen(os.dup(sys.stdin.fileno()), "rb"), os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what anything else prints is no message
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
    pipe, protocol = await loop.connect_write_pipe(lambda: asyncio.streams.FlowControlMixin(loop=loop), sink)
    return StdioTransport(reader, asyncio.StreamWriter(pipe, protocol, None, loop))


def _is_pipe(stream: TextIO) -> bool:
    """Whether it can be read and written without blocking."""
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False  # it is closed, or not a file of the system
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty()


def _parsed(line: bytes) -> Message | None:
    if not line.strip():
        return None
    try:
        message = json.loads(line)
    except ValueError:
        log.warning("skipped a line that is not JSON")
        return None
    if not isinstance(message, dict) or not isinstance(message.get("id"), str | int | None):
        log.warning("skipped a line that is not a JSON-RPC message")
        return None
    return message
