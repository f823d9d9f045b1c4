"""The backend against a fake opencode that breaks in many ways: nothing hangs and every end has a name."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from boocoder.backends.opencode.backend import OpenCodeBackend
from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.events.agent_event import AgentSessionOpened, Notice, PromptSending
from boocoder.model.agent import AgentState
from boocoder.model.ids import ChatId, SessionId, TaskId, new_id
from boocoder.model.turn import Cancelled, Completed, Failed, Interrupted, Outcome, StopReason, TurnRequest
from boocoder.process.host import ProcessHost
from tests.contract.port import RecordingPort
from tests.fakes.opencode_replay import Script, play
from tests.paths import ROOT

CHECKOUT = ROOT
BUDGET_S = 60.0
NEVER_S = 2 * BUDGET_S  # a turn that only such a limit ends is over its budget, however busy the machine is
SETTINGS = OpenCodeSettings(
    use_own_config=False,
    start_timeout_s=NEVER_S,
    request_timeout_s=NEVER_S,
    silence_s=0.6,
    settle_wait_s=0.4,
    abort_timeout_s=NEVER_S,
    crash_limit=3,
    crash_cooldown_s=1000.0,
)
# Faults of the start that only a limit ends.
LIMITED = {
    "banner-never": replace(SETTINGS, start_timeout_s=1.0),
    "slow-health": replace(SETTINGS, start_timeout_s=1.0),
    "abort-never": replace(SETTINGS, abort_timeout_s=0.8),
}
WHOLE = "v1.18.33/whole-turn"
SHORT = "v1.18.33/short-turn-with-sync-events"


@dataclass
class Fake:
    """A backend on the fake."""

    backend: OpenCodeBackend
    directory: Path

    def request(self, script: Script) -> TurnRequest:
        """A separate turn."""
        return TurnRequest(
            task_id=TaskId(new_id()),
            epoch=1,
            session_id=SessionId(new_id()),
            chat_id=ChatId(new_id()),
            agent="opencode",
            prompt=script.prompt(),
            worktree=self.directory,
        )

    async def run(self, script: Script, *, stop_after_s: float | None = None) -> tuple[RecordingPort, Outcome]:
        """Run a turn within the budget."""
        request = self.request(script)
        port = RecordingPort(stop=request.stop)
        if stop_after_s is not None:
            asyncio.get_running_loop().call_later(stop_after_s, request.stop.set, StopReason.CANCELLED)
        async with asyncio.timeout(BUDGET_S):
            return port, await self.backend.run_turn(request, port)

    async def run_and_cancel(self, script: Script) -> Outcome:
        """Run a turn and cancel it as soon as something of the agent has arrived."""
        request = self.request(script)
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(self.backend.run_turn(request, port))
        await port.wait_until(
            lambda p: any(not isinstance(event, AgentSessionOpened | PromptSending) for event in p.events)
        )
        request.stop.set(StopReason.CANCELLED)
        async with asyncio.timeout(BUDGET_S):
            return await turn

    async def restart(self) -> None:
        """Drop the server; the next turn starts another."""
        process = self.backend.server.process
        if process is not None:
            await process.stop()


@asynccontextmanager
async def faking(
    directory: Path, start_fault: str = "", settings: OpenCodeSettings | None = None
) -> AsyncIterator[Fake]:
    """A backend whose program is the fake.

    Args:
        settings: default: limits that are never reached, but the one that the fault is about.
    """
    program = directory / "opencode"
    argv = [sys.executable, "-m", "tests.fakes.opencode_server", "--start", start_fault]
    program.write_text(f'#!/bin/sh\ncd {shlex.quote(str(CHECKOUT))}\nexec {shlex.join(argv)} "$@"\n')
    program.chmod(0o755)
    host = ProcessHost(state_dir=directory / "host", instance="faults")
    await host.start()
    backend = OpenCodeBackend(
        host=host,
        program=program,
        state_dir=directory / "state",
        providers=(),
        settings=settings or LIMITED.get(start_fault, SETTINGS),
    )
    try:
        yield Fake(backend, directory)
    finally:
        await backend.stop()
        await host.stop()


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[Fake]:
    """A healthy fake: faults come with the prompts."""
    async with faking(tmp_path) as running:
        yield running


def expected_text(recording: str) -> str:
    """The answer's text as the recording's own store has it."""
    turn = play(Script(recording), "ses_x", "msg_000000000000AAAAAAAAAAAAAA")
    heads: dict[str, tuple[str, str]] = {}
    texts: dict[str, str] = {}
    for payload in (event["payload"] for event in turn.events):
        if payload["type"] == "message.updated":
            info = payload["properties"]["info"]
            heads[info["id"]] = (info["role"], info["sessionID"])
        elif payload["type"] == "message.part.updated":
            part = payload["properties"]["part"]
            if part["type"] == "text" and heads[part["messageID"]] == ("assistant", "ses_x"):
                texts[part["id"]] = part["text"]
    return "".join(texts.values())


def said(port: RecordingPort) -> str:
    """The answer's text, parts in the order of the server: a repaired part may come behind a later one."""
    parts: dict[str, str] = {}
    for event in port.events:
        if type(event).__name__ == "TextDelta":
            parts[event.part] = parts.get(event.part, "") + event.text  # type: ignore[union-attr]
    return "".join(text for _, text in sorted(parts.items()))


@pytest.mark.parametrize("recording", [WHOLE, SHORT, "v1.15.13/whole-turn", "v1.18.33/subagent-task"])
async def test_the_fake_without_faults_plays_the_recording(fake: Fake, recording: str) -> None:
    port, outcome = await fake.run(Script(recording))
    assert outcome == Completed()
    assert said(port) == port.text == expected_text(recording)
    assert all(call.status.final for call in port.final_tools)


async def test_the_stream_dropped_at_every_event(fake: Fake) -> None:
    count = len(play(Script(SHORT), "ses_x", "msg_000000000000AAAAAAAAAAAAAA").events)
    expected = expected_text(SHORT)
    assert count > 30
    for at in range(count):
        port, outcome = await fake.run(Script(SHORT, "drop", at, lost=at % 4))
        assert (outcome, said(port)) == (Completed(), expected), at


async def test_neighbours_swapped_everywhere_and_everything_twice(fake: Fake) -> None:
    count = len(play(Script(SHORT), "ses_x", "msg_000000000000AAAAAAAAAAAAAA").events)
    expected = expected_text(SHORT)
    port, outcome = await fake.run(Script(SHORT, "twice"))
    assert (outcome, port.text) == (Completed(), expected)
    disagreed = 0
    for at in range(count):
        port, outcome = await fake.run(Script(SHORT, "swap", at))
        assert outcome == Completed()
        codes = [notice.code for notice in port.of(Notice)]
        disagreed += "stream_disagrees" in codes
        # Two deltas of one part in the wrong order cannot be detected until the part ends.
        assert said(port) == expected or "stream_disagrees" in codes, at
    assert disagreed <= 3


@pytest.mark.parametrize(
    "fault", ["no-idle", "nothing", "garbage", "huge", "silence", "answer-cut", "store-500", "answer-html"]
)
@pytest.mark.parametrize("at", [5, 20])
async def test_a_broken_transport_loses_no_text(fake: Fake, fault: str, at: int) -> None:
    port, outcome = await fake.run(Script(SHORT, fault, at))
    assert (outcome, said(port)) == (Completed(), expected_text(SHORT))
    after, outcome = await fake.run(Script(SHORT))
    assert (outcome, after.text) == (Completed(), expected_text(SHORT))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("http-401", "agent_unauthorised"),
        ("http-500", "agent_refused"),
        ("http-html", "agent_refused"),
        ("exit-at-prompt", "agent_died"),
        ("exit-before-answer", "agent_died"),
    ],
)
async def test_a_failing_server_is_named(fake: Fake, fault: str, code: str) -> None:
    _, outcome = await fake.run(Script(SHORT, fault))
    assert isinstance(outcome, Failed)
    assert outcome.error.code == code
    assert outcome.error.cure
    after, outcome = await fake.run(Script(SHORT))
    assert (outcome, after.text) == (Completed(), expected_text(SHORT))


async def test_death_in_every_phase_of_a_turn(tmp_path: Path) -> None:
    for at in (0, 3, 9, 15, 22, 30):
        directory = tmp_path / str(at)
        directory.mkdir()
        async with faking(directory) as fake:
            port, outcome = await fake.run(Script(SHORT, "exit", at))
            assert isinstance(outcome, Failed), at
            assert outcome.error.code == "agent_died"
            assert "exit code 9" in outcome.error.text
            assert expected_text(SHORT).startswith(port.text)
            assert all(call.status.final for call in port.final_tools)
            after, outcome = await fake.run(Script(SHORT))
            assert (outcome, after.text) == (Completed(), expected_text(SHORT))


async def test_a_turn_that_hangs_is_stopped(fake: Fake) -> None:
    assert await fake.run_and_cancel(Script(SHORT, "hang", 12)) == Cancelled()


async def test_a_server_that_does_not_obey_is_not_waited_for(tmp_path: Path) -> None:
    async with faking(tmp_path, "abort-never") as fake:
        outcome = await fake.run_and_cancel(Script(SHORT, "hang", 12))
        assert outcome == Cancelled()
        assert fake.backend.server.process is None, "what may still work in the worktree was ended"
        after, outcome = await fake.run(Script(SHORT))
        assert (outcome, after.text) == (Completed(), expected_text(SHORT))


async def test_a_watchdog_that_asks_settles_a_turn_whose_answer_is_lost(fake: Fake) -> None:
    request = fake.request(Script(SHORT, "answer-never"))
    port = RecordingPort(stop=request.stop)
    turn = asyncio.create_task(fake.backend.run_turn(request, port))
    await port.wait_until(lambda p: p.text == expected_text(SHORT))
    async with asyncio.timeout(BUDGET_S):
        while not turn.done():
            assert await fake.backend.reconcile(request, port) or turn.done()
            await asyncio.sleep(0.02)
    assert turn.result() == Completed()
    assert port.text == expected_text(SHORT)


async def test_crashes_in_a_row_open_the_breaker(fake: Fake) -> None:
    for _ in range(SETTINGS.crash_limit):
        _, outcome = await fake.run(Script(SHORT, "exit-at-prompt"))
        assert isinstance(outcome, Failed)
        assert outcome.error.code == "agent_died"
    _, outcome = await fake.run(Script(SHORT))
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "agent_crash_loop"


@pytest.mark.parametrize(
    ("fault", "code", "state"),
    [
        ("banner-never", "agent_start_failed", AgentState.ERROR),
        ("exit-before-banner", "agent_start_failed", AgentState.ERROR),
        ("exit-after-banner", "agent_start_failed", AgentState.ERROR),
        ("slow-health", "agent_start_failed", AgentState.ERROR),
        ("version-2", "agent_version_unsupported", AgentState.UNAVAILABLE),
        ("html", "agent_version_unsupported", AgentState.UNAVAILABLE),
    ],
)
async def test_a_server_that_does_not_start_is_named(tmp_path: Path, fault: str, code: str, state: AgentState) -> None:
    async with faking(tmp_path, fault) as fake:
        _, outcome = await fake.run(Script(SHORT))
        assert isinstance(outcome, Failed)
        assert (outcome.error.code, bool(outcome.error.cure)) == (code, True)
        info = await fake.backend.probe()
        assert (info.state, bool(info.reason), bool(info.cure)) == (state, True, True)


async def test_a_stop_while_the_server_starts_is_obeyed_at_once(tmp_path: Path) -> None:
    async with faking(tmp_path, "slow-health", SETTINGS) as fake:
        port, outcome = await fake.run(Script(SHORT), stop_after_s=0.3)
        assert (outcome, port.events) == (Cancelled(), [])
        turn = asyncio.create_task(fake.run(Script(SHORT)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await fake.backend.stop()
        _, outcome = await turn
        assert isinstance(outcome, Interrupted)
        assert outcome.error.code == "agent_stopped"


async def test_a_missing_program_is_named(tmp_path: Path) -> None:
    host = ProcessHost(state_dir=tmp_path / "host", instance="missing")
    await host.start()
    for program, state in ((None, AgentState.UNAVAILABLE), (tmp_path / "nowhere", AgentState.ERROR)):
        backend = OpenCodeBackend(
            host=host, program=program, state_dir=tmp_path / "state", providers=(), settings=SETTINGS
        )
        info = await backend.probe()
        assert (info.state, bool(info.reason), bool(info.cure)) == (state, True, True)
        await backend.warm(tmp_path)
        await backend.forget(tmp_path)
        await backend.stop()
    await host.stop()
