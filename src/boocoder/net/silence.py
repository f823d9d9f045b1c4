"""Time limit on silence: one timer for a whole stream, however many bytes it brings."""

from __future__ import annotations

import asyncio
from types import TracebackType


class SilenceLimit:
    """An `async with` block that is ended once nothing was heard for a while.

    `touch` only notes the time; the timer looks at it when it runs out, and is set again for what is left.

    Args:
        limit_s: longest time between two calls of `touch`, and before the first.

    Raises:
        TimeoutError: out of the block, when the time is over.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._loop = asyncio.get_running_loop()
        self._scope = asyncio.timeout(None)
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def touch(self) -> None:
        """Something was heard now."""
        self._heard_at = self._loop.time()

    async def __aenter__(self) -> SilenceLimit:
        await self._scope.__aenter__()
        self.touch()
        self._timer = self._loop.call_later(self._limit_s, self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._scope.__aexit__(kind, error, trace)

    def _look(self) -> None:
        now = self._loop.time()
        rest = self._heard_at + self._limit_s - now
        if rest > 0:
            self._timer = self._loop.call_later(rest, self._look)
        else:
            self._timer = None
            self._scope.reschedule(now)
