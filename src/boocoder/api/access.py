"""Declared access of routes, strict reading of requests, and answers encoded from wire types."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from boocoder.api.problem import ApiError

F = TypeVar("F", bound=Callable[..., object])
Endpoint = Callable[..., Coroutine[Any, Any, object]]
_MARK = "boocoder_access"


class Access(StrEnum):
    """What a route does; all need a token or a cookie. The sign-in, the only thing without it, is no route.

    Which scope of a token allows what is in `api.tokens.grant`.
    """

    ANY = "any"  # reads what every token may see
    READ = "read"
    REQUESTS = "requests"  # reads permissions and questions of agents
    MANAGE = "manage"  # reads what is no business of a limited token
    DELEGATE = "delegate"  # starts and cancels tasks, which agents inside boocoder may do, too
    START = "start"  # changes tasks, sessions or chats in any other way
    ANSWER = "answer"  # answers an agent
    WRITE = "write"  # changes anything else


READS = frozenset({Access.ANY, Access.READ, Access.REQUESTS, Access.MANAGE})


class ProjectTokens(StrEnum):
    """What a token of one project may do with a route."""

    BY_ID = "by_id"  # call it where the ids in path, query and body are of the project; lists are filtered
    OPEN = "open"  # call it; it shows nothing of a project, or looks at the grant itself
    NEVER = "never"  # nothing: its ids are of the project, but it reaches further


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """What a route declares."""

    access: Access
    project_tokens: ProjectTokens


def access(policy: Access, project_tokens: ProjectTokens = ProjectTokens.BY_ID) -> Callable[[F], F]:
    """Declare what a route does, and what a token of one project may do with it; goes directly above the function."""

    def mark(endpoint: F) -> F:
        setattr(endpoint, _MARK, RouteAccess(policy, project_tokens))
        return endpoint

    return mark


def declared_access(route: BaseRoute) -> RouteAccess | None:
    """What a route declares; None if it declares nothing."""
    found = getattr(getattr(route, "endpoint", None), _MARK, None)
    return found if isinstance(found, RouteAccess) else None


def access_of(route: BaseRoute) -> Access | None:
    """What a route does, as it declares; None if it declares nothing."""
    found = declared_access(route)
    return None if found is None else found.access


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
        if declared not in READS and methods & {"GET", "HEAD", "OPTIONS"}:
            raise RuntimeError(f"{getattr(route, 'path', route)} would change something on GET")


def prefer_fixed_paths(app: FastAPI) -> None:
    """Let no path with a parameter take an address that is another route's as it stands, whatever the method.

    `PATCH /api/tasks/counts` is then a method that this address does not take, and not a task with an odd id.
    """
    fixed = frozenset(path for route in app.routes if "{" not in (path := getattr(route, "path", "{")))
    for route in app.routes:
        if isinstance(route, StrictRoute) and "{" in route.path:
            route.other_paths = fixed


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
    """A route that reads JSON strictly, refuses unknown query parameters, and encodes the wire type it returns.

    What the framework derives from the function, which takes milliseconds, it derives with the first request, or when
    somebody looks at it: a service starts without a hundred of them.

    Attributes:
        answer_type: the declared return type; `Response` where the function builds the answer itself.
        other_paths: addresses that it does not take although they fit its path.
    """

    other_paths: frozenset[str] = frozenset()

    answer_type: Any

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        self.path, self.endpoint, self.name = path, endpoint, endpoint.__name__
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.methods = set(options.get("methods") or ("GET",))
        self.include_in_schema = options.get("include_in_schema", True)
        self.app = self._answer
        self._options: dict[str, Any] | None = options
        self._handler: ASGIApp

    def __getattr__(self, name: str) -> Any:
        """Whatever else the framework knows of a route."""
        if self.__dict__.get("_options") is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._derive()
        return getattr(self, name)

    def _derive(self) -> None:
        options, self._options = self._options or {}, None
        app, endpoint = self.app, self.endpoint
        self.answer_type = get_type_hints(endpoint)["return"]
        if not (isinstance(self.answer_type, type) and issubclass(self.answer_type, Response)):
            endpoint = _encoded(endpoint, options.get("status_code") or 200)
        super().__init__(self.path, endpoint, **{**options, "response_model": None})
        self._handler, self.app = self.app, app  # others may have put a guard before it

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._handler(scope, receive, send)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it takes a request."""
        return (Match.NONE, {}) if scope["path"] in self.other_paths else super().matches(scope)

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


def _encoded(endpoint: Endpoint, status: int) -> Endpoint:
    """The endpoint with its result as JSON; a `response` parameter may set another status."""

    @functools.wraps(endpoint)
    async def answer(**values: Any) -> Response:
        content = msgspec.json.encode(await endpoint(**values))
        chosen = next((value.status_code for value in values.values() if isinstance(value, Response)), None)
        return Response(content, chosen or status, media_type="application/json")

    return answer
