"""Processes that a tool leaves running are told, listed and ended; the agent itself is not among them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from boocoder.events.agent_event import Notice
from boocoder.model.turn import Completed
from boocoder.process.orphans import end_process
from tests.fakes.acp.harness import desk, fake_agent
from tests.waiting import PATIENCE_S

SERVER = "[[bash sleep 300 >/dev/null 2>&1 & sleep 400 >/dev/null 2>&1 & true]][[say started]]"


async def test_they_are_told_once_and_listed_until_they_are_ended(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        first, outcome = await acp.run(SERVER, worktree=worktree)
        assert outcome == Completed()
        (told,) = [notice for notice in first.of(Notice) if notice.code == "processes_left"]
        left = acp.host.tool_processes(worktree)
        assert sorted(one.command for one in left) == ["sleep 300", "sleep 400"]
        assert all(str(one.pid) in told.text for one in left)
        second, outcome = await acp.run(
            "[[bash true]][[say fine]]", worktree=worktree, agent_session=first.agent_session
        )
        assert outcome == Completed()
        assert "processes_left" not in [notice.code for notice in second.of(Notice)]
        assert acp.host.tool_processes(worktree) == left
        assert acp.host.tool_processes(acp.worktree()) == []
        await end_process(left[0].pid)
        assert acp.host.tool_processes(worktree) == left[1:]
        third, _ = await acp.run("[[say warm]]", worktree=worktree, agent_session=first.agent_session)
        assert third.text == "warm"


async def test_one_that_ignores_sigterm_is_killed_with_its_descendants(tmp_path: Path) -> None:
    script = "trap : TERM; sleep 300 & while :; do wait; done"
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        await acp.run(f"[[bash bash -c '{script}' >/dev/null 2>&1 & true]]", worktree=worktree)
        async with asyncio.timeout(PATIENCE_S):
            while len(left := acp.host.tool_processes(worktree)) < 2:
                await asyncio.sleep(0.02)
        parent = [one for one in left if "trap" in one.command][-1]  # the first may be the tool itself
        await end_process(parent.pid)
        assert acp.host.tool_processes(worktree) == []


@pytest.mark.parametrize("prompt", ["[[say hello]]", "[[bash true]]"])
async def test_a_turn_that_leaves_none_says_nothing(tmp_path: Path, prompt: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, _ = await acp.run(prompt)
        assert "processes_left" not in [notice.code for notice in port.of(Notice)]
