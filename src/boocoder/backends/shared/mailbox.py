"""The queue of a running turn: the agent's messages and the turn's own signals, in order, for one reader."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

_MAX_BYTES = 8 * 1024 * 1024


class Mailbox(Generic[T]):
    """First in, first out. Signals always fit; an agent's messages are held back or dropped when the queue is full.

    Args:
        max_items: items after which `wait_room` waits and `offer` drops.
        gap: put once in the place of dropped items, and never twice in a row.
    """

    def __init__(self, *, max_items: int = 4096, gap: T | None = None) -> None:
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._max_items = max_items
        self._gap = gap
        self._overflowed = False
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T, size_bytes: int = 0) -> None:
        """Add an item."""
        if self._closed or (item == self._gap and self._items and self._items[-1][0] == self._gap):
            return
        self._items.append((item, size_bytes))
        self._bytes += size_bytes
        self._filled.set()
        if len(self._items) > self._max_items or self._bytes > _MAX_BYTES:
            self._room.clear()

    def offer(self, item: T) -> None:
        """Add an item, or drop it while too many wait; dropped items become one gap behind those that wait."""
        self._overflowed = self._overflowed or len(self._items) >= self._max_items
        if not self._overflowed:
            self.put(item)

    async def wait_room(self) -> None:
        """Wait until the queue is no longer full, or is closed."""
        await self._room.wait()

    async def get(self) -> T:
        """Wait for the next item."""
        while not self._items:
            if self._overflowed and self._gap is not None:
                self._overflowed = False
                return self._gap
            self._filled.clear()
            await self._filled.wait()
        item, size_bytes = self._items.popleft()
        self._bytes -= size_bytes
        if len(self._items) < self._max_items // 2 and self._bytes <= _MAX_BYTES:
            self._room.set()
        return item

    def close(self) -> None:
        """Drop what waits and all that follows."""
        self._closed = True
        self._items.clear()
        self._room.set()
