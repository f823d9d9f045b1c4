"""Whether a running turn is progressing, waiting for a person, or silent (decision 8)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum


class LivenessState(StrEnum):
    """What the watchdog sees."""

    PROGRESSING = "progressing"
    WAITING = "waiting"  # for a person: no clock runs
    SILENT = "silent"


class Liveness:
    """Measures the silence of one turn.

    Args:
        silence_s: so long without an event, and the turn is silent.
        tool_silence_s: the same while a tool call is known to be running.
        running_tools: how many tool calls are running now.
    """

    def __init__(self, *, silence_s: float, tool_silence_s: float, running_tools: Callable[[], int]) -> None:
        self._silence_s = silence_s
        self._tool_silence_s = max(silence_s, tool_silence_s)
        self._running_tools = running_tools
        self._waiting = 0
        self._last = time.monotonic()

    def touch(self) -> None:
        """The agent gave a sign of life."""
        self._last = time.monotonic()

    def waiting_begins(self) -> None:
        """A permission or question is open."""
        self._waiting += 1

    def waiting_ends(self) -> None:
        """It was answered; the clock restarts."""
        self._waiting -= 1
        self.touch()

    @property
    def limit_s(self) -> float:
        """The silence that is allowed now."""
        return self._tool_silence_s if self._running_tools() else self._silence_s

    @property
    def state(self) -> LivenessState:
        """What a person should be shown."""
        if self._waiting:
            return LivenessState.WAITING
        silent = time.monotonic() - self._last >= self.limit_s
        return LivenessState.SILENT if silent else LivenessState.PROGRESSING

    async def wait_silent(self, ask_store: Callable[[], Awaitable[bool]]) -> bool:
        """Return when the turn is silent and the agent's own store had no news of it either.

        Args:
            ask_store: asks the agent's own store and emits what was missed (which touches this clock); says
                whether the store holds the turn for running.

        Returns:
            the store's last answer: a hanging model looks like work for ever, so it does not save the turn.
        """
        while True:
            if self.state is LivenessState.SILENT:
                asked_at = time.monotonic()
                running = await ask_store()
                if self._last < asked_at:
                    return running
            left = self._last + self.limit_s - time.monotonic()
            await asyncio.sleep(max(0.01, min(left, 1.0)))
