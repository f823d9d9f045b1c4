"""Delivers the frames of every session to its subscribers in this process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from boocoder.broker.idle import IdleDetector
from boocoder.broker.log_entry import Entry
from boocoder.broker.ports import StoredStream
from boocoder.broker.session_changes import MOVES, SessionMoves
from boocoder.broker.session_log import Stream
from boocoder.broker.subscription import BufferLimits, Subscription
from boocoder.errors import BoocoderError
from boocoder.events.frames import DeltaFrame, Frame, ProgressFrame, ReasoningDeltaFrame
from boocoder.model.ids import SessionId
from boocoder.model.limits import POLL_INTERVAL_S
from boocoder.net.backoff import backoff, jittered
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

PAGE_FRAMES = 200  # of history at a time: about a screen's worth, and a read of a few milliseconds
GAP_WAIT_S = 0.05  # a commit that this process makes itself arrives well within this
REMOTE_WAIT_S = 0.005  # joins hints that come together; nothing else is waited for
LOCAL_WRITER_S = 1.0  # a stream that this process wrote to so recently gets GAP_WAIT_S
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 2.0


@dataclass(frozen=True, slots=True)
class BrokerStatistics:
    """Counters since the start and present sizes.

    Args:
        streams, subscriptions, buffered_bytes: now.
        live, durable: frames that went out to streams, however many subscriptions got them.
        dropped_live: deltas that came while the store was so far behind that their text is read from it later.
        resyncs: clients that were too slow.
        store_reads: pages that were read to fill a gap or to follow another process.
    """

    streams: int
    subscriptions: int
    buffered_bytes: int
    live: int
    durable: int
    dropped_live: int
    resyncs: int
    store_reads: int


class Broker:
    """Publish is synchronous and never waits for a client; subscriptions are exact: no gap, no double.

    Args:
        reader: the stored streams.
        limits: bound of every subscription's buffer.
        poll_interval_s: how often watched streams are looked at in the store, so that a lost hint only delays.
    """

    def __init__(
        self, *, reader: StoredStream, limits: BufferLimits | None = None, poll_interval_s: float = POLL_INTERVAL_S
    ) -> None:
        self._reader = reader
        self._limits = limits or BufferLimits()
        self._poll_interval_s = poll_interval_s
        self._streams: dict[SessionId, Stream] = {}
        self._subscriptions: set[Subscription] = set()
        self._moves: set[SessionMoves] = set()
        self._idle_detector = IdleDetector(notify=self.notify_change)
        self._following: set[SessionId] = set()
        self._supervisor = TaskSupervisor("broker")
        self._stopped = False
        self._live = self._durable = self._dropped_live = self._resyncs = self._store_reads = 0

    async def start(self) -> None:
        """Begin to poll watched streams."""
        self._stopped = False
        self._supervisor.spawn(self._poll(), "poll", vital=True)

    async def stop(self) -> None:
        """End every subscription and what runs for them. Safe twice and before `start`."""
        self._stopped = True
        for subscription in tuple(self._subscriptions):
            subscription.end()
        await self._supervisor.stop()

    def publish_live(self, frame: DeltaFrame | ReasoningDeltaFrame) -> None:
        """Send a delta that is not stored yet; later subscribers get it too until it is stored."""
        stream = self._stream(SessionId(frame.session_id))
        stream.local_at = asyncio.get_running_loop().time()
        if stream.publish_live(frame):
            self._live += 1
        else:
            self._dropped_live += 1

    def publish_progress(self, frame: ProgressFrame) -> None:
        """Send what a turn waits for to current subscribers; it is neither ordered nor stored."""
        stream = self._stream(SessionId(frame.session_id))
        stream.local_at = asyncio.get_running_loop().time()
        stream.publish_progress(frame)

    def publish_stored(self, session_id: SessionId, seqs: range, frames: Sequence[Frame], *, flushed: int = 0) -> None:
        """Deliver frames that a committed transaction stored; called by the outbox.

        Args:
            seqs: the numbers that the transaction took, at least one.
            frames: the durable frames of the range, each with its seq; the other numbers are text batches.
            flushed: how many live deltas those batches hold; the oldest ones leave the tail.
        """
        if any(isinstance(frame, MOVES) for frame in frames):
            self.notify_change(session_id)
        stream = self._stream(session_id)
        stream.local_at = asyncio.get_running_loop().time()
        self._idle_detector.touch(session_id, stream.local_at)
        self._durable += stream.add_stored(seqs, frames, flushed)
        self._update(stream)

    def seen_until(self, session_id: SessionId, last_seq: int) -> None:
        """A process reports that the session's numbers reach `last_seq`; ignored without subscribers."""
        self._idle_detector.touch(session_id, asyncio.get_running_loop().time())
        stream = self._streams.get(session_id)
        if stream is not None:
            self._catch_up(stream, last_seq)

    def forget_tail(self, session_id: SessionId) -> None:
        """Drop live deltas that will never be stored, because the turn's writer lost its lease.

        Subscribers have seen that text, so they have to resync.
        """
        stream = self._streams.get(session_id)
        if stream is None:
            return
        stream.forget_tail()
        for subscription in stream.subscribers:
            subscription.resync("The turn went on elsewhere; subscribe again after the last seq that you have.")
        self._update(stream)

    def subscribe(self, session_id: SessionId, after: int) -> Subscription:
        """Frames with seq > `after`: history, then the tail, then live. Close it when done.

        Args:
            session_id: an existing session.
            after: the newest seq that the client has, 0 for everything; a number past the end gives a resync.
        """
        subscription = Subscription(
            session_id=session_id, after=after, join=self._join, leave=self._leave, limits=self._limits
        )
        self._subscriptions.add(subscription)
        if self._stopped:
            subscription.end()
        return subscription

    @contextmanager
    def watch_sessions(self) -> Iterator[SessionMoves]:
        """Report, for the time of the block, which sessions changed in this process."""
        moves = SessionMoves()
        self._moves.add(moves)
        try:
            yield moves
        finally:
            self._moves.discard(moves)

    def statistics(self) -> BrokerStatistics:
        """Counters and sizes."""
        return BrokerStatistics(
            streams=len(self._streams),
            subscriptions=len(self._subscriptions),
            buffered_bytes=sum(subscription.buffered_bytes for subscription in self._subscriptions),
            live=self._live,
            durable=self._durable,
            dropped_live=self._dropped_live,
            resyncs=self._resyncs,
            store_reads=self._store_reads,
        )

    def _stream(self, session_id: SessionId) -> Stream:
        stream = self._streams.get(session_id)
        if stream is None:
            stream = self._streams[session_id] = Stream(session_id)
        return stream

    def notify_change(self, session_id: SessionId) -> None:
        """Tell listeners that a session's row changed, or is gone."""
        for moves in self._moves:
            moves.notify(session_id)

    def _catch_up(self, stream: Stream, last_seq: int) -> None:
        stream.newest = max(stream.newest, last_seq)
        self._update(stream)

    def _update(self, stream: Stream) -> None:
        """After a change: drop the stream if it is idle, catch up if it is behind."""
        if stream.idle:
            if self._streams.get(stream.session_id) is stream:
                del self._streams[stream.session_id]
        elif stream.behind and stream.session_id not in self._following and not self._stopped:
            self._following.add(stream.session_id)
            self._supervisor.spawn(self._follow(stream), f"follow {stream.session_id}")

    async def _join(self, subscription: Subscription) -> None:
        """Read the next page of history; after the last one let the subscription into the stream."""
        stream = self._stream(subscription.session_id)
        stream.joining += 1
        try:
            if subscription.cursor is None:
                subscription.cursor = stream.history_start(subscription.after, PAGE_FRAMES)
            frames = await self._reader.read_events(subscription.session_id, subscription.cursor, PAGE_FRAMES)
            if not frames and subscription.position > stream.newest:
                last = await self._reader.last_seq(subscription.session_id)
                if subscription.position > last:
                    subscription.resync(f"The stream ends at {last}, before {subscription.position}; start again at 0.")
                    return
            if subscription.ended:
                return
            for frame in frames:
                subscription.put_history(Entry(frame, seq=frame.seq, live=False))
            if len(frames) < PAGE_FRAMES and subscription.roomy:
                stream.attach(subscription)
        finally:
            stream.joining -= 1
            self._update(stream)

    def _leave(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        if subscription.overflowed:
            self._resyncs += 1
        stream = self._streams.get(subscription.session_id)
        if stream is not None:
            stream.detach(subscription)
            self._update(stream)

    async def _follow(self, stream: Stream) -> None:
        """Bring a stream that is behind up to what is stored, after giving our own commits their moment."""
        try:
            await asyncio.sleep(self._moment(stream))
            failures = 0
            while stream.behind:
                after, count = stream.gap()
                try:
                    frames = await self._reader.read_events(stream.session_id, after, min(count, PAGE_FRAMES))
                except BoocoderError as error:
                    log.warning("cannot read a stream", extra={"session": str(stream.session_id), "code": error.code})
                    frames = ()
                self._store_reads += 1
                self._durable += stream.release_stored(frames)
                if frames:
                    failures = 0
                elif stream.behind:
                    await asyncio.sleep(backoff(failures, first_s=RETRY_FIRST_S, cap_s=RETRY_MAX_S))
                    failures += 1
        finally:
            self._following.discard(stream.session_id)
        self._update(stream)

    def _moment(self, stream: Stream) -> float:
        local = asyncio.get_running_loop().time() - stream.local_at < LOCAL_WRITER_S
        return GAP_WAIT_S if local else REMOTE_WAIT_S

    async def _poll(self) -> None:
        """Poll the watched streams' newest numbers by one query, in case a notification was lost."""
        while True:
            await asyncio.sleep(jittered(self._poll_interval_s))
            self._idle_detector.pass_time(asyncio.get_running_loop().time())
            watched = [session_id for session_id, stream in self._streams.items() if stream.subscribers]
            if not watched:
                continue
            try:
                newest = await self._reader.last_seqs(watched)
            except BoocoderError as error:
                log.warning("cannot poll the watched streams", extra={"sessions": len(watched), "code": error.code})
                continue
            for session_id, last_seq in newest.items():
                stream = self._streams.get(session_id)
                if stream is not None:
                    self._catch_up(stream, last_seq)
