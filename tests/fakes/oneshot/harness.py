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
from tests.fakes.backend_harness import BackendHarness, open_desk
from tests.paths import FAKES

FAKE = FAKES / "oneshot_agent.py"
BUDGET_S = 60.0
NEVER_S = 2 * BUDGET_S  # a turn that only such a limit ends is over its budget, however busy the machine is
SETTINGS = OneShotSettings(
    start_timeout_s=NEVER_S,
    write_timeout_s=NEVER_S,
    linger_s=NEVER_S,
    cancel_grace_s=1.0,
    close_grace_s=1.0,
    line_limit_bytes=2 * 1024**2,
    probe_timeout_s=NEVER_S,
)
# Faults that only a limit ends, or that are about one.
LINGERS = replace(SETTINGS, linger_s=1.0)
LIMITED: dict[str, OneShotSettings] = {
    "no-initialize-answer": replace(SETTINGS, start_timeout_s=1.0),
    "text-after-result": replace(SETTINGS, settle_s=2.0),
    **dict.fromkeys(("hang-after-result", "deaf-after-result", "closes-stdout"), LINGERS),
}
OneShotHarness = BackendHarness[OneShotBackend]


@asynccontextmanager
async def desk(
    directory: Path, agent: OneShotAgent, settings: OneShotSettings | None = None, **more: Any
) -> AsyncIterator[OneShotHarness]:
    """A desk on an agent; the same directory again is a restart with the same records.

    Args:
        settings: default: limits that are never reached, but the one that the agent's fault is about.
    """
    state = directory / "state"
    chosen = settings or next((LIMITED[text] for text in agent.argv if text in LIMITED), SETTINGS)
    made = open_desk(
        directory,
        lambda host: OneShotBackend(host=host, agent=agent, state_dir=state, settings=chosen, **more),
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
