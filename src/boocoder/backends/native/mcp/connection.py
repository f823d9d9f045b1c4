"""One connection to one MCP server: bounded start, calls that always end, a reason when it is gone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import mcp_types
import msgspec
from mcp import MCPError
from mcp.client import Client
from mcp.client._transport import TransportStreams

from boocoder.backends.native.mcp.toolbox import McpTool
from boocoder.backends.native.mcp.transports import CLOSE_GRACE_S, ChildStreams, http_streams, start_child
from boocoder.backends.native.tools.result import ToolResult, tool_refused
from boocoder.errors import BackendError, BoocoderError
from boocoder.model.mcp_server import McpServer
from boocoder.process.child import Child
from boocoder.process.host import ProcessHost
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

TOOLS_MAX = 200  # of one server
PAGES_MAX = 20
SAID_CHARS = 300  # of what a program that failed printed


class McpConnection:
    """A server for the sessions of one worktree.

    Args:
        server: which.
        worktree: where its program runs.
        processes: starts it.
        supervisor: owner of the task that holds the connection.
    """

    def __init__(
        self, *, server: McpServer, worktree: Path, processes: ProcessHost, supervisor: TaskSupervisor
    ) -> None:
        self._server = server
        self._worktree = worktree
        self._processes = processes
        self._supervisor = supervisor
        self._client: Client | None = None
        self._child: Child | None = None
        self._closing = asyncio.Event()
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._why = ""
        self._broken = False
        self.tools: tuple[McpTool, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether it can be called."""
        return self._client is not None and not self._broken

    async def start(self) -> None:
        """Connect and list the tools.

        Raises:
            BackendError: `mcp_server_failed`; it did not start, or did not answer in time.
        """
        self._task = self._supervisor.spawn(self._serve(), f"mcp {self._server.name}")
        ready = self._supervisor.spawn(self._ready.wait(), "mcp ready")
        try:
            done, _ = await asyncio.wait(
                {self._task, ready}, timeout=self._server.start_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ready.cancel()
        if self._ready.is_set():
            return
        if not done:
            self._why = f"it did not list its tools within {self._server.start_timeout_s:g} s"
        why = self._described(self._why or "it ended at once")
        await self.close()
        raise BackendError("mcp_server_failed", f"The MCP server {self._server.name} is not available: {why}.")

    async def close(self) -> None:
        """End the connection, and the program. Safe twice."""
        self._closing.set()
        task = self._task
        if task is None:
            return
        await asyncio.wait({task}, timeout=CLOSE_GRACE_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def call(self, name: str, arguments: Mapping[str, object]) -> ToolResult:
        """Call a tool by the server's own name of it; what goes wrong is the result."""
        client, limit_s = self._client, self._server.call_timeout_s
        if client is None or not self.alive:
            return tool_refused(f"The MCP server {self._server.name} is gone: {self._described(self._why)}.")
        try:
            async with asyncio.timeout(limit_s):
                result = await client.call_tool(name, dict(arguments))
        except TimeoutError:
            return tool_refused(f"The MCP server {self._server.name} did not answer within {limit_s:g} s.")
        except MCPError as error:
            if self._broken:
                return tool_refused(f"The MCP server {self._server.name} is gone: {self._described(self._why)}.")
            self._broken = bool(self._server.url)  # it may have forgotten the session: the next turn connects anew
            return tool_refused(f"The MCP server {self._server.name} refused the call: {error.message}")
        except Exception as error:  # an answer that does not fit its own schema, or a transport that broke
            log.warning("call of an MCP server failed", extra={"server": self._server.name}, exc_info=error)
            return tool_refused(f"The call of the MCP server {self._server.name} failed: {error}")
        return ToolResult(not result.is_error, _text_of(result))

    async def _serve(self) -> None:
        try:
            async with Client(self._transport(), cache=None) as client:
                found = await _list_tools(client)
                self.tools = tuple(self._tool(one) for one in found)
                self._client = client
                self._ready.set()
                await self._closing.wait()
        except BoocoderError as error:
            self._why = error.text.rstrip(".")
        except Exception as error:
            self._why = self._why or _first_words(error)
            if not self._closing.is_set():
                log.info("MCP server ended", extra={"server": self._server.name, "reason": self._why}, exc_info=error)
        finally:
            self._client = None

    @asynccontextmanager
    async def _transport(self) -> AsyncGenerator[TransportStreams]:
        if self._server.url:
            async with http_streams(self._server) as streams:
                yield streams
            return
        child = self._child = await start_child(self._server, self._worktree, self._processes)
        try:
            async with ChildStreams(child, self._end).run() as streams:
                yield streams
        finally:
            await child.close(CLOSE_GRACE_S)

    def _end(self, why: str) -> None:
        self._why, self._broken = why, True

    def _tool(self, tool: mcp_types.Tool) -> McpTool:
        hints = tool.annotations
        return McpTool(
            server=self._server.name,
            name=tool.name,
            description=tool.description or tool.title or "",
            schema=dict(tool.input_schema),
            read_only=hints is not None and hints.read_only_hint is True,
            call=self.call,
        )

    def _described(self, why: str) -> str:
        """The reason, with what the program printed last."""
        said = self._child.stderr_tail().strip() if self._child is not None else ""
        return f"{why} (it printed: {' '.join(said[-SAID_CHARS:].split())})" if said else why


async def _list_tools(client: Client) -> list[mcp_types.Tool]:
    found: list[mcp_types.Tool] = []
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor or len(found) >= TOOLS_MAX:
            break
    return found[:TOOLS_MAX]


def _text_of(result: mcp_types.CallToolResult) -> str:
    """What the model reads of a result."""
    said = [_block_text(block) for block in result.content]
    if not said and result.structured_content is not None:
        return msgspec.json.encode(result.structured_content).decode()
    return "\n".join(said)


def _block_text(block: mcp_types.ContentBlock) -> str:
    match block:
        case mcp_types.TextContent(text=text):
            return text
        case mcp_types.ImageContent(mime_type=kind) | mcp_types.AudioContent(mime_type=kind):
            return f"[{kind}, {len(block.data) * 3 // 4} bytes, not shown]"
        case mcp_types.ResourceLink(uri=uri):
            return f"[resource {uri}]"
        case mcp_types.EmbeddedResource(resource=mcp_types.TextResourceContents(text=text)):
            return text
        case mcp_types.EmbeddedResource():
            return f"[resource {block.resource.uri}, not text]"


def _first_words(error: BaseException) -> str:
    """The words of the first error in a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error).strip() or type(error).__name__).rstrip(".")[:SAID_CHARS]
