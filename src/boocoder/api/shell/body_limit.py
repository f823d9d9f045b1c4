"""Bounds the size of a request's body, announced or chunked, and the time in which it has to come."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boocoder.api.problem import ApiError, refuse
from boocoder.api.shell.allow_lists import header_values
from boocoder.model.limits import BODY_MAX_BYTES

BODY_TIMEOUT_S = 30.0  # 4 MiB over a slow mobile link


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
        lengths = header_values(scope, b"content-length")
        if any(not length.isdecimal() or int(length[:20]) > self._max_bytes for length in lengths):
            await refuse(scope, receive, send, self._too_large())
            return
        await self._app(scope, self._bounded(receive), send)

    def _bounded(self, receive: Receive) -> Receive:
        """`receive`, failing past the bounds; errors pass through the framework as they are."""
        total = 0
        complete = False
        deadline: float | None = None

        async def receive_bounded() -> Message:
            nonlocal total, complete, deadline
            if complete:
                return await receive()  # waits for the client to go away, without limit
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + self._timeout_s
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise ApiError(
                    408,
                    "body_too_slow",
                    f"The body did not come within {self._timeout_s:g} seconds.",
                    headers={"Connection": "close"},
                ) from None
            total += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if total > self._max_bytes:
                raise self._too_large()
            return message

        return receive_bounded

    def _too_large(self) -> ApiError:
        return ApiError(
            413,
            "body_too_large",
            f"The body is larger than {self._max_bytes} bytes.",
            "Put large texts into a file of the worktree.",
            headers={"Connection": "close"},
        )
