"""The OpenAPI document: FastAPI's for requests, wire types for answers, and the words of docs/api.md for both."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute

from boocoder.api.access import StrictRoute, access_of
from boocoder.api.middleware.api_version import versioned
from boocoder.api.openapi.descriptions import ApiDescriptions, read_descriptions
from boocoder.api.problem import MEDIA_TYPE
from boocoder.wire.problems import Problem

REFERENCE = "#/components/schemas/{name}"
ALSO_DESCRIBED_AT = {"ChangeInfo": "ChangeSummary"}  # the page lists the fields of a change once
FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")
Operation = dict[str, Any]
INTRODUCTION = """\
Everything that the command line and the page of boocoder do. Every request needs a token (`Authorization: Bearer ...`),
or the cookie of a signed-in browser. A GET changes nothing; unknown fields and query parameters are refused.

Every answer that is not a success is `application/problem+json` (RFC 9457) with a stable `code` and, in `cure`, what to
do.

Lists are pages, newest first if nothing else is said: give the last id of a page as `before` to get the next one.

A session's stream is `GET /api/v1/sessions/{session_id}/stream` as server-sent events: the data of each event is a
frame (an object with a `type`), its id is the frame's `seq`, and `Last-Event-ID` or `after` resumes behind that number.
Many sessions share one WebSocket, `/api/v1/stream`: send `{"op": "subscribe", "session_id": "...", "after": 0}` and the
same frames arrive as text messages. docs/frames.md describes every frame, docs/api.md the messages of the WebSocket.
"""
SECURITY: Mapping[str, Any] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of the data directory, or one made with `boocoder tokens add`.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "boocoder_7717",
        "description": "Of a signed-in browser; the number is the port of the service.",
    },
}


def openapi_document(routes: Sequence[BaseRoute], *, version: str) -> dict[str, Any]:
    """Every route with its parameters, body, answers and words."""
    words = read_descriptions()
    document = get_openapi(title="boocoder", version=version, routes=routes, description=INTRODUCTION)
    _add_wire_answers(document, routes)
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _describe(document["paths"][route.path][method.lower()], route, f"{method} {route.path}", words)
    schemas = document["components"]["schemas"]
    for name in FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    for name, schema in schemas.items():
        also = words.schemas.get(ALSO_DESCRIBED_AT.get(name, ""), {})
        _describe_schema(schema, {**words.common, **also, **words.schemas.get(name, {})})
    document["components"]["securitySchemes"] = dict(SECURITY)
    document["components"]["responses"] = {"Problem": _problem("What failed, and what to do.")}
    document["security"] = [{name: []} for name in SECURITY]
    document["tags"] = [{"name": tag} for tag in sorted({_tag(path) for path in document["paths"]})]
    document["paths"] = {versioned(path): item for path, item in document["paths"].items()}
    return document


def _add_wire_answers(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    answered = [route for route in routes if isinstance(route, StrictRoute) and _has_wire_answer(route)]
    (*answers, _), components = msgspec.json.schema_components(
        [*(route.answer_type for route in answered), Problem], schema_hook=_any_json, ref_template=REFERENCE
    )
    for route, answer in zip(answered, answers, strict=True):
        for method in route.methods or ():
            responses = document["paths"][route.path][method.lower()]["responses"]
            responses[str(route.status_code or 200)]["content"] = {"application/json": {"schema": answer}}
    document.setdefault("components", {}).setdefault("schemas", {}).update(_without_tuples(components))


def _without_tuples(schema: Any) -> Any:
    """Pairs as lists of two, because generators of clients do not know `prefixItems`."""
    if isinstance(schema, dict):
        if "prefixItems" in schema:
            first, *_ = schema["prefixItems"]
            schema = {**{key: value for key, value in schema.items() if key != "prefixItems"}, "items": first}
        return {key: _without_tuples(value) for key, value in schema.items()}
    return [_without_tuples(one) for one in schema] if isinstance(schema, list) else schema


def _has_wire_answer(route: StrictRoute) -> bool:
    answer = route.answer_type
    return route.include_in_schema and not (isinstance(answer, type) and issubclass(answer, Response))


def _any_json(_: type) -> dict[str, Any]:
    return {"title": "any JSON value"}  # of a field that is declared as `object`


def _describe(operation: Operation, route: APIRoute, name: str, words: ApiDescriptions) -> None:
    """Give an operation its id (the name of the route's function), tag, words and problems."""
    about = inspect.cleandoc(route.endpoint.__doc__ or "")
    operation["operationId"] = route.endpoint.__name__
    operation["tags"] = [_tag(route.path)]
    operation["summary"] = re.split(r"[.;](?:\s|$)", about, maxsplit=1)[0].replace("\n", " ")
    operation["description"] = f"{about}\n\nNeeds access `{access_of(route)}`."
    for parameter in operation.get("parameters", ()):
        said = words.parameters.get(name, {}).get(parameter["name"]) or words.common.get(parameter["name"])
        if said:
            parameter["description"] = said
    _describe_answers(operation["responses"], words.answers.get(name, {}), str(route.status_code or 200))


def _describe_answers(responses: dict[str, Any], said: Mapping[str, str], success: str) -> None:
    responses.pop("422", None)  # the framework's form of it
    for status, text in said.items():
        if status.startswith("2"):
            responses.setdefault(status, {"content": responses[success].get("content", {})})["description"] = text
        else:
            responses[status] = _problem(text)
    for status in ("4XX", "5XX"):
        responses[status] = {"$ref": "#/components/responses/Problem"}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(name="Problem")}}}}


def _describe_schema(schema: dict[str, Any], fields: Mapping[str, str]) -> None:
    if "description" in schema:
        schema["description"] = inspect.cleandoc(schema["description"]).partition("\n\n")[0].replace("\n", " ")
    for name, field in schema.get("properties", {}).items():
        if said := fields.get(name):
            field["description"] = said


def _tag(path: str) -> str:
    """What a route is about: the first name behind /api."""
    names = [step for step in path.split("/") if step and not step.startswith("{")]
    return names[1] if len(names) > 1 else names[0]


def described_properties(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every field and parameter of a document with its description, "" where it has none."""
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            yield f"{name}.{field}", about.get("description", "")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method.upper()} {path} {parameter['name']}", parameter.get("description", "")
