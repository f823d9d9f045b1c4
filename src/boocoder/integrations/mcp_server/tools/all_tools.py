"""Every tool of the server, in the order in which they are listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boocoder.integrations.mcp_server.tool import ServedTool
from boocoder.integrations.mcp_server.tools import changes, conversation, directory, tasks, waiting

EVERY_TOOL: Mapping[str, ServedTool[Any]] = {
    tool.name: tool
    for group in (directory.TOOLS, tasks.TOOLS, waiting.TOOLS, conversation.TOOLS, changes.TOOLS)
    for tool in group
}
