"""The real opencode's server: killed in mid-turn, started again, recovered from, grown too big, and gone at the end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from boocoder.backends.opencode.settings import OpenCodeSettings
from boocoder.events.agent_event import Notice, TextDelta, ToolCall, ToolStatus
from boocoder.model.turn import AgentSessionRef, Completed, Failed, Interrupted, ResumeStep
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fixtures.opencode import OpenCodeDesk, running_opencode
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.opencode

OWN = OpenCodeSettings(use_own_config=False)


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    """A model of the test's own."""
    async with ScriptedModel() as running:
        yield running


def server_pid(desk: OpenCodeDesk) -> int:
    """The pid of the opencode that runs now."""
    process = desk.backend.server.process
    assert process is not None
    return process.child.pid


def owners_of(path: Path) -> list[int]:
    """Processes that were started with a folder below `path` in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(path) in process.environ().get("XDG_DATA_HOME", ""):
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


async def test_what_kill_9_in_mid_turn_left_is_recovered_and_resumed_by_a_new_process(
    tmp_path: Path, opencode_program: Path, model: ScriptedModel
) -> None:
    async with running_opencode(opencode_program, tmp_path, model.base_url, OWN) as backend:
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        worktree = desk.worktree()
        done = desk.request("[[think why]] [[say all of it]] [[bash echo one]] [[say end]]", worktree)
        done_port = RecordingPort(stop=done.stop)
        assert await backend.run_turn(done, done_port) == Completed()
        half = desk.request(
            "[[say kept words]] [[bash echo begun; sleep 300]]", worktree, agent_session=done_port.agent_session
        )
        half_port = RecordingPort(stop=half.stop)
        turn = asyncio.create_task(backend.run_turn(half, half_port))
        await half_port.wait_until(lambda p: any("begun" in call.output for call in p.of(ToolCall)))
        os.kill(server_pid(desk), signal.SIGKILL)
        outcome = await asyncio.wait_for(turn, PATIENCE_S)
        assert isinstance(outcome, Failed)
        assert outcome.error.code == "agent_died"
        assert "signal 9" in outcome.error.text
        assert half_port.text == "kept words"
        assert half_port.final_tools[0].status is ToolStatus.CANCELLED
    assert owners_of(tmp_path) == []

    async with running_opencode(opencode_program, tmp_path, model.base_url, OWN) as backend:
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        calls_before = len(model.requests)
        native = done_port.agent_session
        port = RecordingPort(stop=done.stop)
        assert await backend.recover(done, native, port) == Completed()
        assert (port.text, port.reasoning) == ("all of itend", "why")
        assert port.final_tools == done_port.final_tools

        port = RecordingPort(stop=half.stop)
        outcome = await backend.recover(half, native, port)
        assert isinstance(outcome, Interrupted)
        assert port.text == "kept words"
        assert port.final_tools[0].status is ToolStatus.CANCELLED
        assert set(port.tools) == set(half_port.tools), "the same keys as before, so that doubles can be told"

        never = desk.request("[[say never sent]]", worktree)
        outcome = await backend.recover(never, native, RecordingPort(stop=never.stop))
        assert isinstance(outcome, Interrupted)
        assert outcome.error.code == "prompt_not_received"
        assert len(model.requests) == calls_before, "recovering sends no prompt"

        crashed = AgentSessionRef(half_port.opened.native_id, half_port.opened.config_hash, crashed=True)
        again, outcome = await desk.run("[[recall]]", worktree, agent_session=crashed)
        assert outcome == Completed()
        assert again.opened.step is ResumeStep.RESUMED
        assert "users=3" in again.text
        assert [notice.code for notice in again.of(Notice)] == ["resumed_after_crash"]
    assert owners_of(tmp_path) == []


async def test_a_stream_that_dies_loses_nothing_and_stop_ends_a_running_tool_with_the_server(
    tmp_path: Path, opencode_program: Path, model: ScriptedModel
) -> None:
    async with running_opencode(opencode_program, tmp_path, model.base_url, OWN) as backend:
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        request = desk.request("[[delay 0.02]] [[tokens 80]] [[bash echo x]] [[tokens 40]]", desk.worktree())
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(backend.run_turn(request, port))
        for words in (10, 30):
            await port.wait_until(lambda p, words=words: len(p.of(TextDelta)) >= words)  # type: ignore[misc]
            assert backend.server.process is not None
            stream = backend.server.process.stream
            await stream.stop()
            await stream.start()
        assert await asyncio.wait_for(turn, PATIENCE_S) == Completed()
        assert port.text == "".join(f"w{n} " for n in range(80)) + "".join(f"w{n} " for n in range(40))

        request = desk.request("[[bash setsid sleep 300 & echo begun; sleep 300]]", desk.worktree())
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(backend.run_turn(request, port))
        await port.wait_until(lambda p: any("begun" in call.output for call in p.of(ToolCall)))
        assert owners_of(tmp_path)
        await backend.stop()
        outcome = await asyncio.wait_for(turn, PATIENCE_S)
        assert isinstance(outcome, Interrupted)
        await backend.stop()
    assert owners_of(tmp_path) == []


async def test_an_idle_server_that_has_grown_is_replaced(
    tmp_path: Path, opencode_program: Path, model: ScriptedModel
) -> None:
    tiny = OpenCodeSettings(use_own_config=False, rss_limit_bytes=1)
    async with running_opencode(opencode_program, tmp_path, model.base_url, tiny) as backend:
        desk = OpenCodeDesk(backend, model, opencode_program, tmp_path)
        worktree = desk.worktree()
        port, outcome = await desk.run("[[say one]]", worktree)
        assert outcome == Completed()
        await until(lambda: backend.server.starts >= 2)
        again, outcome = await desk.run("[[recall]]", worktree, agent_session=port.agent_session)
        assert outcome == Completed()
        assert again.opened.step is ResumeStep.RESUMED
        assert "users=2" in again.text
