"""How an MCP server is reached: a program under the process host, or streamable HTTP. What it sends is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from boocoder.errors import ProcessError
from boocoder.model.mcp_server import McpServer
from boocoder.process.child import Child
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.profile import SandboxUse

MESSAGE_MAX_BYTES = 16 * 1024 * 1024  # of one message; a page of a browser as a picture has 5
FLOOD_BYTES = 64 * 1024 * 1024  # sent without being asked anything meanwhile
STREAM_MAX_BYTES = 256 * 1024 * 1024  # of one HTTP stream of messages
CONNECT_TIMEOUT_S = 10.0
CLOSE_GRACE_S = 2.0


class ChildStreams:
    """The SDK's two streams over a child's pipes. Lines that are no messages are passed over.

    Args:
        child: the server's program; the caller ends it.
        on_end: told why nothing more comes.
    """

    def __init__(self, child: Child, on_end: Callable[[str], None]) -> None:
        self._child = child
        self._on_end = on_end
        self._unasked_bytes = 0
        self._to_session, self._read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self._write, self._from_session = anyio.create_memory_object_stream[SessionMessage](0)

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[TransportStreams]:
        """Carry messages for the time of the block."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._receive)
            group.start_soon(self._send)
            try:
                yield self._read, self._write
            finally:
                group.cancel_scope.cancel()
                for stream in (self._read, self._write, self._to_session, self._from_session):
                    stream.close()

    async def _receive(self) -> None:
        async with self._to_session:
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                self._on_end(await self._receive_all())

    async def _receive_all(self) -> str:
        """Pass messages on until none comes any more; why."""
        async for line in self._child.lines():
            self._unasked_bytes += len(line)
            if self._unasked_bytes > FLOOD_BYTES:
                return f"it sent more than {FLOOD_BYTES >> 20} MiB unasked"
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                await asyncio.sleep(0)  # a server that prints without end does not hold the loop
                continue
            await self._to_session.send(SessionMessage(message))
        return "it ended"

    async def _send(self) -> None:
        async with self._from_session:
            async for sent in self._from_session:
                self._unasked_bytes = 0
                text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                try:
                    await self._child.write(text.encode() + b"\n")
                except ProcessError:
                    await self._to_session.aclose()
                    return


async def start_child(server: McpServer, worktree: Path, processes: ProcessHost) -> Child:
    """Start a server's program in the worktree, in the sandbox of the native agent.

    Raises:
        ProcessError: it cannot be started.
    """
    command = Command(server.command, worktree, agent_environment(server.env), SandboxUse("native", worktree))
    return await processes.spawn(command, stdin=True, line_limit_bytes=MESSAGE_MAX_BYTES)


@asynccontextmanager
async def http_streams(server: McpServer) -> AsyncGenerator[TransportStreams]:
    """The SDK's two streams over HTTP."""
    timeout = httpx2.Timeout(server.call_timeout_s, connect=CONNECT_TIMEOUT_S)
    async with (
        httpx2.AsyncClient(headers=dict(server.headers), timeout=timeout, event_hooks={"response": [_bound]}) as client,
        streamable_http_client(server.url, http_client=client) as streams,
    ):
        yield streams


async def _bound(response: httpx2.Response) -> None:
    kind = response.headers.get("content-type", "")
    limit = STREAM_MAX_BYTES if kind.startswith("text/event-stream") else MESSAGE_MAX_BYTES
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _BoundedStream(response.stream, limit)


class _BoundedStream(httpx2.AsyncByteStream):
    """A body that breaks off when it is too long."""

    def __init__(self, stream: httpx2.AsyncByteStream, max_bytes: int) -> None:
        self._stream = stream
        self._left = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._left -= len(piece)
            if self._left < 0:
                raise httpx2.ReadError("The answer is too long.")
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
