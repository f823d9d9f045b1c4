"""The ACP backend alone on each real agent that speaks it: what their turns look like to it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from tools.agent_recipes import Recipe
from tools.install_agents import install_agent

from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.catalog.known_agents import known_agents
from boocoder.catalog.launch_plan import known_driver
from boocoder.events.agent_event import PermissionAnswer, TextDelta, ToolKind, ToolStatus
from boocoder.model.agent import AgentState, Transport
from boocoder.model.turn import Cancelled, Completed, Failed, ResumeStep, StopReason
from boocoder.scripted_model.server import ScriptedModel
from tests.agents.habits import CLAUDE, GOOSE, OPENCODE_ACP, QWEN, Agent
from tests.contract.port import RecordingPort
from tests.fakes.acp.harness import AcpHarness, desk
from tests.fixtures.images import PNG, attached_prompt, image_file

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]

BUDGET_S = 120.0  # of a turn with a cold start, with all cores busy
AGENTS = (GOOSE, OPENCODE_ACP, QWEN, CLAUDE)


@dataclass
class Real:
    """One agent on its desk.

    Args:
        agent: what is known about it.
        acp: the desk.
        worktree: for turns that may share one, and its process.
        model: that it asks.
    """

    agent: Agent
    acp: AcpHarness
    worktree: Path
    model: ScriptedModel


def known_acp(recipe: Recipe, home: Path, root_url: str) -> AcpAgent:
    """An agent as boocoder knows it, on the scripted model."""
    driver = known_driver(known_agents()[recipe.name], Transport.ACP)
    assert isinstance(driver, AcpAgent)
    command = (*install_agent(recipe.program), *recipe.args)
    return replace(driver, argv=command, env={**driver.env, **recipe.environment(home, root_url)})


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=AGENTS, ids=[agent.name for agent in AGENTS])
async def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    """Each agent in turn, warm for the whole module."""
    chosen: Agent = request.param
    directory = tmp_path_factory.mktemp(chosen.name)
    async with ScriptedModel() as model:
        agent = known_acp(chosen.recipe, directory / "home", model.root_url)
        async with desk(directory, agent, AcpSettings(spare=False)) as acp:
            acp.budget_s = BUDGET_S
            yield Real(chosen, acp, acp.worktree(), model)


async def test_probe(real: Real) -> None:
    info = await real.acp.backend.probe()
    assert info.state is AgentState.READY, info.reason
    assert info.version[0].isdigit()
    assert info.models and info.modes
    assert info.default_model in info.models


async def test_a_turn_with_tools_then_a_warm_one_that_remembers(real: Real) -> None:
    worktree = real.acp.worktree()
    prompt = "[[think hm]][[say one]][[write a.txt|hello]][[bash cat a.txt; exit 3]][[say two]]"
    first, outcome = await real.acp.run(prompt, worktree=worktree)
    assert outcome == Completed()
    assert first.opened.step is ResumeStep.FRESH
    assert (worktree / "a.txt").read_text().strip() == "hello"
    assert (first.text, first.reasoning) == ("onetwo", "hm")
    write, bash = first.final_tools
    assert (write.kind, write.status) == (ToolKind.EDIT, ToolStatus.COMPLETED)
    assert (bash.kind, bash.exit_code) == (ToolKind.EXECUTE, 3 if real.agent.tells_exit_code else None)
    assert "hello" in bash.output
    assert first.usage.context_tokens > 0
    second, outcome = await real.acp.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.WARM
    assert second.text.startswith("users=2: ")


async def test_cancel_text_and_then_a_command(real: Real) -> None:
    worktree = real.acp.worktree()
    session = None
    for prompt in ("[[delay 0.02]][[tokens 5000]]", "[[reset]][[bash touch started; sleep 120]]"):
        request = real.acp.request(prompt, worktree=worktree, agent_session=session)
        port = RecordingPort(stop=request.stop)
        turn = asyncio.create_task(real.acp.run_request(request, port))
        while not turn.done() and not (port.of(TextDelta) or (worktree / "started").exists()):
            await asyncio.sleep(0.02)
        request.stop.set(StopReason.CANCELLED)
        assert await turn == Cancelled()
        assert all(tool.status.final for tool in port.final_tools)
        session = port.agent_session
    after, outcome = await real.acp.run("[[reset]][[say fine]]", worktree=worktree, agent_session=session)
    assert (after.text, outcome) == ("fine", Completed())


async def test_a_refused_permission(real: Real) -> None:
    request = real.acp.request("[[bash echo yes > asked.txt]][[say after]]", worktree=real.worktree)
    port = RecordingPort(stop=request.stop, permission=PermissionAnswer(allowed=False, message="Not here."))
    await real.acp.run_request(request, port)
    (asked,) = port.permission_requests
    assert asked.argument == "echo yes > asked.txt"
    assert asked.part == port.final_tools[0].part
    assert not (request.worktree / "asked.txt").exists()
    assert port.final_tools[0].status in (ToolStatus.FAILED, ToolStatus.CANCELLED)
    assert "Not here." in port.final_tools[0].output


async def test_a_failing_model_is_a_failure(real: Real) -> None:
    _, outcome = await real.acp.run("[[fail 400]]", worktree=real.worktree)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "model_failed"
    assert outcome.error.cure


async def test_an_attached_image_reaches_a_model_that_the_agent_takes_to_see(real: Real, tmp_path: Path) -> None:
    shot = image_file(tmp_path)
    prompt = attached_prompt("[[say seen]] attached-picture", shot)
    port, outcome = await real.acp.run(prompt, worktree=real.acp.worktree(), attachments=(shot,))
    assert (outcome, port.text) == (Completed(), "seen")
    body = (await real.model.wait_request("attached-picture")).body
    assert (base64.b64encode(PNG) in body) == real.agent.gives_images
    assert str(shot).encode() in body
