"""Answers unexpected errors with a 500 without internals, and logs them."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from boocoder.api.problem import ApiError, refuse

log = logging.getLogger(__name__)


class LastResort:
    """Catches what the routes let through."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ConnectionAbortedError:
            raise  # the client disconnected
        except Exception:  # the outer edge of a request: the client gets an answer, the log the error
            log.exception("request failed", extra={"path": scope.get("path"), "method": scope.get("method")})
            if started:
                raise
            error = ApiError(500, "internal_error", "The service failed here.", "The log of the service says more.")
            await refuse(scope, receive, send, error)
