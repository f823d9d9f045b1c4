"""Problem answers (RFC 9457) for all errors."""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from boocoder.api.answers.changes import file_conflict
from boocoder.changes.apply.conflicts import ApplyConflict
from boocoder.changes.diff.statistics import path_text
from boocoder.errors import BoocoderError
from boocoder.wire.problems import FieldError, Problem

MEDIA_TYPE = "application/problem+json"
LOGGED_PATH_CHARS = 200

log = logging.getLogger(__name__)


class ApiError(HTTPException):
    """A refusal that belongs to HTTP itself; it passes through the framework unchanged.

    Args:
        status: the HTTP status, 4xx or 5xx.
        code, text, cure: as in BoocoderError.
        headers: further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, text: str, cure: str = "", *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status_code=status, detail=text, headers=headers)
        self.code = code
        self.cure = cure

    @property
    def problem(self) -> Problem:
        """The body of the answer."""
        return problem(self.status_code, self.code, self.detail, self.cure)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit that a caller has used up.

    Args:
        name: of the policy.
        quota: requests within the window.
        window_s: how far back they count, in seconds.
        free_in_s: until the next one may come, in seconds.
    """

    name: str
    quota: int
    window_s: float
    free_in_s: float

    @property
    def headers(self) -> dict[str, str]:
        """`Retry-After` of HTTP, and the fields of the IETF's draft-ietf-httpapi-ratelimit-headers-10."""
        wait_s = max(1, math.ceil(self.free_in_s))
        return {
            "Retry-After": str(wait_s),
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={self.window_s:.0f}',
            "RateLimit": f'"{self.name}";r=0;t={wait_s}',
        }


def problem(status: int, code: str, detail: str, cure: str = "", errors: tuple[FieldError, ...] = ()) -> Problem:
    """A problem with its type and title filled in."""
    return Problem(
        type=f"urn:boocoder:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        cure=cure,
        errors=errors,
    )


def of_error(error: BoocoderError) -> Problem:
    """The problem of one of our errors; conflicts of an apply are listed file by file."""
    found = problem(error.status, error.code, error.text, error.cure)
    if not isinstance(error, ApplyConflict):
        return found
    errors = tuple(FieldError(field=path_text(one.path)[0], message=one.text) for one in error.conflicts)
    return msgspec.structs.replace(found, errors=errors, conflicts=tuple(file_conflict(one) for one in error.files))


def of_http_exception(error: HTTPException) -> Problem:
    """The problem of a refusal by the framework: no such route, wrong method, unreadable body."""
    if isinstance(error, ApiError):
        return error.problem
    known = {
        404: ("route_not_found", "There is no such address.", "docs/api.md lists all routes."),
        405: ("method_not_allowed", "This address does not take this method.", "docs/api.md lists all routes."),
        400: ("body_unreadable", "The body could not be read.", "Send one JSON object in UTF-8."),
    }
    code, text, cure = known.get(error.status_code, ("http_error", str(error.detail), ""))
    return problem(error.status_code, code, text, cure)


def of_validation(error: RequestValidationError) -> Problem:
    """The problem of values that do not fit the route's schema: each is named with what was wrong."""
    errors = tuple(
        FieldError(field=_place(found["loc"]), message=_message(found["type"], found["msg"], found.get("input")))
        for found in error.errors()[:20]
    )
    detail = "; ".join(f"{found.field}: {found.message}" for found in errors[:3])
    return problem(422, "invalid_request", f"{detail}.", "docs/api.md lists the fields of every route.", errors)


def response(body: Problem, headers: dict[str, str] | None = None) -> Response:
    """The answer that carries a problem."""
    return Response(msgspec.json.encode(body), status_code=body.status, headers=headers, media_type=MEDIA_TYPE)


async def refuse(scope: Scope, receive: Receive, send: Send, error: ApiError, *, html: bytes | None = None) -> None:
    """Answer an HTTP request, or a WebSocket handshake before its upgrade, with a refusal.

    Args:
        scope, receive, send: of the ASGI call.
        error: why.
        html: the answer's body for a person's browser instead of JSON.
    """
    _log_refusal(scope, error)
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    answer = response(error.problem, dict(error.headers or {}))
    if html is not None:
        answer = Response(html, status_code=error.status_code, headers=error.headers, media_type="text/html")
    await answer(scope, receive, send)


def peer_of(scope: Scope) -> str:
    """The address that a request came from."""
    client = scope.get("client")
    return client[0] if client else ""


def _log_refusal(scope: Scope, error: ApiError) -> None:
    """One line a refusal. The query is left out: it may hold a sign-in code."""
    about = {"code": error.code, "status": error.status_code, "peer": peer_of(scope), "method": scope.get("method", "")}
    log.warning("request refused", extra={**about, "path": scope["path"][:LOGGED_PATH_CHARS]})


def _place(loc: tuple[int | str, ...]) -> str:
    kind, *rest = (str(step) for step in loc)
    path = ".".join(rest) or kind
    return path if kind == "body" else f"{kind} {path}"


def _message(kind: str, text: str, value: object) -> str:
    known = {"extra_forbidden": "is not a field of this request", "missing": "is required"}
    if kind in known:
        return known[kind]
    text = text.removeprefix("Value error, ").rstrip(".")
    if isinstance(value, str) and kind in ("too_long", "too_short"):
        text = re.sub(r" items?\b.*", " characters", text)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
