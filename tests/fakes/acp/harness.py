"""One ACP backend on some agent, and what a test drives it with."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.model.mcp_server import McpServer
from tests.fakes.backend_harness import BackendHarness, open_desk
from tests.paths import FAKES

FAKE = FAKES / "acp_agent.py"
BUDGET_S = 60.0
NEVER_S = 2 * BUDGET_S  # a turn that only such a limit ends is over its budget, however busy the machine is
SETTINGS = AcpSettings(
    start_timeout_s=NEVER_S,
    open_timeout_s=NEVER_S,
    request_timeout_s=NEVER_S,
    write_timeout_s=NEVER_S,
    replay_quiet_s=0.1,
    replay_limit_s=NEVER_S,
    cancel_grace_s=NEVER_S,
    close_grace_s=1.0,
    spare=False,
    probe_timeout_s=NEVER_S,
)
# Faults that only a limit ends, or that are about one.
LIMITED: dict[str, AcpSettings] = {
    "no-initialize-answer": replace(SETTINGS, start_timeout_s=1.0),
    "new-hangs": replace(SETTINGS, open_timeout_s=1.0),
    "load-hangs": replace(SETTINGS, open_timeout_s=4.0),
    "servers-hang": replace(SETTINGS, open_timeout_s=10.0),
    "stops-reading": replace(SETTINGS, write_timeout_s=1.0),
    "cancel-ignored": replace(SETTINGS, cancel_grace_s=1.0),
    "runs-again": replace(SETTINGS, cancel_grace_s=1.0),
    "runs-again-asking": replace(SETTINGS, cancel_grace_s=1.0),
    "prompt-silence": replace(SETTINGS, cancel_grace_s=1.0),
    "updates-after-result": replace(SETTINGS, settle_s=2.0),
}
AcpHarness = BackendHarness[AcpBackend]


@asynccontextmanager
async def desk(
    directory: Path, agent: AcpAgent, settings: AcpSettings | None = None, *, mcp_servers: tuple[McpServer, ...] = ()
) -> AsyncIterator[AcpHarness]:
    """A desk on an agent; the same directory again is a restart with the same records.

    Args:
        settings: default: limits that are never reached, but the one that the agent's fault is about.
    """
    state = directory / "state"
    chosen = settings or next((LIMITED[text] for text in agent.argv if text in LIMITED), SETTINGS)
    made = open_desk(
        directory,
        lambda host: AcpBackend(host=host, agent=agent, state_dir=state, settings=chosen, mcp_servers=mcp_servers),
        budget_s=BUDGET_S,
    )
    async with made as opened:
        yield opened


def fake_agent(directory: Path, fault: str = "none", *flags: str, **more: Any) -> AcpAgent:
    """The fake with a fault; its conversations are kept in the directory."""
    argv = (sys.executable, str(FAKE), "--fault", fault, "--store", str(directory / "conversations"), *flags)
    return replace(AcpAgent("fake", argv, login="fake login", install="Install the fake."), **more)
