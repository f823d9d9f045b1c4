"""The OpenAPI document: FastAPI's for requests, with the wire types of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response
from starlette.routing import BaseRoute

from boocoder.api.access import StrictRoute

REFERENCE = "#/components/schemas/{name}"


def openapi_document(routes: Sequence[BaseRoute], *, version: str) -> dict[str, Any]:
    """Every route with its parameters, body and answer."""
    document = get_openapi(title="boocoder", version=version, routes=routes)
    answered = [route for route in routes if isinstance(route, StrictRoute) and _has_wire_answer(route)]
    answers, components = msgspec.json.schema_components(
        [route.answer_type for route in answered], schema_hook=_any_json, ref_template=REFERENCE
    )
    for route, answer in zip(answered, answers, strict=True):
        for method in route.methods or ():
            responses = document["paths"][route.path][method.lower()]["responses"]
            responses[str(route.status_code or 200)]["content"] = {"application/json": {"schema": answer}}
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    return document


def _has_wire_answer(route: StrictRoute) -> bool:
    answer = route.answer_type
    return route.include_in_schema and not (isinstance(answer, type) and issubclass(answer, Response))


def _any_json(_: type) -> dict[str, Any]:
    return {"title": "any JSON value"}  # of a field that is declared as `object`
