"""The one-shot backend under the contract suite: a command a turn, and an agent that is kept open."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from boocoder.backends.base import Backend
from boocoder.backends.oneshot.backend import OneShotBackend
from boocoder.backends.oneshot.command.runner import CommandRunner
from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.model.turn import ResumeStep
from boocoder.process.host import ProcessHost
from tests.contract.case import BackendCase
from tests.paths import FAKES

FAKE = FAKES / "oneshot_agent.py"


def running_agents(backend: Backend) -> list[int]:
    """The agents' processes."""
    assert isinstance(backend, OneShotBackend)
    runner = backend.runner
    if isinstance(runner, CommandRunner):
        return [turn.child.pid for turn in runner.turns.values()]
    return [conversation.child.pid for conversation in runner.pool.processes() if conversation.usable]


@asynccontextmanager
async def _case(directory: Path, agent: OneShotAgent, *, second: ResumeStep) -> AsyncIterator[BackendCase]:
    host = ProcessHost(state_dir=directory / "host", instance="contract")

    async def make() -> Backend:
        backend = OneShotBackend(host=host, agent=agent, state_dir=directory / "state", settings=OneShotSettings())
        await backend.start()
        return backend

    async def kill_agent() -> None:
        for pid in running_agents(case.backend):
            os.kill(pid, signal.SIGKILL)

    case = BackendCase(
        name=agent.name,
        make=make,
        permission_prompt="[[permission bash|echo yes > asked.txt]]",
        question_prompt="[[question Which one?|A; B]]",
        kill_agent=kill_agent,
        crash_prompt="[[say before]][[hang]]",
        directory=directory / "worktrees",
        waiting_agents=lambda: running_agents(case.backend) if agent.kept_open else [],
        second_step=second,
    )
    await host.start()
    case.backend = await case.make()
    try:
        yield case
    finally:
        await case.backend.stop()
        await host.stop()


def _agent(directory: Path, name: str, *, kept_open: bool) -> OneShotAgent:
    return OneShotAgent(
        name=name,
        argv=(sys.executable, str(FAKE), "--store", str(directory / "conversations")),
        format="claude",
        new_session_args=("--new", "{session}"),
        resume_args=("--resume", "{session}"),
        version_args=("--version",),
        kept_open=kept_open,
    )


@asynccontextmanager
async def oneshot_case(directory: Path) -> AsyncIterator[BackendCase]:
    """One command per turn; it cannot ask questions and is never warm."""
    agent = _agent(directory, "oneshot", kept_open=False)
    async with _case(directory, agent, second=ResumeStep.RESUMED) as case:
        yield case


@asynccontextmanager
async def stream_case(directory: Path) -> AsyncIterator[BackendCase]:
    """One process a session that takes prompts as lines."""
    agent = _agent(directory, "stream", kept_open=True)
    async with _case(directory, agent, second=ResumeStep.WARM) as case:
        yield case
