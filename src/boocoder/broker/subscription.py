"""One client's view of a session's stream: history, then live, through a bounded buffer. It never slows the stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from boocoder.broker.log_entry import Entry, PartKey, TextFrame, end_of, part_of, trimmed
from boocoder.events.frames import CaughtUpFrame, ResyncFrame, encode
from boocoder.model.ids import SessionId
from boocoder.model.limits import CLIENT_BUFFER_BYTES, CLIENT_BUFFER_FRAMES


class Outgoing(NamedTuple):
    """An encoded frame on its way to a client; `seq` is None for a live delta."""

    seq: int | None
    data: bytes


@dataclass(frozen=True, slots=True)
class BufferLimits:
    """How far a client may lag before it must resync."""

    frames: int = CLIENT_BUFFER_FRAMES
    size_bytes: int = CLIENT_BUFFER_BYTES


class Subscription:
    """Frames of one session for one client, as an async iterator of encoded frames.

    It ends after a `resync` frame, when the broker stops, or after `close`.

    Args:
        session_id: whose frames.
        after: the newest number that the client has; 0 for the whole history.
        join: reads the next page of history into this subscription, or attaches it to the live stream.
        leave: forgets this subscription; called once.
        limits: bound of the buffer.
    """

    def __init__(
        self,
        *,
        session_id: SessionId,
        after: int,
        join: Callable[[Subscription], Awaitable[None]],
        leave: Callable[[Subscription], None],
        limits: BufferLimits,
    ) -> None:
        self.session_id = session_id
        self.after = after
        self.position = after
        self.cursor: int | None = None
        self.attached = False
        self.overflowed = False
        self._join = join
        self._leave = leave
        self._limits = limits
        self._buffer: deque[Outgoing] = deque()
        self._size_bytes = 0
        self._ended = False
        self._left = False
        self._wake = asyncio.Event()
        # How far the text of each part is known from history; only looked at by live deltas of the tail.
        self._known: dict[PartKey, int] = {}

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> bytes:
        if not await self._wait_ready():
            raise StopAsyncIteration
        return self._pop().data

    async def next_batch(self, max_bytes: int = 65_536) -> list[Outgoing]:
        """What is ready now, at least one frame and about `max_bytes` at most; empty when the stream has ended.

        Raises:
            Unavailable: the history cannot be read now.
        """
        batch: list[Outgoing] = []
        if not await self._wait_ready():
            return batch
        size = 0
        while self._buffer and size < max_bytes:
            item = self._pop()
            size += len(item.data)
            batch.append(item)
        return batch

    @property
    def ended(self) -> bool:
        """Whether nothing more will come than what waits."""
        return self._ended

    @property
    def roomy(self) -> bool:
        """Whether the live stream may be let in behind what waits."""
        return len(self._buffer) <= self._limits.frames // 2 and self._size_bytes <= self._limits.size_bytes // 2

    @property
    def buffered_bytes(self) -> int:
        """Bytes that wait for the client."""
        return self._size_bytes

    def close(self) -> None:
        """End it; what waits is dropped. Safe twice."""
        self._buffer.clear()
        self._size_bytes = 0
        self.end()

    def end(self) -> None:
        """End it after what waits."""
        self._ended = True
        self._wake.set()
        if not self._left:
            self._left = True
            self._leave(self)

    def resync(self, reason: str) -> None:
        """Drop what waits, tell the client to subscribe again, and end."""
        self.close()
        self._push(Outgoing(None, encode(ResyncFrame(session_id=self.session_id, reason=reason))))

    def put_history(self, entry: Entry) -> None:
        """A stored frame out of a page of history; the reader bounds its pages."""
        assert entry.seq is not None
        if isinstance(entry.frame, TextFrame):
            self._known[part_of(entry.frame)] = end_of(entry.frame)
        self.cursor = entry.seq
        if entry.seq > self.position:
            self.position = entry.seq
            self._push(Outgoing(entry.seq, entry.data))

    def put_durable(self, entry: Entry) -> None:
        """A stored frame from the stream; dropped if history has brought it."""
        assert entry.seq is not None
        if entry.seq <= self.position:
            return
        self.position = entry.seq
        self._add(Outgoing(entry.seq, entry.data))

    def put_live(self, entry: Entry) -> None:
        """A live delta from the stream, trimmed by what history has brought."""
        if not self._known:
            self._add(Outgoing(None, entry.data))
            return
        frame = entry.frame
        assert isinstance(frame, TextFrame)
        rest = trimmed(frame, self._known.get(part_of(frame), 0))
        if rest is not None:
            self._add(Outgoing(None, entry.data if rest is frame else encode(rest)))

    def put_progress(self, data: bytes) -> None:
        """A frame that only matters now; a client that is behind does without it."""
        if not self._ended and self.roomy:
            self._push(Outgoing(None, data))

    def pass_stored(self, seq: int) -> None:
        """The stream has sent everything up to `seq`: live deltas from here on are newer than any history read."""
        if seq >= self.position:
            self.position = seq
            self._known.clear()

    def _add(self, item: Outgoing) -> None:
        if self._ended:
            return
        if len(self._buffer) >= self._limits.frames or self._size_bytes + len(item.data) > self._limits.size_bytes:
            self.overflowed = True
            self.resync("The client was too slow; subscribe again after the last seq that it has.")
            return
        self._push(item)

    def _push(self, item: Outgoing) -> None:
        self._buffer.append(item)
        self._size_bytes += len(item.data)
        self._wake.set()

    def _pop(self) -> Outgoing:
        item = self._buffer.popleft()
        self._size_bytes -= len(item.data)
        return item

    async def _wait_ready(self) -> bool:
        while not self._buffer:
            if self._ended:
                return False
            if self.attached:
                self._wake.clear()
                await self._wake.wait()
            else:
                await self._join(self)
                self._mark_caught_up()
        return True

    def _mark_caught_up(self) -> None:
        """Tell the client that history is over, once the live stream is attached."""
        if self.attached and not self._ended:
            self._push(Outgoing(None, encode(CaughtUpFrame(session_id=self.session_id))))
