"""Who may call a route, and what of a request is taken: a route that does not say so cannot be built."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from boocoder.api.problem import ApiError

F = TypeVar("F", bound=Callable[..., object])
_MARK = "boocoder_access"


class Access(StrEnum):
    """What a route does; both need the token. The sign-in, the only thing without it, is no route."""

    READ = "read"
    WRITE = "write"


def access(policy: Access) -> Callable[[F], F]:
    """Declare what a route does; stands directly above the function."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, _MARK, policy)
        return endpoint

    return mark


def access_of(route: BaseRoute) -> Access | None:
    """What a route declares; None if it declares nothing."""
    found = getattr(getattr(route, "endpoint", None), _MARK, None)
    return found if isinstance(found, Access) else None


def require_access(app: FastAPI) -> None:
    """Deny by default: refuse an application with a route that declares nothing, or that writes on GET.

    Raises:
        RuntimeError: such a route exists.
    """
    for route in app.routes:
        declared = access_of(route)
        methods: set[str] = getattr(route, "methods", None) or set()
        if declared is None:
            raise RuntimeError(f"{getattr(route, 'path', route)} declares no access")
        if declared is Access.WRITE and methods & {"GET", "HEAD", "OPTIONS"}:
            raise RuntimeError(f"{getattr(route, 'path', route)} would change something on GET")


class StrictRequest(Request):
    """A request whose JSON is read by the strict decoder: no NaN, no half surrogate pairs, no endless depth."""

    async def json(self) -> Any:
        """The decoded body.

        Raises:
            ApiError: body_not_json.
        """
        try:
            return msgspec.json.decode(await self.body())
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            text = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise ApiError(400, "body_not_json", f"The body is not JSON: {text}.", "Send one JSON object.") from error


class StrictRoute(APIRoute):
    """A route that reads JSON strictly and refuses query parameters that it does not know."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the framework, behind our checks."""
        handle = super().get_route_handler()
        known = {parameter.alias for parameter in self.dependant.query_params}

        async def handle_strictly(request: Request) -> Response:
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise RequestValidationError(
                    [{"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in unknown]
                )
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly
