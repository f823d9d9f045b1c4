"""The person's MCP servers as an ACP agent is given them, and why it is not given others. No I/O but a look at PATH."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace

from boocoder.model.mcp_server import McpServer, McpServerUse, McpTransport
from boocoder.process.environment import agent_environment

_NO_HTTP = "the agent takes no MCP servers over HTTP"


def offered_uses(servers: Iterable[McpServer], *, http: bool) -> tuple[McpServerUse, ...]:
    """Which servers an agent gets, and why not.

    Args:
        servers: those that the person configured.
        http: whether the agent says that it takes servers over HTTP.
    """
    uses = []
    for server in servers:
        use = McpServerUse(server.name, server.transport, given=True)
        if server.transport is McpTransport.HTTP and not http and not server.command:
            use = replace(use, given=False, reason=_NO_HTTP)
        elif server.command and _program(server) is None:
            use = replace(use, given=False, reason=f"{server.command[0]} is not on PATH")
        uses.append(use)
    return tuple(uses)


def session_servers(servers: Iterable[McpServer], *, http: bool) -> list[dict[str, object]]:
    """The field `mcpServers` of session/new and session/load.

    Args:
        servers: those for the session's project.
        http: as for `offered_uses`.
    """
    servers = tuple(servers)
    given = {use.name for use in offered_uses(servers, http=http) if use.given}
    return [_described(server, http=http) for server in servers if server.name in given]


def _described(server: McpServer, *, http: bool) -> dict[str, object]:
    if server.url and http:
        return {"type": "http", "name": server.name, "url": server.url, "headers": _pairs(server.headers.items())}
    return {
        "name": server.name,
        "command": _program(server),
        "args": list(server.command[1:]),
        "env": _pairs(server.env.items()),
    }


def _pairs(values: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values]


def _program(server: McpServer) -> str | None:
    """Where the server's program is: agents want an absolute path."""
    return shutil.which(server.command[0], path=agent_environment(server.env)["PATH"])
