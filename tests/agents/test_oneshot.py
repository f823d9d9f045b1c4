"""Real agents as commands, and claude kept open, each on the scripted model: two turns, a lost session, a cancel."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tools.agent_recipes import CLAUDE, GOOSE, OPENCODE_ACP, QWEN, Recipe

from boocoder.backends.oneshot.settings import OneShotAgent, OneShotSettings
from boocoder.catalog.known_agents import known_agents
from boocoder.catalog.launch_plan import convert_driver
from boocoder.events.agent_event import AgentSessionOpened, Notice, PermissionAnswer, ToolStatus
from boocoder.model.agent import AgentState
from boocoder.model.mcp_server import McpServer
from boocoder.model.turn import AgentSessionRef, Cancelled, Completed, Failed, ResumeStep, StopReason
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fakes.oneshot.harness import OneShotHarness, desk
from tests.fixtures.images import PNG, image_file
from tests.paths import FAKES

MCP_SERVER = FAKES / "mcp_server.py"
BY_COMMAND = (GOOSE, CLAUDE, QWEN, OPENCODE_ACP)
WAIT_S = 100.0  # a cold opencode on a busy machine took 33 s
FIRST = "[[think hm]][[say the colour is teal]][[write new.txt|hello]][[say done]]"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def real_agent(recipe: Recipe, transport: str, home: Path, model: ScriptedModel) -> OneShotAgent:
    """The agent as the catalogue describes it, on the scripted model with a separate HOME."""
    known = known_agents()[recipe.name]
    table = dict(known.tables[transport])  # type: ignore[index]
    agent = convert_driver(
        OneShotAgent, {**table, "name": recipe.name, "kept_open": transport == "stream"}, recipe.name
    )
    launch = recipe.one_shot_command("")[: -len(recipe.one_shot)]
    env = {**known.env, **agent.env, **recipe.environment(home, model.root_url)}
    return replace(agent, argv=(*launch, *agent.argv[1:]), env=env)


@asynccontextmanager
async def opened_desk(
    recipe: Recipe, transport: str, directory: Path, *, model: ScriptedModel | None = None, **more: Any
) -> AsyncIterator[OneShotHarness]:
    """A desk on a real agent."""
    async with model or ScriptedModel() as model:
        agent = await asyncio.to_thread(real_agent, recipe, transport, directory / "home", model)
        settings = OneShotSettings(probe_timeout_s=WAIT_S, start_timeout_s=WAIT_S)
        async with desk(directory, replace(agent, version_args=()), settings, **more) as opened:
            opened.budget_s = WAIT_S
            yield opened


@pytest.mark.parametrize("recipe", BY_COMMAND, ids=lambda recipe: recipe.name)
async def test_two_turns_as_commands(recipe: Recipe, tmp_path: Path) -> None:
    async with opened_desk(recipe, "oneshot", tmp_path) as opened:
        assert (await opened.backend.probe()).state is AgentState.READY
        worktree = opened.worktree()
        first, outcome = await opened.run(FIRST, worktree=worktree, mode="yolo" if recipe != OPENCODE_ACP else None)
        assert outcome == Completed(), outcome
        assert first.text == "the colour is tealdone"
        assert (worktree / "new.txt").read_text().strip() == "hello"
        assert [tool.status for tool in first.final_tools] == [ToolStatus.COMPLETED]
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
        assert outcome == Completed()
        assert second.opened == replace(first.opened, step=ResumeStep.RESUMED)
        assert second.text.startswith("users=2: ") and "teal" in second.text
        await opened.wait_gone()


@pytest.mark.parametrize("recipe", [GOOSE, CLAUDE], ids=lambda recipe: recipe.name)
async def test_a_session_that_the_agent_lost(recipe: Recipe, tmp_path: Path) -> None:
    async with opened_desk(recipe, "oneshot", tmp_path) as opened:
        worktree = opened.worktree()
        first, _ = await opened.run("[[say hi]]", worktree=worktree)
        ours = tmp_path / "state" / "sessions" / f"{first.opened.native_id}.json"
        ours.write_text(ours.read_text().replace(first.opened.native_id, str(uuid4())))
        second, outcome = await opened.run(
            "[[recall]]", worktree=worktree, agent_session=first.agent_session, handover="The colour was teal."
        )
    assert outcome == Completed()
    assert [event.step for event in second.of(AgentSessionOpened)] == [ResumeStep.RESUMED, ResumeStep.HANDED_OVER]
    assert "session_not_resumed" in [notice.code for notice in second.of(Notice)]
    assert second.text.startswith("users=1: The colour was teal.")


@pytest.mark.parametrize("recipe", [GOOSE, CLAUDE], ids=lambda recipe: recipe.name)
async def test_a_failing_model(recipe: Recipe, tmp_path: Path) -> None:
    async with opened_desk(recipe, "oneshot", tmp_path) as opened:
        _, outcome = await opened.run("[[fail 400]]")
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "model_failed"
    assert "400" in outcome.error.text


async def test_claude_kept_open(tmp_path: Path) -> None:
    async with opened_desk(CLAUDE, "stream", tmp_path) as opened:
        worktree = opened.worktree()
        first, outcome = await opened.run(FIRST, worktree=worktree)
        assert (first.text, outcome) == ("the colour is tealdone", Completed())
        assert len(first.permission_requests) == 1, "the write was asked for"
        second, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
        assert (second.opened.step, outcome) == (ResumeStep.WARM, Completed())
        assert second.text.startswith("users=2: ")
        session: AgentSessionRef = first.agent_session
        await opened.backend.forget(worktree)
        third, outcome = await opened.run("[[recall]]", worktree=worktree, agent_session=session)
        assert (third.opened.step, outcome) == (ResumeStep.RESUMED, Completed())
        assert third.text.startswith("users=3: ")


async def test_claude_kept_open_is_refused_and_cancelled(tmp_path: Path) -> None:
    async with opened_desk(CLAUDE, "stream", tmp_path) as opened:
        request = opened.request("[[bash echo yes > asked.txt]][[say went on]]")
        port = RecordingPort(stop=request.stop, permission=PermissionAnswer(False, "Not on my machine."))
        assert await opened.run_request(request, port) == Completed()
        (tool,) = port.final_tools
        assert tool.status is ToolStatus.FAILED and "Not on my machine." in tool.output
        assert not (request.worktree / "asked.txt").exists()
        more = {"worktree": request.worktree, "agent_session": port.agent_session}
        slow = opened.request("[[delay 0.05]][[tokens 2000]]", **more)
        talking = RecordingPort(stop=slow.stop)
        turn = asyncio.create_task(opened.run_request(slow, talking))
        await talking.wait_until(lambda seen: "w5 " in seen.text, WAIT_S)
        slow.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        after, outcome = await opened.run("[[say still here]]", **more)
        assert (after.text, after.opened.step, outcome) == ("still here", ResumeStep.WARM, Completed())


ADD = ("mcp__workshop__add", '{"first": 20, "second": 22}')
SEARCH = '{"query": "select:mcp__workshop__add"}'
FOUND = f'{{"name": "{ADD[0]}", "arguments": {ADD[1]}}}'
CALLS = {  # both agents make the model look for such a tool before it calls it
    CLAUDE.name: f"[[tool ToolSearch|{SEARCH}]][[tool {ADD[0]}|{ADD[1]}]][[say added]]",
    QWEN.name: f"[[tool tool_search|{SEARCH}]][[tool tool_call|{FOUND}]][[say added]]",
}


@pytest.mark.parametrize(("recipe", "transport"), [(CLAUDE, "stream"), (QWEN, "oneshot")], ids=["claude", "qwen"])
async def test_the_tools_of_a_persons_mcp_server(recipe: Recipe, transport: str, tmp_path: Path) -> None:
    workshop = McpServer("workshop", command=(sys.executable, str(MCP_SERVER), "stdio"))
    async with opened_desk(recipe, transport, tmp_path, mcp_servers=(workshop,)) as opened:
        port, outcome = await opened.run(CALLS[recipe.name], mode="yolo")
        assert outcome == Completed()
        assert "the sum is 42" in port.final_tools[-1].output


async def test_claude_kept_open_sees_attached_images(tmp_path: Path) -> None:
    model = ScriptedModel()
    shot = image_file(tmp_path)
    async with opened_desk(CLAUDE, "stream", tmp_path, model=model) as opened:
        _, outcome = await opened.run("[[say a dot]] attached-picture", attachments=(shot,))
        assert outcome == Completed()
        assert base64.b64encode(PNG) in (await model.wait_request("attached-picture")).body
