"""Addresses at which the service speaks another protocol than its API; who may call them is checked as for routes."""

from __future__ import annotations

from typing import Protocol

from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from boocoder.api.access import Access, ProjectTokens, access


class ProtocolEndpoint(Protocol):
    """Another protocol at one address.

    It does for its caller only what the API does for the caller's token, because it asks the API with that token.

    Attributes:
        path: the address.
        methods: of HTTP that it takes.
    """

    path: str
    methods: tuple[str, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...
    async def stop(self) -> None:
        """End what is under way. Safe twice and before the first request."""


def route_of(endpoint: ProtocolEndpoint) -> BaseRoute:
    """The route of an endpoint; every token may call it, as each of its steps is checked by the API."""
    declared = access(Access.ANY, ProjectTokens.OPEN)(endpoint)
    return Route(declared.path, declared, methods=list(declared.methods), include_in_schema=False)
