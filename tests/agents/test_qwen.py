"""The real Qwen Code behind the service."""

from __future__ import annotations

from tests.agents.habits import QWEN
from tests.agents.scenes import Scenes


class TestQwen(Scenes):
    """Every scene."""

    agent = QWEN
