"""The sandbox of an agent in words: what it means, and the setting that changes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.catalog.confinement import confinement
from boocoder.catalog.known_agents import known_agents
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import SandboxSupport

BWRAP = SandboxSupport(SandboxMechanism.BUBBLEWRAP, Path("/usr/bin/bwrap"))
NOTHING = SandboxSupport(SandboxMechanism.NONE, reason="Nothing works here.", cure="Buy another machine.")
PROJECT = Path("/project")


@pytest.mark.parametrize(
    ("policy", "support", "profile", "text", "cure"),
    [
        (SandboxPolicy(), BWRAP, "files", "can write only the worktree", ""),
        (SandboxPolicy(SandboxProfile.OFF), BWRAP, "off", "No sandbox", 'sandbox.profile = "auto"'),
        (SandboxPolicy(SandboxProfile.FILES), BWRAP, "files", "can write only the worktree", ""),
        (SandboxPolicy(None), NOTHING, "off", "No sandbox", "Nothing works here. Buy another machine."),
        (SandboxPolicy(SandboxProfile.FILES), NOTHING, "files", "No turn begins", "Buy another machine."),
        (SandboxPolicy(None, off_agents=frozenset({"qwen"})), BWRAP, "off", "No sandbox", "names qwen"),
        (SandboxPolicy(None, off_projects=frozenset({PROJECT})), BWRAP, "off", "No sandbox", "names /project"),
    ],
)
def test_a_profile_says_what_it_means_and_what_changes_it(
    policy: SandboxPolicy, support: SandboxSupport, profile: str, text: str, cure: str
) -> None:
    sandbox = Sandbox(policy=policy, home=Path("/home/x"), data_dir=Path("/home/x/data"), support=support)
    said = confinement(sandbox, SandboxUse("qwen", project=PROJECT))
    assert said.profile == profile
    assert text in said.text and cure in said.cure
    assert bool(said.cure) == bool(cure)


def test_every_agent_with_known_rules_has_them_measured() -> None:
    measured = {"claude", "goose", "opencode-acp", "qwen"}  # by `tests/agents`
    assert {agent.name for agent in known_agents().values() if agent.rules is not None} == measured
