"""The files of the known agents, as they are packaged."""

from __future__ import annotations

import re

import pytest

from boocoder.backends.acp.settings import AcpAgent
from boocoder.catalog.known_agents import KnownAgent, known_agents
from boocoder.catalog.launch_plan import known_driver
from boocoder.model.agent import Transport
from tests.paths import ROOT

AGENTS = known_agents()
NEEDED = {
    *("opencode", "opencode-acp", "claude", "codex", "gemini", "qwen", "goose", "kimi", "mistral-vibe", "copilot"),
    *("cline", "cursor-agent", "auggie", "amp", "aider", "native", "scripted"),
}


def test_every_agent_has_its_file() -> None:
    assert set(AGENTS) >= NEEDED
    files = (ROOT / "src" / "boocoder" / "catalog" / "agents").glob("*.toml")
    assert {file.stem for file in files} == set(AGENTS)
    assert list(AGENTS)[:3] == ["opencode", "native", "scripted"]
    orders = [agent.order for agent in AGENTS.values()]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("agent", AGENTS.values(), ids=lambda agent: agent.name)
def test_a_file_says_how_to_drive_it_and_how_to_get_it(agent: KnownAgent) -> None:
    assert agent.title
    assert agent.builtin is not bool(agent.tables)
    if agent.builtin:
        return
    assert agent.install
    programs = set()
    for transport in agent.tables:
        if transport is Transport.SERVER:
            programs.add("opencode")
            continue
        driver = known_driver(agent, transport)
        programs.add(driver.argv[0])
        assert driver.name == agent.name and driver.login == agent.login
        assert getattr(driver, "kept_open", False) is (transport is Transport.STREAM)
        assert isinstance(driver, AcpAgent) is (transport is Transport.ACP)
        assert not {variable for variable in driver.env if "KEY" in variable}
    assert programs <= set(agent.identify)


@pytest.mark.parametrize(
    ("name", "program", "said", "version"),
    [
        ("opencode", "opencode", "1.18.33", "1.18.33"),
        ("claude", "claude", "2.1.330 (Claude Code)", "2.1.330"),
        ("claude", "claude-agent-acp", "0.100.0", "0.100.0"),
        ("codex", "codex", "codex-cli 0.169.0", "0.169.0"),
        ("codex", "codex-acp", "@agentclientprotocol/codex-acp 2.6.0", "2.6.0"),
        ("gemini", "gemini", "0.61.0", "0.61.0"),
        ("copilot", "copilot", "GitHub Copilot CLI 1.0.102.\nRun 'copilot update' to check for updates.", "1.0.102"),
        ("copilot", "copilot", "copilot version: v1.34.1", None),
        ("auggie", "auggie", "0.36.0 (commit 7c61e5bb)", "0.36.0"),
        ("cline", "cline", "3.0.65", "3.0.65"),
        ("kimi", "kimi", "kimi, version 1.51.0", "1.51.0"),
        ("mistral-vibe", "vibe-acp", "vibe-acp 3.0.2", "3.0.2"),
        ("amp", "amp", "0.0.1759-g12ab (released 2026-10-01T10:00:00.000Z, 3h ago)", "0.0.1759-g12ab"),
        ("amp", "amp", "amp 0.7.1", None),
        ("aider", "aider", "aider 0.86.2", "0.86.2"),
        ("goose", "goose", "goose version: v3.24.1", None),
        ("goose", "goose", "Run goose as an ACP agent server on stdio\n\nUsage: goose acp [OPTIONS]", ""),
    ],
)
def test_what_programs_say_of_themselves_is_understood(name: str, program: str, said: str, version: str | None) -> None:
    how = AGENTS[name].identify[program]
    matches = re.search(how.expect, said, re.MULTILINE) is not None
    assert matches is (version is not None)
    if version:
        found = re.search(how.version, said, re.MULTILINE)
        assert found is not None and found.group(1) == version
