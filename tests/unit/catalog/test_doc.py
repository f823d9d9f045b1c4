"""docs/agents.md has every known agent, every key of an agent's table and every state, and no other."""

from __future__ import annotations

import re

from boocoder.catalog.catalog import NOT_TRIED
from boocoder.catalog.known_agents import known_agents
from boocoder.config.agents import KEYS, is_agent_name
from boocoder.model.agent import AgentState
from tests.paths import DOCS

PAGE = (DOCS / "agents.md").read_text("utf-8")


def section(title: str) -> str:
    """One section of the page."""
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> list[str]:
    """The codes in the first column of a section's tables."""
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([\w-]+)`", row)]


def test_every_known_agent_has_its_row() -> None:
    rows = [line for line in section("Known agents").splitlines() if line.startswith("| `")]
    wanted = []
    for agent in known_agents().values():
        install = f"`{agent.install}`" if agent.install and "'" not in agent.install else agent.install
        wanted.append(f"| `{agent.name}` | {agent.title} | {', '.join(agent.tables) or 'built in'} | {install} |")
    assert rows == wanted


def test_every_key_is_listed() -> None:
    listed = first_cells(section("Settings of an agent"))
    assert all(is_agent_name(f"agents.mine.{key}") for key in listed)
    assert sorted(listed) == sorted(KEYS)


def test_every_state_is_listed() -> None:
    assert first_cells(section("How agents are found")) == list(AgentState)
    assert NOT_TRIED in PAGE
