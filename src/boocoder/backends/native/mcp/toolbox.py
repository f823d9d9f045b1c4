"""The tools of MCP servers as a turn offers them: names, schemas within a budget, calls and their results."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.model.client import Tool
from boocoder.backends.native.model.tool_calls import MCP_PREFIX
from boocoder.backends.native.tools.result import ToolResult, shorten, tool_refused

NAME_MAX_CHARS = 64  # of a function's name in OpenAI's interface
DESCRIPTION_MAX_CHARS = 1_000
TOOLS_SHARE = 0.25  # of the context that the tools of all MCP servers may take
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")

CallTool = Callable[[str, Mapping[str, object]], Awaitable[ToolResult]]
"""Calls a tool by the server's own name of it."""


@dataclass(frozen=True, slots=True)
class McpTool:
    """One tool of an MCP server.

    Args:
        server: its server's name.
        name: the server's own name of it.
        description: for the model.
        schema: of its arguments.
        read_only: whether the server says that it changes nothing.
        call: calls it.
    """

    server: str
    name: str
    description: str
    schema: Tool
    read_only: bool
    call: CallTool = field(compare=False, repr=False)

    @property
    def offered_name(self) -> str:
        """Its name for the model."""
        return f"{MCP_PREFIX}{self.server}__{_UNFIT.sub('_', self.name)}"[:NAME_MAX_CHARS]

    @property
    def definition(self) -> Tool:
        """As a request to the model carries it."""
        function: Tool = {
            "name": self.offered_name,
            "description": shorten(self.description.strip(), DESCRIPTION_MAX_CHARS),
            "parameters": {key: value for key, value in self.schema.items() if key not in ("$schema", "title")},
        }
        return {"type": "function", "function": function}

    @property
    def chars(self) -> int:
        """What it takes in a request, in characters."""
        return len(msgspec.json.encode(self.definition))


@dataclass(frozen=True, slots=True)
class McpProblem:
    """Why a server, or a part of its tools, is not there in a turn."""

    code: str
    server: str
    text: str


@dataclass(frozen=True, slots=True)
class McpToolbox:
    """The tools of one turn, in an order that never changes, so that a server's prompt cache holds.

    Args:
        tools: by server and name.
        problems: what is missing.
    """

    tools: tuple[McpTool, ...] = ()
    problems: tuple[McpProblem, ...] = ()

    @classmethod
    def of(cls, tools: Iterable[McpTool], problems: Iterable[McpProblem]) -> McpToolbox:
        """The tools of all servers; of two with one name for the model the first is kept."""
        by_name: dict[str, McpTool] = {}
        for tool in sorted(tools, key=lambda tool: (tool.server, tool.name)):
            by_name.setdefault(tool.offered_name, tool)
        return cls(tuple(by_name.values()), tuple(problems))

    def fitted(self, mode: AgentMode, max_chars: int) -> McpToolbox:
        """Those that a mode allows and a context has room for; a problem names those that are left out for room."""
        kept: list[McpTool] = []
        left_out: dict[str, list[str]] = {}
        for tool in self.tools:
            if mode.read_only and not tool.read_only:
                continue
            if tool.chars > max_chars:
                left_out.setdefault(tool.server, []).append(tool.name)
                continue
            max_chars -= tool.chars
            kept.append(tool)
        full = (
            McpProblem("mcp_tools_left_out", server, _left_out(server, names)) for server, names in left_out.items()
        )
        return replace(self, tools=tuple(kept), problems=(*self.problems, *full))

    @property
    def definitions(self) -> tuple[Tool, ...]:
        """As a request to the model carries them."""
        return tuple(tool.definition for tool in self.tools)

    @property
    def names(self) -> tuple[str, ...]:
        """Their names for the model."""
        return tuple(tool.offered_name for tool in self.tools)

    @property
    def chars(self) -> int:
        """What they take in a request, in characters."""
        return sum(tool.chars for tool in self.tools)

    def find(self, name: str) -> McpTool | None:
        """The tool of that name for the model."""
        return next((tool for tool in self.tools if tool.offered_name == name), None)

    async def call(self, name: str, arguments: Mapping[str, object], *, max_chars: int) -> ToolResult:
        """Call a tool.

        Args:
            name: its name for the model.
            arguments: as the model sent them.
            max_chars: of the result, of which beginning and end are kept.
        """
        tool = self.find(name)
        if tool is None:
            return tool_refused(f"There is no tool {name} any more.")
        result = await tool.call(tool.name, arguments)
        return replace(result, output=shorten(result.output, max_chars) or "[no output]")


def _left_out(server: str, names: list[str]) -> str:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return (
        f"The MCP server {server} has more tools than the model's context has room for; these are left out: {shown}. "
        "Use a model with a larger context, or a server with fewer tools."
    )
