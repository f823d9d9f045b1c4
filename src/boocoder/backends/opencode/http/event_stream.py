"""Reads the server's event stream and routes each event to its turn.

One stream carries every directory. It is reconnected when no byte comes for a while (heartbeats are bytes, too);
every turn then receives a gap. Events of a sub-agent's session go to the turn of its parent session.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec

from boocoder.backends.opencode.http.wire import EventHead, ServerEvent, SessionUpserted, decode_event, peek_event
from boocoder.backends.opencode.turn_events import EventGap
from boocoder.errors import BackendError
from boocoder.net.backoff import backoff
from boocoder.net.silence import SilenceLimit
from boocoder.net.sse import SseParser
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

OpenStream = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]

_RETRY_FIRST_S = 0.1
_RETRY_MAX_S = 3.0
_PARENTS_MAX = 4096  # sub-agent sessions remembered; older ones are of turns long over
_RECENT_MAX = 512  # event ids remembered against doubles
_DEPTH_MAX = 16  # sub-agents of sub-agents; a loop in what the server says ends here


class EventSink(Protocol):
    """Where a turn takes its events; both calls return at once."""

    def offer(self, event: ServerEvent) -> None: ...
    def put(self, signal: EventGap) -> None: ...


@dataclass(slots=True)
class StreamStatistics:
    """Counts since the start, for tests and logs."""

    connects: int = 0
    events: int = 0
    undecodable: int = 0
    doubles: int = 0


class OpenCodeEventStream:
    """The stream of one server.

    Args:
        open_stream: opens the connection and yields its bytes; raises BackendError.
        silence_s: no byte for so long means that the connection is dead.
    """

    def __init__(self, *, open_stream: OpenStream, silence_s: float) -> None:
        self._open = open_stream
        self._silence_s = silence_s
        self._tasks = TaskSupervisor("opencode-events")
        self._connected = asyncio.Event()
        self._listeners: dict[str, EventSink] = {}
        self._parents: OrderedDict[str, str] = OrderedDict()
        self._recent: OrderedDict[str, None] = OrderedDict()
        self._dropped = 0
        self.statistics = StreamStatistics()

    async def start(self) -> None:
        """Start reading in the background; `wait_connected` waits until events flow."""
        self._tasks.spawn(self._run(), "read")

    async def stop(self) -> None:
        """End reading. Safe twice and before start."""
        await self._tasks.stop()
        self._connected.clear()

    async def wait_connected(self, timeout_s: float) -> bool:
        """Wait until the stream is open; False if that takes longer than `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._connected.wait()
        except TimeoutError:
            return False
        return True

    def subscribe(self, session_id: str, listener: EventSink) -> None:
        """Send the events of this session and its sub-agents to `listener`."""
        self._listeners[session_id] = listener

    def unsubscribe(self, session_id: str) -> None:
        """Stop sending; unknown sessions are fine."""
        self._listeners.pop(session_id, None)

    def adopt(self, child: str, parent: str) -> None:
        """Remember that `child` works for `parent`."""
        if child == parent:
            return
        self._parents[child] = parent
        if len(self._parents) > _PARENTS_MAX:
            self._parents.popitem(last=False)

    async def _run(self) -> None:
        failures = 0
        while True:
            before = self.statistics.events
            try:
                await self._read()
            except (BackendError, TimeoutError) as error:
                log.info("opencode event stream lost", extra={"reason": str(error) or "silent"})
            self._connected.clear()
            failures = 0 if self.statistics.events > before else failures + 1
            await asyncio.sleep(backoff(failures, first_s=_RETRY_FIRST_S, cap_s=_RETRY_MAX_S))

    async def _read(self) -> None:
        parser = SseParser()
        self._dropped = 0
        async with self._open() as chunks, SilenceLimit(self._silence_s) as silence:
            self.statistics.connects += 1
            async for chunk in chunks:
                silence.touch()
                self._mark_connected()
                self._take(parser, chunk)

    def _mark_connected(self) -> None:
        if not self._connected.is_set():
            self._connected.set()
            self._tell_gap()

    def _take(self, parser: SseParser, chunk: bytes) -> None:
        for event in parser.feed(chunk):
            self.statistics.events += 1
            try:
                self._route(event.data)
            except msgspec.DecodeError as error:
                self.statistics.undecodable += 1
                log.warning("opencode sent an event that cannot be read", extra={"reason": str(error)})
                self._tell_gap()
        if parser.dropped > self._dropped:
            self._dropped = parser.dropped
            self._tell_gap()

    def _tell_gap(self) -> None:
        for listener in self._listeners.values():
            listener.put(EventGap())

    def _route(self, data: bytes) -> None:
        peeked = peek_event(data)
        if peeked is None or self._is_double(peeked):
            return
        if peeked.type in ("session.created", "session.updated"):
            self._learn(peeked)
        listener = self._listeners.get(self._root(peeked.session_id))
        if listener is not None:
            listener.offer(decode_event(peeked))

    def _is_double(self, peeked: EventHead) -> bool:
        if not peeked.id:
            return False
        if peeked.id in self._recent:
            self.statistics.doubles += 1
            return True
        self._recent[peeked.id] = None
        if len(self._recent) > _RECENT_MAX:
            self._recent.popitem(last=False)
        return False

    def _learn(self, peeked: EventHead) -> None:
        event = decode_event(peeked)
        if isinstance(event, SessionUpserted) and event.info.parent_id:
            self.adopt(event.info.id, event.info.parent_id)

    def _root(self, session_id: str) -> str:
        for _ in range(_DEPTH_MAX):
            if session_id in self._listeners:
                return session_id
            above = self._parents.get(session_id)
            if above is None:
                return session_id
            session_id = above
        return session_id
