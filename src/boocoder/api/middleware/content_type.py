"""Refuses bodies other than JSON, so that forms of foreign pages are never parsed."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from boocoder.api.middleware.allow_lists import header_values
from boocoder.api.problem import ApiError, refuse


class JsonOnly:
    """Checks the content type of everything that may carry a body; nothing at all is fine too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS") and not _is_json(scope):
            error = ApiError(
                415,
                "content_type_not_json",
                "Requests with a body must be JSON.",
                "Send the header Content-Type: application/json.",
            )
            await refuse(scope, receive, send, error)
            return
        await self._app(scope, receive, send)


def _is_json(scope: Scope) -> bool:
    types = header_values(scope, b"content-type")
    if not types:
        empty = header_values(scope, b"content-length") in ([], ["0"])
        return empty and not header_values(scope, b"transfer-encoding")
    media_type, _, parameters = types[0].partition(";")
    charset = parameters.strip().lower()
    return len(types) == 1 and media_type.strip().lower() == "application/json" and charset in ("", "charset=utf-8")
