"""What every fault of the fake agent is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.acp.agent import Agent
    from tests.fakes.acp.performance import Performance
    from tests.fakes.acp.wire import Json

Strike = Callable[..., Any]
StrikeTurn = Callable[..., Awaitable[bool]]


class Fault:
    """No fault; others override where they strike.

    Args:
        name: of the fault.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    async def at_start(self, agent: Agent) -> None:
        """Before anything is read."""

    async def on_message(self, agent: Agent, message: Json) -> bool:
        """A request or notification came; True if it is dealt with."""
        return False

    async def in_turn(self, agent: Agent, message: Json, performance: Performance) -> bool:
        """A prompt begins; True if it is answered, or never will be."""
        return False
