"""A kept-open agent over lines of JSON: its faults, other models, its pool, its greeting."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from boocoder.backends.oneshot.stdio.runner import StdioRunner
from boocoder.events.agent_event import AgentCommands, Notice, PromptSending
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import Completed, Failed, ResumeStep
from tests.fakes.oneshot.harness import SETTINGS, OneShotHarness, desk, fake_agent
from tests.fixtures.images import PNG, image_file
from tests.integration.backends.oneshot.test_faults import EXPECTED, assert_as_expected, failed

PROMPT = "[[say hello]]"
DIED_FIRST = failed("agent_died", "", words="no, thanks")
OWN = {
    "exit-at-start": DIED_FIRST,
    "garbage-at-start": EXPECTED["none"],
    "no-initialize-answer": failed("agent_no_answer", "", words="initialize"),
    "initialize-error": EXPECTED["none"],
    "initialize-odd": EXPECTED["none"],
    "strange-request": EXPECTED["none"],
}
SHARED = (
    *("banner", "scalar-lines", "broken-json", "deep-json", "nul-bytes", "invalid-utf8", "slow-bytes", "long-line"),
    *("line-too-long", "stdout-flood", "stderr-flood", "unknown-events", "odd-types", "result-null", "error-result"),
    *("step-limit", "login-result", "signal-9", "closes-stdout", "text-after-result", "double-result", "crlf"),
)


def processes(opened: OneShotHarness) -> list[int]:
    """Kept-open agents that can take a turn."""
    runner = opened.backend.runner
    assert isinstance(runner, StdioRunner)
    return [conversation.child.pid for conversation in runner.pool.processes() if conversation.usable]


@pytest.mark.parametrize("fault", [*OWN, *SHARED])
async def test_fault(fault: str, tmp_path: Path) -> None:
    expected = OWN.get(fault) or EXPECTED[fault]
    async with desk(tmp_path, fake_agent(tmp_path, fault, kept_open=True)) as opened:
        port, outcome = await opened.run(PROMPT)
        port.events = [event for event in port.events if not isinstance(event, AgentCommands)]
        assert_as_expected(expected, port, outcome)


async def test_commands_are_told_once(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(PROMPT, worktree=worktree)
        second, _ = await opened.run(PROMPT, worktree=worktree, agent_session=first.agent_session)
    ((command,),) = [told.commands for told in first.of(AgentCommands)]
    assert command.name == "compact"
    assert second.of(AgentCommands) == []


async def test_another_model_is_another_process_of_the_same_session(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, kept_open=True, model_args=("--model", "{model}"))
    async with desk(tmp_path, agent) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(PROMPT, worktree=worktree)
        (before,) = processes(opened)
        second, outcome = await opened.run(
            "[[recall]]", worktree=worktree, agent_session=first.agent_session, model="big"
        )
        (after,) = processes(opened)
    assert outcome == Completed()
    assert before != after
    assert second.opened.step is ResumeStep.RESUMED
    assert second.opened.native_id == first.opened.native_id
    assert second.text.startswith("users=2: ")


async def test_a_process_that_died_between_turns_is_resumed(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(PROMPT, worktree=worktree)
        os.kill(processes(opened)[0], signal.SIGKILL)
        await opened.wait_gone()
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.RESUMED


async def test_a_refused_resume_is_known_before_the_prompt(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(PROMPT, worktree=worktree)
    for path in (tmp_path / "conversations").iterdir():
        path.unlink()
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.FRESH
    assert len(second.of(PromptSending)) == 1
    (notice,) = second.of(Notice)
    assert "No conversation found" in notice.text


async def test_a_failed_turn_keeps_the_process(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        worktree = opened.worktree()
        first, outcome = await opened.run("[[fail 500]]", worktree=worktree)
        assert isinstance(outcome, Failed)
        second, outcome = await opened.run(PROMPT, worktree=worktree, agent_session=first.agent_session)
        assert (second.opened.step, outcome) == (ResumeStep.WARM, Completed())


async def test_cost_is_that_of_the_turn_also_behind_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(PROMPT, worktree=worktree)
        second, _ = await opened.run(PROMPT, worktree=worktree, agent_session=first.agent_session)
    assert [round(port.usage.cost_usd, 6) for port in (first, second)] == [0.01, 0.01]


async def test_idle_processes_end_and_their_sessions_go_on(tmp_path: Path) -> None:
    quick = replace(SETTINGS, idle_s=0.2, sweep_s=0.1)
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True), quick) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run(PROMPT, worktree=worktree)
        await opened.wait_gone()
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
        assert (second.opened.step, outcome) == (ResumeStep.RESUMED, Completed())


async def test_forget_ends_the_processes_of_a_worktree(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        gone, stays = opened.worktree(), opened.worktree()
        await asyncio.gather(*(opened.run(PROMPT, worktree=worktree) for worktree in (gone, gone, stays)))
        assert len(processes(opened)) == 3
        await opened.backend.forget(gone)
        assert len(processes(opened)) == 1


async def test_attached_images_are_sent_with_the_prompt(tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True, images=True)) as opened:
        port, outcome = await opened.run("look", attachments=(shot, tmp_path))
    assert (port.text, outcome) == (f"image/png {len(base64.b64encode(PNG))}", Completed())
    async with desk(tmp_path, fake_agent(tmp_path, kept_open=True)) as opened:
        port, _ = await opened.run("[[say paths alone]]", attachments=(shot,))
    assert port.text == "paths alone"


async def test_a_change_of_mcp_servers_starts_the_agent_anew(tmp_path: Path) -> None:
    agent = fake_agent(tmp_path, kept_open=True, mcp_args=("--mcp-config", "{mcp_file}"))
    files = McpServer("files", command=("serve-files", "."), env={"KEY": "k"})
    elsewhere = McpServer("other", url="http://127.0.0.1:1/mcp", projects=(tmp_path / "other",))
    async with desk(tmp_path, agent, mcp_servers=(files, elsewhere)) as opened:
        worktree = opened.worktree()
        assert [use.given for use in (await opened.backend.probe()).mcp_servers] == [True, True]
        first, _ = await opened.run(PROMPT, worktree=worktree)
        again, _ = await opened.run(PROMPT, worktree=worktree, agent_session=first.agent_session)
        assert again.opened.step is ResumeStep.WARM
        (written,) = (tmp_path / "state" / "mcp").glob("*.json")
        assert written.stat().st_mode & 0o777 == 0o600
        assert json.loads(written.read_text()) == {
            "mcpServers": {"files": {"command": "serve-files", "args": ["."], "env": {"KEY": "k"}}}
        }, "the other is for another project"
    async with desk(tmp_path, agent, mcp_servers=(replace(files, env={"KEY": "l"}),)) as opened:
        last, outcome = await opened.run(PROMPT, worktree=worktree, agent_session=first.agent_session)
        assert (last.opened.step, outcome) == (ResumeStep.RESUMED, Completed())
        assert len(list((tmp_path / "state" / "mcp").glob("*.json"))) == 2


async def test_an_agent_without_arguments_for_mcp_servers_gets_none(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path), mcp_servers=(McpServer("files", command=("x",)),)) as opened:
        (use,) = (await opened.backend.probe()).mcp_servers
        assert not use.given and "own configuration only" in use.reason
        _, outcome = await opened.run(PROMPT)
        assert outcome == Completed() and not (tmp_path / "state" / "mcp").exists()
