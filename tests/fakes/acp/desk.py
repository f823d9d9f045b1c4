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
from tests.fakes.desk import BackendDesk, open_desk

FAKE = Path(__file__).resolve().parents[1] / "acp_agent.py"
QUICK = AcpSettings(
    start_timeout_s=3.0,
    open_timeout_s=3.0,
    request_timeout_s=2.0,
    write_timeout_s=2.0,
    replay_quiet_s=0.1,
    replay_limit_s=2.0,
    cancel_grace_s=1.0,
    close_grace_s=1.0,
    spare=False,
    probe_timeout_s=8.0,
)
BUDGET_S = 30.0
AcpDesk = BackendDesk[AcpBackend]


@asynccontextmanager
async def desk(directory: Path, agent: AcpAgent, settings: AcpSettings = QUICK) -> AsyncIterator[AcpDesk]:
    """A desk on an agent; the same directory again is a restart with the same records."""
    state = directory / "state"
    made = open_desk(
        directory,
        lambda host: AcpBackend(host=host, agent=agent, state_dir=state, settings=settings),
        budget_s=BUDGET_S,
    )
    async with made as opened:
        yield opened


def fake_agent(directory: Path, fault: str = "none", *flags: str, **more: Any) -> AcpAgent:
    """The fake with a fault; its conversations are kept in the directory."""
    argv = (sys.executable, str(FAKE), "--fault", fault, "--store", str(directory / "conversations"), *flags)
    return replace(AcpAgent("fake", argv, login="fake login", install="Install the fake."), **more)
