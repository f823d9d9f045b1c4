"""Which sessions have an opencode server of their own."""

from __future__ import annotations

from pathlib import Path

from boocoder.config.settings import Settings
from boocoder.process.sandbox.profile import SandboxProfile


def has_own_opencode(settings: Settings, project: Path | None) -> bool:
    """Whether each session of a project has a server of its own; of None: whether those of all projects have."""
    chosen = settings.agents.opencode
    if chosen.server == "session":
        return True
    named = {(settings.surroundings.home / one.removeprefix("~/")).resolve() for one in chosen.session_server_projects}
    if project is not None and project.resolve() in named:
        return True
    return chosen.server == "auto" and settings.sandbox.profile == SandboxProfile.NETWORK
