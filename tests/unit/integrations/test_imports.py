"""The SDK of MCP is imported where MCP is spoken, and nowhere else: it takes most of a second."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = "import sys, {}; print(*sorted(name for name in sys.modules if name.split('.')[0] in ('mcp', 'mcp_types')))"


def imported(module: str) -> list[str]:
    """The modules of the SDK that importing a module loads."""
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(module)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_neither_the_service_nor_the_command_line_loads_the_sdk_at_its_start() -> None:
    assert imported("boocoder.app.application, boocoder.cli.main, boocoder.cli.commands.service.mcp") == []
    assert "mcp" in imported("boocoder.integrations.mcp_server.server")
