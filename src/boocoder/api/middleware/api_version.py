"""The version in an address: `/api/v1/tasks` is the route `/api/tasks`. There is one version so far."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

VERSION_PREFIX = "/api/v1/"
ROUTES_PREFIX = "/api/"


class ApiVersion:
    """Takes the version out of an address before anything looks at it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and scope["path"].startswith(VERSION_PREFIX):
            path = ROUTES_PREFIX + scope["path"].removeprefix(VERSION_PREFIX)
            raw = scope.get("raw_path") or scope["path"].encode()
            scope = {**scope, "path": path, "raw_path": ROUTES_PREFIX.encode() + raw[len(VERSION_PREFIX) :]}
        await self._app(scope, receive, send)


def unversioned(path: str) -> str:
    """The address of a route as the page and the command line of the same build use it."""
    return ROUTES_PREFIX + path.removeprefix(VERSION_PREFIX) if path.startswith(VERSION_PREFIX) else path


def versioned(path: str) -> str:
    """The address of a route with its version."""
    return VERSION_PREFIX + path.removeprefix(ROUTES_PREFIX) if path.startswith(ROUTES_PREFIX) else path
