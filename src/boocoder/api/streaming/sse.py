"""A session's stream as server-sent events: `id:` is the frame's seq, so that a browser resumes by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from boocoder.broker.subscription import Outgoing, Subscription
from boocoder.errors import BoocoderError
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0  # proxies cut connections that are silent for 30 to 60 s
RETRY_MS = 1000  # a browser's wait before it connects again
HEARTBEAT = b": still here\n\n"


class EventStreamResponse(Response):
    """Sends a subscription until it ends, the client disconnects, or the service stops.

    Args:
        subscription: closed here when done.
        stopping: set when the service stops.
        heartbeat_s: longest silence.
    """

    media_type = "text/event-stream"

    def __init__(
        self, subscription: Subscription, *, stopping: asyncio.Event, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._subscription = subscription
        self._stopping = stopping
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        supervisor = TaskSupervisor("events")
        supervisor.spawn(self._end_on_disconnect(receive), "disconnect")
        supervisor.spawn(self._end_on_stop(), "stop")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            chunk = f"retry: {RETRY_MS}\n\n".encode()
            while chunk:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await self._next_chunk()
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._subscription.close()
            await supervisor.stop()

    async def _next_chunk(self) -> bytes:
        """Bytes to send next; empty at the end."""
        try:
            async with asyncio.timeout(self._heartbeat_s):
                return encode_events(await self._subscription.next_batch())
        except TimeoutError:
            return HEARTBEAT
        except BoocoderError as error:
            # The client connects again and resumes; what it has is whole.
            log.warning("stream cut short", extra={"code": error.code})
            return b""

    async def _end_on_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._subscription.close()

    async def _end_on_stop(self) -> None:
        await self._stopping.wait()
        self._subscription.close()


def encode_events(batch: Sequence[Outgoing]) -> bytes:
    """Frames as server-sent events; live deltas have no id, so that resuming starts from the last number."""
    return b"".join(
        b"data: %b\n\n" % item.data if item.seq is None else b"id: %d\ndata: %b\n\n" % (item.seq, item.data)
        for item in batch
    )
