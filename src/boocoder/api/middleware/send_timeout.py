"""Disconnects clients that accept no bytes for too long."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boocoder.model.limits import CLIENT_SEND_TIMEOUT_S

ABORT = "abort"  # key of the connection's abort function in the scope's state, put there by api.server


class SendLimit:
    """Bounds every send; past it the connection is cut, without waiting for what it has not taken.

    Args:
        app: the next layer.
        timeout_s: for one message.
    """

    def __init__(self, app: ASGIApp, *, timeout_s: float = CLIENT_SEND_TIMEOUT_S) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await send(message)
            except TimeoutError:
                abort = scope.get("state", {}).get(ABORT)
                if abort is not None:
                    abort()
                raise ConnectionAbortedError(f"the client took nothing for {self._timeout_s:g} s") from None

        try:
            await self._app(scope, receive, send_in_time)
        except ConnectionAbortedError:
            # The transport reports its end to the server in the next step of the loop.
            await asyncio.sleep(0)
