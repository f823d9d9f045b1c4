"""Problem answers (RFC 9457): what failed, with which value, and what to do. Never a traceback."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from boocoder.changes.conflicts import ApplyConflict, ConflictFile
from boocoder.changes.measure import path_text
from boocoder.errors import BoocoderError

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True):
    """One wrong value: where it stands (`prompt`, `query limit`, `path task_id`) and what is wrong with it.

    For a change that cannot be applied: a file, and what stands against it.
    """

    field: str
    message: str


class RegionProblem(msgspec.Struct, frozen=True):
    """One place where both sides changed the same lines; `cut` where a side is longer than shown."""

    line: int
    base: str
    ours: str
    theirs: str
    cut: bool


class ConflictProblem(msgspec.Struct, frozen=True):
    """A file that stands against a change: why, and both sides. `path_coded` says that bytes are percent-coded.

    Args:
        reason: stable name for machines.
        text: in words.
        regions: what the change began from (base), what the user has (ours), what the change has (theirs).
        base_size, ours_size, theirs_size: bytes; null where there is no such side, or none was compared.
        more: further regions that are not shown.
    """

    path: str
    path_coded: bool
    reason: str
    text: str
    regions: tuple[RegionProblem, ...]
    base_size: int | None
    ours_size: int | None
    theirs_size: int | None
    more: int


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer that is not a success.

    Args:
        type: `urn:boocoder:problem:<code>`.
        title: the status in words.
        status: the HTTP status.
        detail: what failed and with which value.
        code: stable name for machines.
        cure: what to do; empty when nothing can be done.
        errors: the wrong values of a request.
        conflicts: what stands against a change, file by file.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    cure: str
    errors: tuple[FieldError, ...] = ()
    conflicts: tuple[ConflictProblem, ...] = ()


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
    return msgspec.structs.replace(found, errors=errors, conflicts=tuple(conflict_problem(one) for one in error.files))


def conflict_problem(file: ConflictFile) -> ConflictProblem:
    """A file that stands against a change."""
    path, coded = path_text(file.conflict.path)
    regions = tuple(RegionProblem(one.line, one.base, one.ours, one.theirs, one.cut) for one in file.regions)
    return ConflictProblem(
        path,
        coded,
        file.conflict.kind.value,
        file.conflict.text,
        regions,
        file.base_size,
        file.ours_size,
        file.theirs_size,
        file.more,
    )


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
        FieldError(field=_place(found["loc"]), message=_message(found["type"], found["msg"]))
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
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    answer = response(error.problem, dict(error.headers or {}))
    if html is not None:
        answer = Response(html, status_code=error.status_code, headers=error.headers, media_type="text/html")
    await answer(scope, receive, send)


def _place(loc: tuple[int | str, ...]) -> str:
    kind, *rest = (str(step) for step in loc)
    path = ".".join(rest) or kind
    return path if kind == "body" else f"{kind} {path}"


def _message(kind: str, text: str) -> str:
    known = {"extra_forbidden": "is not a field of this request", "missing": "is required"}
    return known.get(kind, text[:1].lower() + text[1:].removeprefix("alue error, "))
