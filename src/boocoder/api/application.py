"""Puts the security shell, the routes and the problem answers together; it starts nothing."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response

from boocoder.api import problem
from boocoder.api.access import require_access
from boocoder.api.routes import (
    agents,
    attachments,
    changes,
    demo,
    files,
    folders,
    health,
    messages,
    pages,
    permissions,
    project_settings,
    projects,
    review,
    search,
    sessions,
    snapshots,
    starts,
    streams,
    tasks,
    terminal,
    usage,
    worktrees,
)
from boocoder.api.services import ApiServices
from boocoder.api.shell.allow_lists import AllowLists
from boocoder.api.shell.answer_headers import AnswerHeaders
from boocoder.api.shell.body_limit import BodyLimit
from boocoder.api.shell.content_type import JsonOnly
from boocoder.api.shell.last_resort import LastResort
from boocoder.api.shell.send_limit import SendLimit
from boocoder.api.shell.token_auth import TokenAuth
from boocoder.errors import BoocoderError
from boocoder.model.limits import CLIENT_SEND_TIMEOUT_S

ROUTERS = (
    health.router,
    projects.router,
    project_settings.router,
    starts.router,
    folders.router,
    sessions.router,
    snapshots.router,
    worktrees.router,
    worktrees.of_session,
    files.router,
    streams.router,
    messages.router,
    search.router,
    usage.router,
    demo.router,
    tasks.router,
    attachments.router,
    changes.router,
    review.router,
    review.of_session,
    review.comments,
    permissions.router,
    permissions.rules,
    agents.router,
    terminal.router,
    terminal.frame,
    pages.router,
)


def create_app(services: ApiServices, *, send_timeout_s: float = CLIENT_SEND_TIMEOUT_S) -> FastAPI:
    """The application; serve it with `api.server`.

    Args:
        services: what the routes use.
        send_timeout_s: a client that takes nothing for so long is cut off.

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
        middleware=_shell(services, send_timeout_s),
        exception_handlers={
            BoocoderError: _answer_error,
            RequestValidationError: _answer_validation,
            HTTPException: _answer_http,
        },
    )
    app.state.services = services
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    require_access(app)
    return app


def _shell(services: ApiServices, send_timeout_s: float) -> list[Middleware]:
    """The layers from the outside in; no route is looked up before the last one let a request through."""
    return [
        Middleware(SendLimit, timeout_s=send_timeout_s),
        Middleware(AnswerHeaders),
        Middleware(LastResort),
        Middleware(AllowLists, allowed=services.allowed),
        Middleware(BodyLimit),
        Middleware(TokenAuth, authenticator=services.authenticator),
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
    return problem.response(problem.of_http_exception(error), dict(error.headers or {}))
