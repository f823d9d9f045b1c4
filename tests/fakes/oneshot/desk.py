"""One one-shot backend on some agent, and what a test drives it with."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from boocoder.backends.oneshot.backend import OneShotBackend
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from tests.fakes.desk import BackendDesk, open_desk

FAKE = Path(__file__).resolve().parents[1] / "oneshot_agent.py"
QUICK = OneShotSettings(
    start_timeout_s=4.0,
    write_timeout_s=2.0,
    linger_s=1.5,
    cancel_grace_s=1.0,
    close_grace_s=1.0,
    line_limit_bytes=2 * 1024**2,
    probe_timeout_s=10.0,
)
BUDGET_S = 60.0
OneShotDesk = BackendDesk[OneShotBackend]


@asynccontextmanager
async def desk(directory: Path, agent: OneShotAgent, settings: OneShotSettings = QUICK) -> AsyncIterator[OneShotDesk]:
    """A desk on an agent; the same directory again is a restart with the same records."""
    state = directory / "state"
    made = open_desk(
        directory,
        lambda host: OneShotBackend(host=host, agent=agent, state_dir=state, settings=settings),
        budget_s=BUDGET_S,
    )
    async with made as opened:
        yield opened


def fake_agent(directory: Path, fault: str = "none", *flags: str, **more: Any) -> OneShotAgent:
    """The fake with a fault; its conversations are kept in the directory."""
    argv = (sys.executable, str(FAKE), "--fault", fault, "--store", str(directory / "conversations"), *flags)
    agent = OneShotAgent(
        name="fake",
        argv=argv,
        format="plain" if "--plain" in flags else "claude",
        new_session_args=("--new", "{session}"),
        resume_args=("--resume", "{session}"),
        login="fake login",
        install="Install the fake.",
    )
    return replace(agent, **more)
