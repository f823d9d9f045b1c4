"""The real goose behind the service."""

from __future__ import annotations

from tests.agents.habits import GOOSE
from tests.agents.scenes import Scenes


class TestGoose(Scenes):
    """Every scene."""

    agent = GOOSE
