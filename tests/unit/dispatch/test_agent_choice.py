"""The agent that a task names does it, or the task fails by name; another one only where a setting says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.base import Backend
from boocoder.backends.scripted.backend import ScriptedBackend
from boocoder.dispatch.agent_choice import ChosenBackend, choose
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.turn import Failed
from tests.fixtures.processes import idle_host


class Known:
    """One agent that is ready, one that is not installed."""

    def __init__(self, directory: Path) -> None:
        self._ready = ScriptedBackend(state_dir=directory, processes=idle_host(directory))

    def backend(self, agent: str) -> Backend | None:
        return {"ready": self._ready, "absent": self._ready}.get(agent)

    async def info(self, agent: str) -> AgentInfo | None:
        return {
            "ready": AgentInfo("ready", "scripted", AgentState.READY),
            "absent": AgentInfo("absent", "acp", AgentState.UNAVAILABLE, "It is not installed.", "Run: npm i it"),
        }.get(agent)


async def test_the_named_agent_is_taken(tmp_path: Path) -> None:
    chosen = await choose("ready", Known(tmp_path), fallback="")
    assert isinstance(chosen, ChosenBackend) and chosen.agent == "ready" and chosen.notice is None


@pytest.mark.parametrize(("agent", "code"), [("absent", "agent_unavailable"), ("nobody", "agent_unknown")])
@pytest.mark.parametrize("fallback", ["", "absent", "nobody"])
async def test_without_a_usable_fallback_it_fails_with_a_cure(
    agent: str, code: str, fallback: str, tmp_path: Path
) -> None:
    failed = await choose(agent, Known(tmp_path), fallback=fallback)
    assert isinstance(failed, Failed)
    assert failed.error.code == code and failed.error.cure


async def test_a_fallback_says_so(tmp_path: Path) -> None:
    chosen = await choose("absent", Known(tmp_path), fallback="ready")
    assert isinstance(chosen, ChosenBackend) and chosen.agent == "ready"
    assert chosen.notice is not None
    assert "not installed" in chosen.notice.text and "ready does this turn" in chosen.notice.text
