"""Splits a byte stream into lines of bounded length and queues them for one reader, without decoding."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

QUEUE_BYTES = 1024 * 1024  # lines held for a slow reader before the pipe is left to fill


class LineSplitter:
    """Cuts chunks into lines.

    Args:
        limit_bytes: longer lines are dropped as a whole; the following lines are not affected.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._dropping = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Add a chunk; returns the lines that it completes, without their newline."""
        first, *pieces = data.split(b"\n")
        self._add(first)
        if not pieces:
            return []
        lines = [] if (line := self.rest()) is None else [line]
        last = pieces.pop()
        if len(data) <= self._limit or max(map(len, pieces), default=0) <= self._limit:
            lines += pieces
        else:
            short = [piece for piece in pieces if len(piece) <= self._limit]
            self.dropped += len(pieces) - len(short)
            lines += short
        self._add(last)
        return lines

    def rest(self) -> bytes | None:
        """End the current line: its text, or None if it was too long. The next chunk starts a new line."""
        line = None if self._dropping else b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        self._dropping = False
        return line

    def _add(self, piece: bytes) -> None:
        if self._dropping:
            return
        self._size += len(piece)
        if self._size > self._limit:
            self._parts.clear()
            self._dropping = True
            self.dropped += 1
        elif piece:
            self._parts.append(piece)


class LineQueue:
    """A bounded queue of lines between a pipe and one reader; it requests a pause while it is full.

    Args:
        limit_bytes: see LineSplitter.
        on_room: called when a full queue has room again.
    """

    def __init__(self, limit_bytes: int, on_room: Callable[[], None]) -> None:
        self._splitter = LineSplitter(limit_bytes)
        self._on_room = on_room
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._ended = False
        self._discarding = False

    @property
    def dropped(self) -> int:
        """Lines that were too long."""
        return self._splitter.dropped

    @property
    def full(self) -> bool:
        """Whether the source should pause."""
        return self._size > QUEUE_BYTES

    def feed(self, data: bytes) -> None:
        """Add a chunk of the stream."""
        if self._discarding:
            return
        self._put(self._splitter.feed(data))

    def _put(self, lines: list[bytes]) -> None:
        self._lines.extend(lines)
        self._size += sum(map(len, lines)) + len(lines)
        if lines:
            self._changed.set()

    def end(self) -> None:
        """End the stream; a last line without a newline is included."""
        if not self._ended:
            self._ended = True
            last = None if self._discarding else self._splitter.rest()
            if last:
                self._put([last])
            self._changed.set()

    def discard(self) -> None:
        """Discard queued and future lines."""
        self._discarding = True
        self._lines.clear()
        self._size = 0
        self._changed.set()
        self._on_room()

    async def get(self) -> bytes | None:
        """The next line; None at the end of the stream or after `discard`."""
        lines = await self.get_batch(1)
        return lines[0] if lines else None

    async def get_batch(self, at_most: int) -> list[bytes]:
        """The next lines, as many as are there; none at the end of the stream or after `discard`.

        Args:
            at_most: how many, >= 1.
        """
        while not self._lines:
            if self._ended or self._discarding:
                return []
            self._changed.clear()
            await self._changed.wait()
        was_full = self.full
        lines = [self._lines.popleft() for _ in range(min(at_most, len(self._lines)))]
        self._size -= sum(map(len, lines)) + len(lines)
        if was_full and not self.full:
            self._on_room()
        return lines


class LineIterator:
    """Iterates over a LineQueue; the iteration can be stopped and resumed without losing a line."""

    def __init__(self, queue: LineQueue) -> None:
        self._queue = queue

    def __aiter__(self) -> LineIterator:
        return self

    async def __anext__(self) -> bytes:
        line = await self._queue.get()
        if line is None:
            raise StopAsyncIteration
        return line
