"""The one queue of a running turn: events of the stream and signals of its own. Bounded; no I/O."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Gap:
    """Events may have been lost before this point: the store has to be asked."""


class Mailbox(Generic[S]):
    """First in, first out. Signals always fit; stream events beyond the bound are dropped and become one Gap.

    Args:
        max_events: bound of waiting stream events; a burst of a 2,000-word answer is 2,031.
    """

    def __init__(self, *, max_events: int = 8192) -> None:
        self._items: deque[S | Gap] = deque()
        self._max = max_events
        self._overflowed = False
        self._filled = asyncio.Event()

    def offer(self, event: S) -> None:
        """Add an event of the stream, or drop it when too many wait already."""
        self._overflowed = self._overflowed or len(self._items) >= self._max
        if not self._overflowed:
            self.put(event)

    def put(self, signal: S | Gap) -> None:
        """Add a signal; a Gap right behind a Gap is one Gap."""
        if isinstance(signal, Gap) and self._items and isinstance(self._items[-1], Gap):
            return
        self._items.append(signal)
        self._filled.set()

    async def get(self) -> S | Gap:
        """Wait for the next item."""
        while not self._items:
            if self._overflowed:
                self._overflowed = False
                return Gap()
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()
