"""Builds the application from middleware, routes and problem answers."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Match

from boocoder.api import problem
from boocoder.api.access import prefer_fixed_paths, require_access
from boocoder.api.endpoints import ProtocolEndpoint, route_of
from boocoder.api.middleware.allow_lists import AllowLists
from boocoder.api.middleware.api_version import ApiVersion
from boocoder.api.middleware.body_limit import BodyLimit
from boocoder.api.middleware.conditional import ConditionalAnswers
from boocoder.api.middleware.content_type import JsonOnly
from boocoder.api.middleware.response_headers import AnswerHeaders
from boocoder.api.middleware.send_timeout import SendLimit
from boocoder.api.middleware.token_auth import TokenAuth
from boocoder.api.middleware.unexpected_errors import LastResort
from boocoder.api.routes.changes import changes, review
from boocoder.api.routes.page import frames, pages
from boocoder.api.routes.projects import folders, projects, start_points, trust
from boocoder.api.routes.projects import settings as project_settings
from boocoder.api.routes.service import (
    agents,
    browsers,
    demo,
    health,
    hooks,
    hosts,
    model_servers,
    openapi,
    phone,
    search,
    settings,
    streams,
    tokens,
    usage,
    webhooks,
)
from boocoder.api.routes.sessions import (
    files,
    follows,
    messages,
    processes,
    sessions,
    snapshots,
    stored,
    terminal,
    worktrees,
)
from boocoder.api.routes.tasks import attachments, permissions, steers, tasks
from boocoder.api.services import ApiServices, ConnectionServices
from boocoder.api.tokens.route_guard import guard_routes
from boocoder.errors import BoocoderError
from boocoder.model.limits import CLIENT_SEND_TIMEOUT_S

ROUTERS = (
    health.router,
    hosts.router,
    browsers.router,
    phone.router,
    tokens.router,
    webhooks.router,
    hooks.router,
    projects.router,
    project_settings.router,
    trust.router,
    start_points.router,
    folders.router,
    sessions.router,
    snapshots.router,
    worktrees.router,
    worktrees.of_session,
    stored.router,
    files.router,
    streams.router,
    messages.router,
    search.router,
    usage.router,
    demo.router,
    tasks.router,
    steers.router,
    steers.single,
    attachments.router,
    changes.router,
    review.router,
    review.of_session,
    review.comments,
    permissions.router,
    permissions.rules,
    agents.router,
    model_servers.router,
    settings.router,
    processes.router,
    follows.router,
    follows.of_session,
    terminal.router,
    terminal.frame,
    frames.router,
    openapi.router,
    pages.router,
)


def create_app(
    services: ApiServices,
    connections: ConnectionServices,
    *,
    send_timeout_s: float = CLIENT_SEND_TIMEOUT_S,
    endpoints: Sequence[ProtocolEndpoint] = (),
) -> FastAPI:
    """The application; serve it with `api.server`.

    Args:
        services, connections: used by the routes.
        send_timeout_s: a client that takes nothing for so long is cut off.
        endpoints: addresses of other protocols.

    Raises:
        RuntimeError: a route does not declare who may call it.
    """
    app = FastAPI(
        title="boocoder",
        version=services.info.version,
        docs_url=None,  # the pages of the framework load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=_middleware(services, connections, send_timeout_s),
        exception_handlers={
            BoocoderError: _answer_error,
            RequestValidationError: _answer_validation,
            HTTPException: _answer_http,
        },
    )
    app.state.services = services
    app.state.connections = connections
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.router.routes.extend(route_of(endpoint) for endpoint in endpoints)
    prefer_fixed_paths(app)
    require_access(app)
    guard_routes(app)
    return app


def _middleware(services: ApiServices, connections: ConnectionServices, send_timeout_s: float) -> list[Middleware]:
    """The layers from the outside in; no route is looked up before the last one let a request through."""
    return [
        Middleware(SendLimit, timeout_s=send_timeout_s),
        Middleware(AnswerHeaders),
        Middleware(ApiVersion),
        Middleware(ConditionalAnswers),
        Middleware(LastResort),
        Middleware(AllowLists, allowed=connections.allowed),
        Middleware(BodyLimit),
        Middleware(
            TokenAuth,
            authenticator=connections.authenticator,
            browsers=connections.browsers,
            tokens=connections.tokens,
            agent_tokens=services.agent_tokens,
            hooks=services.hooks,
        ),
        Middleware(JsonOnly),
    ]


async def _answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, BoocoderError)
    return problem.response(problem.of_error(error))


async def _answer_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem.response(problem.of_validation(error))


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND and pages.is_stray(request):
        return pages.document(request, HTTPStatus.NOT_FOUND)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return problem.response(problem.of_http_exception(error), headers)


def _methods_at(request: Request) -> set[str]:
    """What an address takes; the framework only says what its first route does."""
    there = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = set().union(*(getattr(route, "methods", None) or () for route in there))
    return methods | {"HEAD"} if "GET" in methods else methods
