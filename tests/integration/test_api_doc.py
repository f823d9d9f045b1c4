"""docs/api.md lists every route, parameter, body and answer, and nothing that does not exist."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path
from typing import get_args, get_type_hints

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from boocoder.api import shapes
from boocoder.api.access import access_of
from boocoder.api.application import ROUTERS
from boocoder.api.shapes import inputs, outputs

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
ROUTES = [route for router in ROUTERS for route in router.routes]


def models() -> dict[str, type[BaseModel]]:
    """Every body and answer of every module of shapes."""
    names = [module.name for module in pkgutil.iter_modules(shapes.__path__, f"{shapes.__name__}.")]
    found = [value for name in names for value in vars(importlib.import_module(name)).values()]
    bases = (inputs.Input, outputs.Output)
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, bases)]
    return {kind.__name__: kind for kind in kinds if kind not in bases}


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
        assert named == {name for name, kind in models().items() if kind in used}, row
        assert f"{route.status_code or 200} " in row


def test_every_parameter_is_listed() -> None:
    rows = dict(re.findall(r"^\| (\w+ `/[^`]*`) \| ((?:`[\w-]+`(?:, )?)+) \|", PAGE, re.MULTILINE))
    for route in ROUTES:
        if isinstance(route, APIRoute):
            method = next(iter(route.methods))
            fields = [*route.dependant.query_params, *route.dependant.header_params]
            listed = re.findall(r"`([\w-]+)`", rows.pop(f"{method} `{route.path}`", ""))
            assert sorted(listed) == sorted(field.alias for field in fields), route.path
    assert not rows


def test_every_body_and_answer_is_described_field_by_field() -> None:
    described = sections()
    for name, kind in models().items():
        listed = re.findall(r"^\| `(\w+)` \|", described[name], re.MULTILINE)
        fields = [info.alias or field for field, info in kind.model_fields.items()]
        if kind is outputs.ChangeOut:
            fields = [field for field in fields if field not in outputs.ChangeRowOut.model_fields]
        assert listed == fields, name


def test_the_schema_for_generated_clients_has_every_route() -> None:
    schema = get_openapi(title="boocoder", version="0", routes=ROUTES)
    described = {(method.upper(), path) for path, item in schema["paths"].items() for method in item}
    served = {(method, route.path) for route in ROUTES if isinstance(route, APIRoute) for method in route.methods}
    assert described == {call for call in served if call[1].startswith("/api")}
    assert {"TaskOut", "NewTaskInput", "AppliedOut"} <= set(schema["components"]["schemas"])
