"""The real Claude Code by its ACP adapter behind the service."""

from __future__ import annotations

from tests.agents.habits import CLAUDE
from tests.agents.scenes import Scenes


class TestClaude(Scenes):
    """Every scene."""

    agent = CLAUDE
