"""MCP servers of the person with the real opencode: it has their tools, and goes on without one that hangs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from boocoder.backends.opencode.backend import OpenCodeBackend
from boocoder.events.agent_event import ToolStatus
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import Completed
from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.mcp_server import SCRIPT
from tests.fixtures.opencode import OpenCodeDesk, running_opencode

pytestmark = [pytest.mark.opencode]

WORKSHOP = McpServer("workshop", (sys.executable, str(SCRIPT), "stdio"), env={"WORKSHOP_KEY": "k-123"})
HANGS = McpServer("hangs", (sys.executable, str(SCRIPT), "hang"), start_timeout_s=1.0)
OTHER = McpServer("other", ("sh",), projects=(Path("/elsewhere"),))


async def test_opencode_has_the_tools_and_goes_on_without_a_server_that_hangs(
    tmp_path: Path, opencode_program: Path
) -> None:
    servers = (WORKSHOP, HANGS, OTHER)
    async with (
        ScriptedModel() as model,
        running_opencode(opencode_program, tmp_path, model.base_url, mcp_servers=servers) as backend,
    ):
        assert isinstance(backend, OpenCodeBackend)
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        worktree = desk.worktree()
        port, outcome = await desk.run("[[tool workshop_place|{}]] [[bash env]] [[say done]]", worktree)
        info = await backend.probe()
    assert outcome == Completed()
    place, environment = port.final_tools
    assert (place.name, place.status) == ("workshop_place", ToolStatus.COMPLETED)
    assert place.output.strip() == f"{worktree} k-123"
    assert "k-123" not in environment.output, "a command cannot read a server's secret from its environment"
    assert [(use.name, use.given) for use in info.mcp_servers] == [
        ("workshop", True),
        ("hangs", True),
        ("other", False),
    ]
    config = tmp_path / "opencode/config/opencode/opencode.json"
    assert config.stat().st_mode & 0o077 == 0 and list(json.loads(config.read_text())["mcp"]) == ["workshop", "hangs"]
