"""The one queue of a running turn. Signals always fit; whoever adds an agent's messages waits while it is full."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

_MAX_ITEMS = 4096
_MAX_BYTES = 8 * 1024 * 1024


class Mailbox(Generic[T]):
    """First in, first out; one reader."""

    def __init__(self) -> None:
        self._items: deque[tuple[T, int]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T, size_bytes: int = 0) -> None:
        """Add an item."""
        if self._closed:
            return
        self._items.append((item, size_bytes))
        self._bytes += size_bytes
        self._filled.set()
        if len(self._items) > _MAX_ITEMS or self._bytes > _MAX_BYTES:
            self._room.clear()

    async def wait_room(self) -> None:
        """Wait until more fits, or nobody reads any more."""
        await self._room.wait()

    async def get(self) -> T:
        """Wait for the next item."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        item, size_bytes = self._items.popleft()
        self._bytes -= size_bytes
        if len(self._items) < _MAX_ITEMS // 2 and self._bytes <= _MAX_BYTES:
            self._room.set()
        return item

    def close(self) -> None:
        """Nobody reads any more."""
        self._closed = True
        self._items.clear()
        self._room.set()
