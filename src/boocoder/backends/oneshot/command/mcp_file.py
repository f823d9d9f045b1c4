"""The person's MCP servers as a file that an agent is pointed at by an argument."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

import msgspec

from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.model.mcp_server import McpServer, McpServerUse

_NO_ARGUMENT = "the agent takes MCP servers from its own configuration only"


def offered_uses(agent: OneShotAgent, servers: Iterable[McpServer]) -> tuple[McpServerUse, ...]:
    """Which servers an agent gets, and why not."""
    given = bool(agent.mcp_args)
    reason = "" if given else _NO_ARGUMENT
    return tuple(McpServerUse(server.name, server.transport, given=given, reason=reason) for server in servers)


def write_mcp_file(directory: Path, servers: Iterable[McpServer]) -> Path | None:
    """The file with these servers, which only the user can read; None without servers.

    Its name follows from its content, so that a kept-open agent is started anew for other servers only.

    Args:
        directory: of such files; created if it is missing.
        servers: of one session.

    Raises:
        OSError: it cannot be written.
    """
    described = {server.name: _described(server) for server in servers}
    if not described:
        return None
    content = msgspec.json.encode({"mcpServers": described})
    path = directory / f"{hashlib.sha256(content).hexdigest()[:24]}.json"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = path.with_name(f".{uuid4().hex}")
        new.touch(mode=0o600)
        new.write_bytes(content)
        new.replace(path)
    return path


def _described(server: McpServer) -> dict[str, object]:
    """As Claude Code reads it; Qwen Code calls the address of a streamable HTTP server `httpUrl`."""
    if server.url:
        headers = dict(server.headers)
        return {"type": "http", "url": server.url, "httpUrl": server.url, "headers": headers}
    return {"command": server.command[0], "args": list(server.command[1:]), "env": dict(server.env)}
