"""Tells open streams that the service stops. It closes nothing by itself."""

from __future__ import annotations

import asyncio


class Closing:
    """A flag that streams wait for; it is set once."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def now(self) -> bool:
        """Whether the service stops."""
        return self._event.is_set()

    def set(self) -> None:
        """The service stops."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until the service stops."""
        await self._event.wait()
