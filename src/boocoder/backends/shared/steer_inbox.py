"""Messages of a person that wait for the moment at which an agent of this process can take them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from boocoder.backends.base import SteerMessage
from boocoder.model.steer import SteerResult


class SteerInbox:
    """The messages of one turn, in their order. The turn takes them between two steps, and closes it at its end."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[SteerMessage, asyncio.Future[SteerResult]]] = deque()
        self._closed = False

    async def put(self, message: SteerMessage) -> SteerResult:
        """Wait until the turn has taken the message, or is over."""
        if self._closed:
            return SteerResult.REFUSED
        result: asyncio.Future[SteerResult] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, result))
        return await result

    async def take(self, use: Callable[[str], Awaitable[None]]) -> bool:
        """Give the text of every message that waits to `use`.

        Nothing waits when it returns, so a turn that closes the inbox right then leaves no message out.

        Returns:
            whether there was one.
        """
        taken = False
        while self._waiting:
            message, result = self._waiting.popleft()
            if not result.done() and await _take_one(message, result, use):
                taken = True
        return taken

    def close(self) -> None:
        """The turn is over: what waits, and what comes, is refused. Safe twice."""
        self._closed = True
        while self._waiting:
            _settle(self._waiting.popleft()[1], SteerResult.REFUSED)


async def _take_one(
    message: SteerMessage, result: asyncio.Future[SteerResult], use: Callable[[str], Awaitable[None]]
) -> bool:
    sent = SteerResult.REFUSED
    try:
        if not await message.sending():
            return False
        sent = SteerResult.UNKNOWN
        await use(message.text)
        sent = SteerResult.CONFIRMED
        return True
    finally:  # also where the turn is cancelled at this moment
        _settle(result, sent)


def _settle(result: asyncio.Future[SteerResult], value: SteerResult) -> None:
    if not result.done():
        result.set_result(value)
