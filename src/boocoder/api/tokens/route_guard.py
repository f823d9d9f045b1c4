"""Holds every route to what the request's credential allows: its scope, and its project where it has one.

A token of one project passes where each id that a request names belongs to that project. Lists get the project as a
filter. What names nothing of a project is refused, unless the route declares that it is open to such tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args, get_type_hints
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from boocoder.api.access import ProjectTokens, RouteAccess, declared_access
from boocoder.api.problem import ApiError, refuse
from boocoder.api.services import ApiServices
from boocoder.api.tokens.grant import Grant, grant_of
from boocoder.db.registry.ids import OwnedKind, project_of
from boocoder.errors import Unavailable
from boocoder.model.ids import ProjectId

KINDS = {f"{kind.value}_id": kind for kind in OwnedKind}
"""What a field or parameter of this name refers to."""
FILTER = "project_id"  # the query parameter of lists


@dataclass(frozen=True, slots=True)
class NamedIds:
    """The ids of rows that requests to a route can name, by where they stand."""

    path: frozenset[str]
    query: frozenset[str]
    body: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.path or self.query or self.body)


def guard_routes(app: FastAPI) -> None:
    """Put a guard before every route; `require_access` has seen that each declares something."""
    for route in app.routes:
        declared = declared_access(route)
        if declared is None or not isinstance(route, Route | WebSocketRoute):
            raise RuntimeError(f"{getattr(route, 'path', route)} cannot be guarded")
        if not isinstance(route.app, RouteGuard):
            route.app = RouteGuard(route, declared)


def named_ids(route: BaseRoute) -> NamedIds:
    """The ids that a route takes."""
    if not isinstance(route, APIRoute | APIWebSocketRoute):
        return NamedIds(frozenset(), frozenset(), frozenset())
    dependant = route.dependant
    return NamedIds(
        path=frozenset(one.alias for one in dependant.path_params) & KINDS.keys(),
        query=frozenset(one.alias for one in dependant.query_params) & KINDS.keys(),
        body=_body_fields(route.endpoint) & KINDS.keys(),
    )


def _body_fields(endpoint: Any) -> frozenset[str]:
    """The names of the fields of a route's body."""
    kind = get_type_hints(endpoint).get("body")
    models = [one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, BaseModel)]
    return frozenset(field.alias or name for model in models for name, field in model.model_fields.items())


class RouteGuard:
    """One route behind its guard.

    Args:
        route: not guarded yet.
        declared: what the route declares.
    """

    def __init__(self, route: Route | WebSocketRoute, declared: RouteAccess) -> None:
        self._app = route.app
        self._declared = declared
        self._route = route

    @cached_property
    def _ids(self) -> NamedIds:
        """Which ids requests to it can name."""
        return named_ids(self._route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        grant = grant_of(scope)
        if grant is None or not grant.allows(self._declared.access):
            await refuse(scope, receive, send, _not_in_scope(grant, self._declared))
            return
        if grant.project_id is None or self._declared.project_tokens is ProjectTokens.OPEN:
            await self._app(scope, receive, send)
            return
        if self._ids.body and scope["type"] == "http":
            body = await Request(scope, receive).body()
            receive = _replayed(body, receive)
        else:
            body = b""
        try:
            error = await self._check_project(scope, body, grant.project_id)
        except Unavailable as failure:
            error = ApiError(failure.status, failure.code, failure.text, failure.cure)
        if error is not None:
            await refuse(scope, receive, send, error)
            return
        if FILTER in self._ids.query:
            scope = {**scope, "query_string": _filtered(scope["query_string"], grant.project_id)}
        await self._app(scope, receive, send)

    async def _check_project(self, scope: Scope, body: bytes, project_id: ProjectId) -> ApiError | None:
        if self._declared.project_tokens is ProjectTokens.NEVER or not self._ids:
            return _beyond_project()
        named = [*self._in_path(scope), *self._in_query(scope), *self._in_body(body)]
        if not named and FILTER not in self._ids.query:
            return _beyond_project()
        services: ApiServices = scope["app"].state.services
        async with services.database.connection() as conn:
            for kind, text in named:
                row_id = _uuid(text)
                if row_id is None or await project_of(conn, kind, row_id) != project_id:
                    return _not_found(kind, text)
        return None

    def _in_path(self, scope: Scope) -> list[tuple[OwnedKind, object]]:
        found = scope.get("path_params", {})
        return [(KINDS[name], found[name]) for name in sorted(self._ids.path)]

    def _in_query(self, scope: Scope) -> list[tuple[OwnedKind, object]]:
        return [(KINDS[name], text) for name, text in _query(scope["query_string"]) if name in self._ids.query]

    def _in_body(self, body: bytes) -> list[tuple[OwnedKind, object]]:
        if not body:
            return []
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return []  # the route refuses it
        given = found if isinstance(found, dict) else {}
        return [(KINDS[name], given[name]) for name in sorted(self._ids.body) if given.get(name) is not None]


def _query(query_string: bytes) -> Sequence[tuple[str, str]]:
    return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)


def _filtered(query_string: bytes, project_id: ProjectId) -> bytes:
    """The query with the project in it; one that it has is the same."""
    others = [(name, text) for name, text in _query(query_string) if name != FILTER]
    return urlencode([*others, (FILTER, str(project_id))]).encode("latin-1")


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read once more, then whatever comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _not_in_scope(grant: Grant | None, declared: RouteAccess) -> ApiError:
    scope = "none" if grant is None else grant.scope.value
    text = f"The token's scope is {scope}; this route needs one that allows {declared.access.value}."
    return ApiError(403, "scope_insufficient", text, "Use a token with a wider scope: boocoder tokens add --help")


def _beyond_project() -> ApiError:
    text = "The token is for one project, and this request reaches beyond it."
    return ApiError(
        403, "token_of_one_project", text, "Name something of that project, or use a token for all projects."
    )


def _not_found(kind: OwnedKind, text: object) -> ApiError:
    return ApiError(404, f"{kind.value}_not_found", f"There is no {kind.value} {text} in the token's project.")
