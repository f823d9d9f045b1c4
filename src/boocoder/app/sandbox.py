"""Builds the sandbox that the settings ask for."""

from __future__ import annotations

from pathlib import Path

from boocoder.config.agent_hosts import agent_hosts
from boocoder.config.settings import Settings
from boocoder.process.sandbox.profile import SandboxProfile
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy


def build_sandbox(settings: Settings) -> Sandbox:
    """The sandbox of this service; `start` finds out what the machine can enforce."""
    chosen, home = settings.sandbox, settings.surroundings.home
    policy = SandboxPolicy(
        profile=None if chosen.profile == "auto" else SandboxProfile(chosen.profile),
        off_agents=frozenset(chosen.off_agents),
        off_projects=frozenset(_absolute(text, home) for text in chosen.off_projects),
        writable=tuple(_absolute(text, home) for text in chosen.writable),
        readable=tuple(_absolute(text, home) for text in chosen.readable),
        hosts=agent_hosts(settings),
    )
    runtime = settings.surroundings.runtime_dir
    return Sandbox(policy=policy, home=home, data_dir=settings.data_dir, hidden=(runtime,) if runtime else ())


def _absolute(text: str, home: Path) -> Path:
    return home / text[2:] if text.startswith("~/") else Path(text)
