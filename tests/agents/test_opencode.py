"""The real opencode by its server behind the service."""

from __future__ import annotations

from tests.agents.habits import OPENCODE
from tests.agents.scenes import Scenes


class TestOpencode(Scenes):
    """Every scene."""

    agent = OPENCODE
