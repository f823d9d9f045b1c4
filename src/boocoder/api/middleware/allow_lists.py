"""Refuses requests with a foreign Host or Origin (DNS rebinding, CSRF)."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from boocoder.api.bind import AllowList
from boocoder.api.problem import ApiError, refuse


class AllowLists:
    """Checks Host, Origin and Sec-Fetch-Site, of requests and of WebSocket handshakes alike.

    Host and Origin are compared with the configured values and never with one another: behind a rebound
    name they agree.

    Args:
        app: the next layer.
        allowed: the exact values.
    """

    def __init__(self, app: ASGIApp, *, allowed: AllowList) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        error = self._refusal(scope)
        if error is None:
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, error)

    def _refusal(self, scope: Scope) -> ApiError | None:
        hosts = header_values(scope, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._allowed.hosts:
            return ApiError(
                403,
                "host_not_allowed",
                f"The Host header {', '.join(hosts)[:100]!r} is not one of this service's names.",
                "Use the address that the service printed, or add the name to allowed_hosts.",
            )
        origins = header_values(scope, b"origin")
        if len(origins) > 1 or (origins and origins[0] not in self._allowed.origins):
            return ApiError(
                403,
                "origin_not_allowed",
                f"The web origin {', '.join(origins)[:100]!r} may not call this service.",
                "Add it to allowed_origins if it is yours.",
            )
        if not _site_is_ours(scope):
            return ApiError(403, "cross_site_request", "Another web page made the browser send this request.")
        return None


def header_values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header, in order; `name` in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _site_is_ours(scope: Scope) -> bool:
    """Whether the browser says that our page or the person caused this; opening a page is always allowed."""
    sites = header_values(scope, b"sec-fetch-site")
    if all(site in ("same-origin", "none") for site in sites):
        return True
    opens_a_page = header_values(scope, b"sec-fetch-mode") == ["navigate"]
    # Any page of this machine is "same-site" to us, and its pages may do no more than those of other sites.
    in_a_frame = header_values(scope, b"sec-fetch-dest") not in ([], ["document"])
    return scope.get("method") == "GET" and opens_a_page and not in_a_frame
