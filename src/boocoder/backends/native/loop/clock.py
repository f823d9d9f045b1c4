"""Time limit of a turn; the clock stops while it waits for a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class TurnClock:
    """A time limit.

    Args:
        limit_s: seconds of work.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._timeout: asyncio.Timeout | None = None
        self._left_s = limit_s
        self._waits = 0

    @property
    def expired(self) -> bool:
        """Whether the limit has been reached."""
        return self._timeout is not None and self._timeout.expired()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the body within the limit.

        Raises:
            TimeoutError: the limit was reached; `expired` distinguishes it from other timeouts.
        """
        self._timeout = asyncio.timeout(self._limit_s)
        async with self._timeout:
            yield

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the clock while waiting for a person; calls may overlap."""
        now = asyncio.get_running_loop().time
        timeout = self._timeout
        self._waits += 1
        if timeout is not None and self._waits == 1:
            self._left_s = (timeout.when() or now()) - now()
            timeout.reschedule(None)
        try:
            yield
        finally:
            self._waits -= 1
            if timeout is not None and self._waits == 0 and not timeout.expired():
                timeout.reschedule(now() + self._left_s)
