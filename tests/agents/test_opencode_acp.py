"""The real opencode by ACP behind the service."""

from __future__ import annotations

from tests.agents.habits import OPENCODE_ACP
from tests.agents.scenes import Scenes


class TestOpencodeAcp(Scenes):
    """Every scene."""

    agent = OPENCODE_ACP
