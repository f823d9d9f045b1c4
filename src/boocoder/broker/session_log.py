"""Per-session delivery log: tracks sent, held and not yet stored frames, and keeps their order. No I/O.

Numbers are released strictly in order. Live deltas go out at once, except behind a range that waits, so that
no client gets the text of a message before the message. The log keeps what a subscription that has just read the
history may still need: every live delta that is not stored, and the newest of the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.broker.log_entry import Entry
from boocoder.broker.subscription import Subscription
from boocoder.events.frames import DeltaFrame, Frame, ProgressFrame, ReasoningDeltaFrame, TurnEndedFrame, encode
from boocoder.model.ids import SessionId

LOG_ENTRIES = 512  # a page of history is read in far less time than so many frames take
TAIL_ENTRIES = 65_536  # live deltas that are not stored yet; beyond this the text comes from the store instead


@dataclass(frozen=True, slots=True)
class _Range:
    last: int
    frames: tuple[Frame, ...]
    flushed: int


class Stream:
    """What one process knows of one session's stream.

    Args:
        session_id: whose stream.
        tail_limit: how many live deltas are kept while they are not stored.
    """

    def __init__(self, session_id: SessionId, *, tail_limit: int = TAIL_ENTRIES) -> None:
        self.session_id = session_id
        self.subscribers: tuple[Subscription, ...] = ()
        self.joining = 0
        self.newest = 0
        """The newest number that is known to be stored."""
        self.released: int | None = None
        """The newest number that is out; None while nothing is known."""
        self.local_at = 0.0
        """When this process last wrote to the stream, loop time; it decides how long a gap is waited for."""
        self._floor = 0
        self._log: deque[Entry] = deque()
        self._tail: deque[Entry] = deque()
        self._held: deque[Entry] = deque()
        self._waiting: dict[int, _Range] = {}
        self._published = 0
        self._flushed = 0
        self._tail_limit = tail_limit
        self._incomplete = False
        self._committed: int | None = None

    @property
    def watched(self) -> bool:
        """Whether anybody listens or is about to."""
        return bool(self.subscribers) or self.joining > 0

    @property
    def idle(self) -> bool:
        """Whether the stream may be dropped: it has no subscribers and all sent frames are stored."""
        return not self.watched and not self._tail

    @property
    def behind(self) -> bool:
        """Whether numbers are stored that subscribers have not got."""
        return bool(self.subscribers) and self.released is not None and self.newest > self.released

    def gap(self) -> tuple[int, int]:
        """(number to read after, how many to read): the missing numbers up to the first range that waits."""
        assert self.released is not None
        end = min(self._waiting, default=self.newest + 1) - 1
        return self.released, max(1, end - self.released)

    def history_start(self, after: int, page: int) -> int:
        """Where a subscription has to start to read so that the tail can be trimmed exactly.

        Text that is stored but not yet committed here is in the tail too; a client that has it already asks
        for what comes after, so it would not be known from the history.
        """
        if not self._tail:
            return after
        return min(after, max(0, after - page) if self._committed is None else self._committed)

    def publish_live(self, frame: DeltaFrame | ReasoningDeltaFrame) -> bool:
        """Send a live delta, or hold it behind a range that waits. False when the tail is full and it was dropped."""
        index = self._published
        self._published += 1
        if self._incomplete or len(self._tail) >= self._tail_limit:
            self._incomplete = True
            return False
        barrier = max((held.last for held in self._waiting.values()), default=0)
        entry = Entry(frame, seq=None, live=True, barrier=barrier, index=index)
        self._tail.append(entry)
        if barrier:
            self._held.append(entry)
        else:
            self._send_live(entry)
        return True

    def publish_progress(self, frame: ProgressFrame) -> None:
        """Send a frame to the subscribers of now, past all order."""
        data = encode(frame)
        for subscription in self.subscribers:
            subscription.put_progress(data)

    def add_stored(self, seqs: range, frames: Sequence[Frame], flushed: int) -> int:
        """Send frames of numbers that are stored, in order; returns how many durable frames were sent now."""
        first, last = seqs[0], seqs[-1]
        self.newest = max(self.newest, last)
        self._committed = max(self._committed or 0, last)
        held = _Range(last, tuple(frames), flushed)
        if not self.watched:
            self._flush(held.flushed, last)
            self._forget_waiting()
            self._restart_at(self.newest)
            self._drop_lost_tail(held.frames)
            return 0
        if self.released is None:
            self.released = self._floor = first - 1
        if last <= self.released:
            self._flush(flushed, last)
            return 0
        if self._incomplete:
            # Deltas were dropped, so this range's text has to come from the store.
            self._flush(flushed, last)
            self._incomplete = self._flushed < self._published
            return 0
        self._waiting[first] = held
        return self._release_waiting()

    def release_stored(self, frames: Sequence[Frame]) -> int:
        """Frames that another process committed and that were read from the store; returns how many were sent."""
        sent = 0
        for frame in frames:
            seq = frame.seq
            if seq is None or (self.released is not None and seq <= self.released):
                continue
            self.newest = max(self.newest, seq)
            self._send_durable(Entry(frame, seq=seq, live=False))
            self._advance(seq)
            self._drop_lost_tail((frame,))
            sent += 1 + self._release_waiting()
        return sent

    def attach(self, subscription: Subscription) -> bool:
        """Let a subscription that has read the history take part; False when it has to read more first."""
        if self.released is None:
            self.released = self._floor = subscription.position
        if subscription.position < self._floor:
            return False
        if not self.subscribers and subscription.position > self.released:
            self.newest = max(self.newest, subscription.position)
            self._advance(subscription.position)
            self._release_waiting()
        for entry in self._log:
            if not entry.live:
                subscription.put_durable(entry)
            elif entry.seq is None or entry.seq > subscription.position:
                subscription.put_live(entry)
        if not subscription.overflowed:
            self.subscribers = (*self.subscribers, subscription)
            subscription.attached = True
        return True

    def detach(self, subscription: Subscription) -> None:
        """Forget a subscription; unknown ones are fine."""
        self.subscribers = tuple(other for other in self.subscribers if other is not subscription)
        if not self.watched:
            self._forget_waiting()
            if self.released is not None:
                self._restart_at(self.newest)

    def forget_tail(self) -> None:
        """Live deltas that are not stored never will be."""
        self._flushed = self._published
        self._incomplete = False
        self._held.clear()
        if self._tail:
            self._tail.clear()
            self._log = deque(entry for entry in self._log if entry.seq is not None)

    def _release_waiting(self) -> int:
        sent = 0
        while self._waiting and self.released is not None:
            first = min(self._waiting)
            if first > self.released + 1:
                break
            held = self._waiting.pop(first)
            for frame in held.frames:
                if frame.seq is not None and frame.seq > self.released:
                    self._send_durable(Entry(frame, seq=frame.seq, live=False))
                    sent += 1
            self._flush(held.flushed, held.last)
            self._advance(max(self.released, held.last))
            self._drop_lost_tail(held.frames)
        return sent

    def _advance(self, seq: int) -> None:
        self.released = seq
        while self._held and self._held[0].barrier <= seq:
            self._send_live(self._held.popleft())
        for subscription in self.subscribers:
            subscription.pass_stored(seq)
        self._evict()

    def _flush(self, count: int, last: int) -> None:
        self._flushed = min(self._flushed + count, self._published)
        while self._tail and self._tail[0].index < self._flushed:
            self._tail.popleft().seq = last

    def _drop_lost_tail(self, frames: Sequence[Frame]) -> None:
        """A turn stores all its text before it ends, so what is left then belongs to a write that was lost."""
        if any(isinstance(frame, TurnEndedFrame) for frame in frames):
            self.forget_tail()

    def _send_live(self, entry: Entry) -> None:
        self._log.append(entry)
        for subscription in self.subscribers:
            subscription.put_live(entry)
        if len(self._log) > LOG_ENTRIES:
            self._evict()

    def _send_durable(self, entry: Entry) -> None:
        self._log.append(entry)
        for subscription in self.subscribers:
            subscription.put_durable(entry)

    def _evict(self) -> None:
        while len(self._log) > LOG_ENTRIES and self._log[0].seq is not None:
            self._floor = max(self._floor, self._log.popleft().seq or 0)

    def _forget_waiting(self) -> None:
        for first in sorted(self._waiting):
            held = self._waiting[first]
            self._flush(held.flushed, held.last)
        self._waiting.clear()
        while self._held:
            self._send_live(self._held.popleft())

    def _restart_at(self, seq: int) -> None:
        self.released = self._floor = seq
        self._log = deque(entry for entry in self._log if entry.live and entry.seq is None)
        self._incomplete = self._incomplete and self._flushed < self._published
