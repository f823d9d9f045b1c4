"""Finds processes that a turn's tools left running below an agent after the turn was cancelled."""

from __future__ import annotations

import asyncio

from boocoder.process.child import Child
from boocoder.process.programs.supervisor import descendants

_WAIT_S = 1.0  # an agent that ends its tools takes up to 0.3 s
_POLL_S = 0.05


class ToolDescendants:
    """The agent's descendants that the turn started; those that ran before it are excluded.

    Args:
        child: the agent.
    """

    def __init__(self, child: Child) -> None:
        self._root = child.supervisor_pid
        self._before = set(descendants(self._root))

    async def remain(self, used_tools: bool) -> bool:
        """Whether a process that the turn started outlives it; waits a moment for it to end.

        Args:
            used_tools: whether the turn had any tool call; if not, there is no search.
        """
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while used_tools and set(descendants(self._root)) - self._before:
            if asyncio.get_running_loop().time() > deadline:
                return True
            await asyncio.sleep(_POLL_S)
        return False
