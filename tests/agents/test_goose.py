"""The real goose behind the service."""

from __future__ import annotations

from tests.agents.recipes import GOOSE
from tests.agents.scenes import Scenes


class TestGoose(Scenes):
    """Every scene."""

    recipe = GOOSE
