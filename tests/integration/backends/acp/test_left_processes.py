"""Processes that a tool leaves running are told, listed and ended; the agent itself is not among them."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from boocoder.events.agent_event import Notice
from boocoder.model.turn import Completed
from boocoder.process.orphans import ToolProcess, end_process
from boocoder.process.proc_table import ProcessId
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
        await end_process(left[0].id)
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
        await end_process(parent.id)
        assert acp.host.tool_processes(worktree) == []


# A server that starts a worker when it is asked: as its child, or as a daemon.
STARTS_WORKER = {
    "child": "trap 'sleep 500 & sleep 501 & wait' USR1; while :; do sleep 0.05; done",
    "daemon": "trap 'setsid sh -c \"sleep 500 & sleep 501 &\"' USR1; while :; do sleep 0.05; done",
}


@pytest.mark.parametrize("how", STARTS_WORKER)
async def test_what_a_left_server_starts_between_turns_is_not_the_agents_own(tmp_path: Path, how: str) -> None:
    script = tmp_path / "server.sh"
    script.write_text(STARTS_WORKER[how])
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        first, _ = await acp.run(f"[[bash bash {script} >/dev/null 2>&1 & true]]", worktree=worktree)
        server = next(one for one in acp.host.tool_processes(worktree) if str(script) in one.command)
        async with asyncio.timeout(PATIENCE_S):
            while not is_trapping(server.pid, signal.SIGUSR1):
                await asyncio.sleep(0.02)
            os.kill(server.pid, signal.SIGUSR1)
            while len(workers(acp.host.tool_processes(worktree))) < 2:
                await asyncio.sleep(0.02)
        started = workers(acp.host.tool_processes(worktree))
        second, _ = await acp.run("[[bash true]]", worktree=worktree, agent_session=first.agent_session)
        assert workers(acp.host.tool_processes(worktree)) == started
        told = [notice.text for notice in second.of(Notice) if notice.code == "processes_left"]
        assert told == [], "this turn did not start them"
        for one in started:
            await end_process(one.id)
        assert workers(acp.host.tool_processes(worktree)) == []


async def test_what_is_started_after_sigterm_ends_with_it(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.sh"  # each SIGTERM makes another, and its parent goes
    script.write_text("trap 'sleep 500 & sleep 501 & exit 0' TERM; while :; do sleep 0.05; done")
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        await acp.run(f"[[bash setsid bash {script} >/dev/null 2>&1 & true]]", worktree=worktree)
        (server,) = [one for one in acp.host.tool_processes(worktree) if str(script) in one.command]
        async with asyncio.timeout(PATIENCE_S):
            while not is_trapping(server.pid, signal.SIGTERM):
                await asyncio.sleep(0.02)
        await end_process(server.id)
        assert workers(acp.host.tool_processes(worktree)) == []


async def test_a_pid_that_another_process_has_by_now_is_left_alone(tmp_path: Path) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        worktree = acp.worktree()
        await acp.run(SERVER, worktree=worktree)
        left = acp.host.tool_processes(worktree)
        await end_process(ProcessId(left[0].pid, left[0].id.started - 1))
        assert acp.host.tool_processes(worktree) == left


def workers(found: list[ToolProcess]) -> list[ToolProcess]:
    return [one for one in found if one.command in ("sleep 500", "sleep 501")]


def is_trapping(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal (proc(5), status)."""
    caught = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt:"))
    return bool(int(next(caught).split()[1], 16) >> (number - 1) & 1)


@pytest.mark.parametrize("prompt", ["[[say hello]]", "[[bash true]]"])
async def test_a_turn_that_leaves_none_says_nothing(tmp_path: Path, prompt: str) -> None:
    async with desk(tmp_path, fake_agent(tmp_path)) as acp:
        port, _ = await acp.run(prompt)
        assert "processes_left" not in [notice.code for notice in port.of(Notice)]
