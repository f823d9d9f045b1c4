"""MCP servers that a person configured for their agents, and which agent was given which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

START_TIMEOUT_S = 30.0  # `npx` and `uvx` fetch a server on its first start
CALL_TIMEOUT_S = 120.0
OWN_MCP_SERVER = "boocoder"  # the name by which agents know boocoder itself


class McpTransport(StrEnum):
    """How a server is reached."""

    STDIO = "stdio"
    HTTP = "http"  # streamable HTTP


@dataclass(frozen=True, slots=True)
class McpServer:
    """One server: a table [mcp.<name>], where either `command` or `url` is set, or boocoder itself, which has both.

    Args:
        name: as in the names of its tools.
        command: program and arguments of a server on standard input and output; with `url` as well: for agents that
            take none over HTTP.
        env: set for that program.
        url: of a server over streamable HTTP.
        headers: sent to it.
        projects: repositories whose sessions get it; none: all sessions.
        start_timeout_s: seconds that it may take to list its tools.
        call_timeout_s: seconds that one call of the native agent may take.
    """

    name: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)  # it may hold a key
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    projects: tuple[Path, ...] = ()
    start_timeout_s: float = START_TIMEOUT_S
    call_timeout_s: float = CALL_TIMEOUT_S

    @property
    def transport(self) -> McpTransport:
        """How it is reached."""
        return McpTransport.HTTP if self.url else McpTransport.STDIO

    def serves(self, project: Path | None) -> bool:
        """Whether sessions of a project get it.

        Args:
            project: the person's repository; None if it is not known.
        """
        return not self.projects or project in self.projects


@dataclass(frozen=True, slots=True)
class McpServerUse:
    """What became of a configured MCP server with one agent.

    Args:
        name, transport: of the server.
        given: whether the agent gets it.
        reason: why not, or what is to be known; "" for nothing.
    """

    name: str
    transport: McpTransport
    given: bool
    reason: str = ""
