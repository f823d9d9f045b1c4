"""Limits the size of request bodies and the time to receive them."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boocoder.api.middleware.allow_lists import header_values
from boocoder.api.problem import ApiError, refuse
from boocoder.model.limits import BODY_MAX_BYTES

BODY_TIMEOUT_S = 30.0  # 4 MiB over a slow mobile link
DRAIN_MAX_BYTES = 64 * 1024 * 1024  # read and thrown away after a refusal, so that the client gets to read it
DRAIN_TIMEOUT_S = 5.0


class BodyLimit:
    """Refuses a body that is too large before it is read, or as soon as it shows.

    Args:
        app: the next layer.
        max_bytes: of one body.
        timeout_s: from the first read to the body's end.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int = BODY_MAX_BYTES, timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, max_bytes=self._max_bytes, timeout_s=self._timeout_s)
        lengths = header_values(scope, b"content-length")
        if any(not length.isdecimal() or int(length[:20]) > self._max_bytes for length in lengths):
            await refuse(scope, receive, body.send, body.refusal())
        else:
            await self._app(scope, body.receive, body.send)


class _Body:
    """One request's body: counted and timed on its way to the routes."""

    def __init__(self, receive: Receive, send: Send, *, max_bytes: int, timeout_s: float) -> None:
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._deadline: float | None = None
        self._total = 0
        self._complete = False
        self._refused = False

    def refusal(self) -> ApiError:
        """The error for a body that is too large; what is left of it is drained behind the answer."""
        self._refused = True
        return ApiError(
            413,
            "body_too_large",
            f"The body is larger than {self._max_bytes} bytes.",
            "Put large texts into a file of the worktree.",
            headers={"Connection": "close"},
        )

    async def receive(self) -> Message:
        """The next message of the body; errors pass through the framework as they are."""
        if self._complete:
            return await self._receive()  # waits for the client to go away, without limit
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise ApiError(
                408,
                "body_too_slow",
                f"The body did not come within {self._timeout_s:g} seconds.",
                headers={"Connection": "close"},
            ) from None
        self._total += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._total > self._max_bytes:
            raise self.refusal()
        return message

    async def send(self, message: Message) -> None:
        """Send an answer; a refusal is held open until the client has sent the rest, within bounds.

        A connection that is closed while the client still sends is reset, and the answer is lost with it.
        """
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self._refused and last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._drain()
        await self._send({"type": "http.response.body", "body": b""})

    async def _drain(self) -> None:
        drained = 0
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT_S):
                while not self._complete and drained < DRAIN_MAX_BYTES:
                    message = await self._receive()
                    drained += len(message.get("body", b""))
                    self._complete = not message.get("more_body", False)
        except TimeoutError:
            return  # the client is too slow; the reset is its own
