"""The person's MCP servers in opencode's configuration, and why it is not given others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from boocoder.model.mcp_server import McpServer, McpServerUse

Json = dict[str, object]
_ONE_SERVER = "opencode serves all projects at once; it gets only servers without `projects`"


def offered_uses(servers: Iterable[McpServer]) -> tuple[McpServerUse, ...]:
    """Which servers opencode gets, and why not."""
    uses = (McpServerUse(server.name, server.transport, given=not server.projects) for server in servers)
    return tuple(use if use.given else replace(use, reason=_ONE_SERVER) for use in uses)


def mcp_content(servers: Iterable[McpServer]) -> Json:
    """The field `mcp` of the configuration. opencode starts a server once for each worktree, and goes on without one
    that does not answer in time."""
    return {server.name: _described(server) for server in servers if not server.projects}


def _described(server: McpServer) -> Json:
    limits: Json = {"enabled": True, "timeout": round(server.start_timeout_s * 1_000)}
    if server.url:
        return {"type": "remote", "url": server.url, "headers": dict(server.headers), "oauth": False, **limits}
    return {"type": "local", "command": list(server.command), "environment": dict(server.env), **limits}
