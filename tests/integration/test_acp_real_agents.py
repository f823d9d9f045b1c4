"""Real agents over ACP on the scripted model: goose and opencode, installed when they are missing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from tools.install_agents import install_goose, install_opencode

from boocoder.backends.acp.settings import AcpAgent, AcpSettings
from boocoder.catalog.known import known_agents
from boocoder.catalog.plan import known_driver
from boocoder.events.agent_event import PermissionAnswer, ReasoningDelta, TextDelta, ToolKind, ToolStatus
from boocoder.model.agent import AgentState, Transport
from boocoder.model.turn import Cancelled, Completed, Failed, ResumeStep, StopReason
from boocoder.scripted_model.server import ScriptedModel
from tests.contract.port import RecordingPort
from tests.fakes.acp.desk import AcpDesk, desk

pytestmark = [pytest.mark.opencode, pytest.mark.asyncio(loop_scope="module")]

REMEMBERED = {"goose": ResumeStep.LOADED, "opencode-acp": ResumeStep.RESUMED}


@dataclass
class Real:
    """One agent on its desk.

    Args:
        name: of the agent.
        acp: the desk.
        worktree: for turns that may share one, and its process.
    """

    name: str
    acp: AcpDesk
    worktree: Path

    async def restart(self) -> None:
        """End every process, as a restarted program would begin."""
        await self.acp.backend.stop()
        await self.acp.wait_gone()
        await self.acp.backend.start()


def home(directory: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of an agent whose home is ours."""
    places = {"CONFIG": ".config", "DATA": ".local/share", "STATE": ".local/state", "CACHE": ".cache"}
    xdg = {f"XDG_{name}_HOME": str(directory / place) for name, place in places.items()}
    return {"HOME": str(directory), **xdg, **more}


def known_acp(name: str) -> AcpAgent:
    """An agent as boocoder knows it."""
    driver = known_driver(known_agents()[name], Transport.ACP)
    assert isinstance(driver, AcpAgent)
    return driver


def goose(directory: Path, model_url: str) -> AcpAgent:
    """goose with the scripted model as its provider."""
    config = directory / ".config" / "goose" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("GOOSE_TELEMETRY_ENABLED: false\n")
    host = model_url.removesuffix("/v1")
    provider = {"GOOSE_PROVIDER": "openai", "GOOSE_MODEL": "scripted-small", "OPENAI_HOST": host, "OPENAI_API_KEY": "x"}
    environment = home(directory, {**provider, "GOOSE_DISABLE_KEYRING": "1"})
    return replace(known_acp("goose"), argv=(str(install_goose()), "acp"), env=environment)


def opencode(directory: Path, model_url: str) -> AcpAgent:
    """opencode with the scripted model as its provider, asking before it runs a command."""
    config = directory / ".config" / "opencode" / "opencode.json"
    config.parent.mkdir(parents=True)
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "options": {"baseURL": model_url, "apiKey": "x"},
        "models": {"scripted-small": {}, "scripted-large": {}},
    }
    small = "scripted/scripted-small"
    config.write_text(
        json.dumps(
            {
                "provider": {"scripted": provider},
                "model": small,
                "small_model": small,
                "autoupdate": False,
                "share": "disabled",
                "permission": {"bash": "ask"},
            }
        )
    )
    known = known_acp("opencode-acp")
    environment = home(directory, {**known.env, "OPENCODE_DISABLE_MODELS_FETCH": "1"})
    return replace(known, argv=(str(install_opencode()), "acp"), env=environment)


MAKERS = {"goose": goose, "opencode-acp": opencode}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=sorted(MAKERS))
async def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    """Each agent in turn, warm for the whole module."""
    directory = tmp_path_factory.mktemp(request.param)
    async with ScriptedModel() as model:
        agent = MAKERS[request.param](directory / "home", model.base_url)
        async with desk(directory, agent, AcpSettings(spare=False)) as acp:
            yield Real(request.param, acp, acp.worktree())


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
    assert (bash.kind, bash.exit_code) == (ToolKind.EXECUTE, 3)
    assert "hello" in bash.output
    assert first.usage.context_tokens > 0
    began = time.monotonic()
    second, outcome = await real.acp.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is ResumeStep.WARM
    assert second.text.startswith("users=2: ")
    assert time.monotonic() - began < 5.0


async def test_a_conversation_goes_on_in_a_new_process(real: Real) -> None:
    worktree = real.acp.worktree()
    first, _ = await real.acp.run("[[think no]][[say the colour is teal]]", worktree=worktree)
    await real.restart()
    second, outcome = await real.acp.run("[[recall]]", worktree=worktree, agent_session=first.agent_session)
    assert outcome == Completed()
    assert second.opened.step is REMEMBERED[real.name]
    assert second.opened.native_id == first.opened.native_id
    assert second.text.startswith("users=2: ")
    assert not second.of(ReasoningDelta)


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
        asked_at = time.monotonic()
        assert await turn == Cancelled()
        assert time.monotonic() - asked_at < real.acp.backend.stop_grace_s
        assert all(tool.status.final for tool in port.final_tools)
        session = port.agent_session
    after, outcome = await real.acp.run("[[reset]][[say fine]]", worktree=worktree, agent_session=session)
    assert (after.text, outcome) == ("fine", Completed())


@pytest.mark.parametrize("allowed", [True, False])
async def test_permission(real: Real, allowed: bool) -> None:
    file = f"asked-{allowed}.txt"
    request = real.acp.request(f"[[bash echo yes > {file}]][[say after]]", worktree=real.worktree)
    port = RecordingPort(stop=request.stop, permission=PermissionAnswer(allowed=allowed, message="Not here."))
    outcome = await real.acp.run_request(request, port)
    (asked,) = port.permission_requests
    assert asked.argument == f"echo yes > {file}"
    assert asked.part == port.final_tools[0].part
    assert (request.worktree / file).exists() is allowed
    if allowed:
        assert (port.text, outcome) == ("after", Completed())
    else:
        assert port.final_tools[0].status in (ToolStatus.FAILED, ToolStatus.CANCELLED)
        assert "Not here." in port.final_tools[0].output


async def test_a_failing_model_is_a_failure(real: Real) -> None:
    _, outcome = await real.acp.run("[[fail 400]]", worktree=real.worktree)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "model_failed"
    assert outcome.error.cure
