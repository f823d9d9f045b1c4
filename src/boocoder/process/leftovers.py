"""Tells what a turn's tools left running below an agent after it was cancelled. It ends nothing itself."""

from __future__ import annotations

import asyncio

from boocoder.process.child import Child
from boocoder.process.supervisor import descendants

_WAIT_S = 1.0  # an agent that ends its tools takes up to 0.3 s
_POLL_S = 0.05


class Leftovers:
    """What ran below the agent before the turn is none of it.

    Args:
        child: the agent.
    """

    def __init__(self, child: Child) -> None:
        self._root = child.supervisor_pid
        self._before = set(descendants(self._root))

    async def remain(self, used_tools: bool) -> bool:
        """Whether something that the turn started outlives it; waits a moment for it to go.

        Args:
            used_tools: whether the turn had any tool call; without one, nothing is looked for.
        """
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while used_tools and set(descendants(self._root)) - self._before:
            if asyncio.get_running_loop().time() > deadline:
                return True
            await asyncio.sleep(_POLL_S)
        return False
