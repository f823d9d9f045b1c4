"""The real opencode by ACP behind the service."""

from __future__ import annotations

from tests.agents.recipes import OPENCODE_ACP
from tests.agents.scenes import Scenes


class TestOpencodeAcp(Scenes):
    """Every scene."""

    recipe = OPENCODE_ACP
