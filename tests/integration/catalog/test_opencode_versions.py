"""opencode 1 is driven through its server and opencode 2 by ACP, depending on the program's version."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.backends.acp.backend import AcpBackend
from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.backends.opencode.backend import OpenCodeBackend
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.catalog.identification import ask_by_host, identify
from boocoder.catalog.known_agents import known_agents
from boocoder.catalog.versioned_backend import VersionedBackend
from boocoder.events.agent_event import Notice
from boocoder.model.agent import AgentState
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Outcome, ResumeStep, TurnRequest
from boocoder.process.host import ProcessHost
from tests.contract.port import RecordingPort

FAKE = Path(__file__).resolve().parents[2] / "fakes" / "opencode_2.py"


class Installed:
    """A program called opencode, and boocoder's driver of it."""

    def __init__(self, directory: Path, host: ProcessHost) -> None:
        self._directory = directory
        self._host = host
        self.program = directory / "opencode"
        self.worktree = directory / "worktree"
        self.worktree.mkdir()

    def install(self, version: str = "") -> None:
        """Put a version there; "" for the fake of version 2."""
        command = f'exec {shlex.join((sys.executable, str(FAKE)))} "$@"' if not version else f"echo {version}"
        fresh = self.program.with_suffix(".new")
        fresh.write_text(f"#!/bin/sh\n{command}\n")
        fresh.chmod(0o755)
        fresh.replace(self.program)

    def backend(self) -> VersionedBackend:
        """As the service makes it, not started."""
        older = OpenCodeBackend(
            host=self._host,
            program=self.program,
            state_dir=self._directory / "state",
            providers=(),
            settings=OpenCodeSettings(use_own_config=True),
        )
        argv = (str(self.program), "acp", "--store", str(self._directory / "conversations"))
        newer = AcpBackend(
            host=self._host,
            agent=AcpAgent("opencode", argv, obeys_cwd=True),
            state_dir=self._directory / "state" / "acp",
            settings=AcpSettings(spare=False),
        )
        how = known_agents()["opencode"].identify["opencode"]
        return VersionedBackend(
            name="opencode",
            program=self.program,
            ask_version=lambda: identify(self.program, how, ask_by_host(self._host), env={}),
            older=older,
            newer=newer,
            newer_from=2,
        )

    async def run(
        self, backend: VersionedBackend, prompt: str, session: AgentSessionRef | None = None, handover: str = ""
    ) -> tuple[RecordingPort, Outcome]:
        """One turn."""
        ids = (TaskId(new_id()), 1, SessionId(new_id()), ChatId(new_id()))
        request = TurnRequest(*ids, "opencode", prompt, self.worktree, agent_session=session, handover=handover)
        port = RecordingPort(stop=request.stop)
        async with asyncio.timeout(60):
            return port, await backend.run_turn(request, port)


@pytest.fixture
async def installed(tmp_path: Path) -> AsyncIterator[Installed]:
    """A host and an empty place for the program."""
    host = ProcessHost(state_dir=tmp_path / "host", instance="opencode-versions")
    await host.start()
    yield Installed(tmp_path, host)
    await host.stop()


async def test_version_2_is_driven_by_acp(installed: Installed) -> None:
    installed.install()
    backend = installed.backend()
    await backend.start()
    try:
        info = await backend.probe()
        assert (info.name, info.state) == ("opencode", AgentState.READY)
        first, outcome = await installed.run(backend, "[[write made.txt|two]][[say hello]]")
        assert (first.text, outcome) == ("hello", Completed())
        assert (installed.worktree / "made.txt").read_text() == "two"
        await backend.stop()
        backend = installed.backend()
        await backend.start()
        second, outcome = await installed.run(backend, "[[recall]]", first.agent_session)
        assert (second.opened.step, outcome) == (ResumeStep.RESUMED, Completed())
        assert "[[say hello]]" in second.text
    finally:
        await backend.stop()


async def test_a_session_of_version_1_goes_on_in_version_2_by_hand_over(installed: Installed) -> None:
    installed.install("1.18.33")
    backend = installed.backend()
    await backend.start()
    try:
        assert isinstance(await backend.installed(), OpenCodeBackend)
        installed.install()
        assert isinstance(await backend.installed(), AcpBackend)
        port, outcome = await installed.run(
            backend, "[[say on]]", AgentSessionRef("ses_of_version_1", "0123456789abcdef"), handover="What was said."
        )
        assert (port.opened.step, outcome) == (ResumeStep.HANDED_OVER, Completed())
        assert [notice.code for notice in port.of(Notice)] == ["session_not_resumed"]
    finally:
        await backend.stop()


async def test_the_server_of_version_2_is_never_an_unusable_answer(installed: Installed) -> None:
    installed.install()
    backend = installed.backend()
    older = OpenCodeBackend(
        host=installed._host,
        program=installed.program,
        state_dir=installed.worktree.parent / "older",
        providers=(),
        settings=OpenCodeSettings(use_own_config=True),
    )
    await older.start()
    try:
        info = await older.probe()
        assert info.state is AgentState.UNAVAILABLE
        assert "version 1" in info.reason and info.cure
        ids = (TaskId(new_id()), 1, SessionId(new_id()), ChatId(new_id()))
        request = TurnRequest(*ids, "opencode", "[[say hi]]", installed.worktree)
        outcome = await older.run_turn(request, RecordingPort(stop=request.stop))
        assert isinstance(outcome, Failed) and outcome.error.code == "agent_version_unsupported"
    finally:
        await older.stop()
        await backend.stop()


async def test_a_program_without_a_version_is_left_to_the_driver_of_version_1(installed: Installed) -> None:
    installed.install("broken")
    backend = installed.backend()
    assert isinstance(await backend.installed(), OpenCodeBackend)
    await backend.stop()
