"""A real MCP server, made with the official SDK, over stdio or HTTP; and programs that only pretend to be one.

python mcp_server.py stdio | http PORT | hang | exit | flood | noise
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

SCRIPT = Path(__file__)


def make_server(port: int = 0) -> MCPServer:
    """The server, with one tool of each habit."""
    server = MCPServer("workshop")

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def add(first: int, second: int) -> str:
        """Add two whole numbers."""
        return f"the sum is {first + second}"

    @server.tool()
    def place() -> str:
        """Say where the server runs and what it was given."""
        return f"{Path.cwd()} {os.environ.get('WORKSHOP_KEY', 'no key')}"

    @server.tool()
    def much(chars: int) -> str:
        """Say a lot."""
        return "x" * chars

    @server.tool()
    def die() -> str:
        """End the server in the middle of a call."""
        print("dying now", file=sys.stderr, flush=True)
        os._exit(7)

    @server.tool()
    def sleep(seconds: float) -> str:
        """Answer late."""
        time.sleep(seconds)
        return "awake"

    @server.tool()
    def fail() -> str:
        """Fail."""
        raise ValueError("the workshop is closed")

    @server.tool(description="Do nothing. " * 80)
    def wordy() -> str:
        return ""

    return server


def pretend(habit: str) -> None:
    """Behave as no server should."""
    if habit == "exit":
        print("no such workshop", file=sys.stderr)
        sys.exit(3)
    if habit == "flood":
        line = '{"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "' + "x" * 60_000 + '"}}\n'
        while True:
            sys.stdout.write(line)
    if habit == "noise":
        while True:
            sys.stdout.write("this is no message\n" * 1_000)
    time.sleep(600)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["stdio"]:
            make_server().run("stdio")
        case ["http", port]:
            make_server().run("streamable-http", port=int(port))
        case [habit]:
            pretend(habit)
