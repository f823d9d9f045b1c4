"""docs/api.md lists every route, parameter, body and answer, and nothing that does not exist."""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from boocoder.api.access import access_of
from boocoder.api.application import ROUTERS
from boocoder.api.middleware.api_version import versioned
from boocoder.api.openapi.document import openapi_document
from boocoder.wire.changes import ChangeInfo, ChangeSummary
from tests.paths import DOCS

PAGE = (DOCS / "api.md").read_text("utf-8")
ROUTES = [route for router in ROUTERS for route in router.routes]
SCHEMA = openapi_document(ROUTES, version="0")


def models() -> dict[str, list[str]]:
    """Every body and answer, also those inside of others, with its fields."""
    schemas = SCHEMA["components"]["schemas"].items()
    framework = ("HTTPValidationError", "ValidationError")
    found = {name: list(schema.get("properties", ())) for name, schema in schemas if schema.get("type") == "object"}
    return {name: fields for name, fields in found.items() if name not in framework}


def sections() -> dict[str, str]:
    return dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_route_is_listed_with_its_access() -> None:
    listed = re.findall(r"^\| (\w+) \| `(/[^`]*)` \| (\w+) \|", PAGE, re.MULTILINE)
    served = [
        (method, str(getattr(route, "path", "")), str(access_of(route)))
        for route in ROUTES
        for method in sorted(getattr(route, "methods", None) or ["WebSocket"])
    ]
    assert sorted(listed) == sorted(served)


def test_every_route_names_its_body_and_answer() -> None:
    for route in ROUTES:
        if not isinstance(route, APIRoute):
            continue
        method = next(iter(route.methods))
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| {method} | `{route.path}` |"))
        named = set(re.findall(r"\[(\w+)\]\(#", row)) - {"Streams"}
        hints = get_type_hints(route.endpoint)
        used = {hints.get("body"), *get_args(hints.get("body")), hints["return"], *get_args(hints["return"])}
        assert named == models().keys() & {getattr(kind, "__name__", "") for kind in used}, row
        assert f"{route.status_code or 200} " in row


def parameters(needed: Dependant) -> list[str]:
    """Names of the query parameters and headers of a route."""
    own = [field.alias for field in (*needed.query_params, *needed.header_params)]
    return own + [name for below in needed.dependencies for name in parameters(below)]


def test_every_parameter_is_listed() -> None:
    rows = dict(re.findall(r"^\| (\w+ `/[^`]*`) \| ((?:`[\w-]+`(?:, )?)+) \|", PAGE, re.MULTILINE))
    for route in ROUTES:
        if isinstance(route, APIRoute):
            method = next(iter(route.methods))
            listed = re.findall(r"`([\w-]+)`", rows.pop(f"{method} `{route.path}`", ""))
            assert sorted(listed) == sorted(parameters(route.dependant)), route.path
    assert not rows


def test_every_body_and_answer_is_described_field_by_field() -> None:
    described = sections()
    for name, fields in models().items():
        listed = re.findall(r"^\| `(\w+)` \|", described[name], re.MULTILINE)
        if name == ChangeInfo.__name__:
            fields = [field for field in fields if field not in ChangeSummary.__struct_fields__]
        assert listed == fields, name


def test_the_schema_for_generated_clients_has_every_route() -> None:
    described = {(method.upper(), path) for path, item in SCHEMA["paths"].items() for method in item}
    served = {(method, route.path) for route in ROUTES if isinstance(route, APIRoute) for method in route.methods}
    assert described == {(method, versioned(path)) for method, path in served if path.startswith("/api")}
    assert {"TaskInfo", "NewTaskInput", "ApplyResult"} <= set(SCHEMA["components"]["schemas"])
