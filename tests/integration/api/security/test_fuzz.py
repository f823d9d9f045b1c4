"""Every route with nonsensical inputs: an answer below 500, and the service keeps running."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2

from boocoder.api.application import ROUTERS
from boocoder.api.openapi.document import openapi_document
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository
from tests.outside_input import ADDRESSES, BODIES, TEXTS

ROUNDS = 9  # of every operation
JSON = {"Content-Type": "application/json"}
WIDE = "BOOCODER_TEST_API_FUZZ" in os.environ  # `make api-fuzz`: every kept input in every place
SEED = 1  # twenty others were tried as well when this was written: no fault
STRANGE_VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**53,
    2**63,
    -(2**63) - 1,
    1.5,
    1e308,
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    ["x"] * 2_000,
    {"": ""},
)


class Inputs:
    """Inputs of an operation, drawn from one generator so that a failure can be repeated.

    Args:
        document: the OpenAPI document.
        ids: ids that exist, by the name of the path parameter.
        seed: of the generator.
    """

    def __init__(self, document: dict[str, Any], ids: dict[str, str], seed: int) -> None:
        self._schemas = document["components"]["schemas"]
        self._ids = ids
        self.random = random.Random(seed)

    def path(self, template: str) -> str:
        """The path with its parameters filled in."""
        parts = template.split("/")
        return "/".join(self._path_value(part[1:-1]) if part.startswith("{") else part for part in parts)

    def _path_value(self, name: str) -> str:
        draw = self.random.random()
        if draw < 0.7 and name in self._ids:
            return self._ids[name]
        return str(uuid4()) if draw < 0.85 else quote(self.random.choice(ADDRESSES), safe="") or "x"

    def query(self, operation: dict[str, Any]) -> list[tuple[str, str | int | float | bool | None]]:
        """Query parameters: some of those that are known, some twice, some that are not."""
        found: list[tuple[str, str | int | float | bool | None]] = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and self.random.random() < 0.5:
                value = self.value(parameter["schema"])
                found += [(parameter["name"], in_address(str(value)))] * self.random.choice((1, 1, 1, 2))
        return found if self.random.random() < 0.9 else [*found, ("unknown", in_address(self.text()))]

    def body(self, operation: dict[str, Any]) -> bytes | None:
        """A body in the shape of the schema, with some of it wrong."""
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None if self.random.random() < 0.8 else b"{}"
        encoded = json.dumps(self.value(content["application/json"]["schema"])).encode()
        return encoded if self.random.random() < 0.9 else encoded[: self.random.randrange(len(encoded) + 1)]

    def value(self, schema: dict[str, Any], depth: int = 0) -> object:
        """A value for a schema; every fifth is of another kind."""
        if self.random.random() < 0.2 or depth > 6:
            return self.text() if self.random.random() < 0.5 else self.random.choice(STRANGE_VALUES)
        if "$ref" in schema:
            return self.value(self._schemas[schema["$ref"].rsplit("/", 1)[-1]], depth)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema:
                return self.value(self.random.choice(schema[key]), depth + 1)
        if "enum" in schema or "const" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        return self._of_type(schema, depth)

    def _of_type(self, schema: dict[str, Any], depth: int) -> object:
        kind = schema.get("type")
        if kind == "object":
            fields = schema.get("properties", {})
            given = [name for name in fields if self.random.random() < 0.7 or name in schema.get("required", ())]
            return {name: self.value(fields[name], depth + 1) for name in given}
        if kind == "array":
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(self.random.randrange(4))]
        if kind == "integer":
            return self.random.choice((0, 1, -1, 7, 2**31, 2**63))
        if kind == "number":
            return self.random.choice((0.0, 0.5, -1.0, 1e300))
        if kind == "boolean":
            return self.random.random() < 0.5
        return self.text()

    def text(self) -> str:
        """A text, or an id that exists."""
        return self.random.choice((*TEXTS, *self._ids.values(), "main", "README.md", "scripted", "hello"))


def in_address(text: str) -> str:
    """A text as it can be in an address."""
    return text.encode("utf-8", "replace").decode()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


async def sent(api: Api, request: httpx2.Request) -> httpx2.Response:
    """The answer; only the head of one that is a stream and has no end."""
    answer = await api.http.send(request, stream=True)
    if "text/event-stream" not in answer.headers.get("content-type", ""):
        await answer.aread()
    await answer.aclose()
    return answer


async def made_ids(api: Api, repository: MakeRepository) -> dict[str, str]:
    """A project with a queued task; their ids by the names of the path parameters."""
    project = (await api.http.post("/api/projects", json={"path": str(repository().path)})).json()
    body = {"prompt": "hello", "project_id": project["id"], "agent": "scripted"}
    task = (await api.http.post("/api/tasks", json=body)).json()
    chats = (await api.http.get(f"/api/sessions/{task['session_id']}/chats")).json()
    rows = chats["items"] if isinstance(chats, dict) else chats
    return {
        "project_id": project["id"],
        "session_id": task["session_id"],
        "task_id": task["task_id"],
        "chat_id": rows[0]["id"],
    }


def filled(template: str, values: dict[str, str]) -> str:
    """The path with these values, and ids of nothing in the other places."""

    def value(found: re.Match[str]) -> str:
        return values.get(found[1]) or str(uuid4())

    return re.sub(r"\{(\w+)\}", value, template)


def assert_no_fault(answer: httpx2.Response, case: object) -> None:
    """An answer below 500; a refusal is a problem document that says what and why."""
    assert answer.status_code < 500, (case, answer.text[:2_000])
    if answer.status_code >= 400:
        said = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", case
        assert said["code"] and said["detail"], case
        assert "Traceback" not in answer.text, case


async def test_no_kept_body_is_a_fault_of_any_route(api: Api, repository: MakeRepository) -> None:
    ids = await made_ids(api, repository)
    document = openapi_document([route for router in ROUTERS for route in router.routes], version="0")
    refused = 0
    kept = tuple(BODIES.items())
    for number, (method, template, operation) in enumerate(operations(document)):
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        path = filled(template, ids)
        for name, content in kept if WIDE else kept[number % 4 :: 4]:
            answer = await api.http.request(method, path, content=content, headers=JSON)
            assert_no_fault(answer, (name, method, path))
            refused += answer.status_code >= 400
    assert refused > 5 * len(BODIES), "the document lacks bodies"


async def test_no_kept_text_is_a_fault_in_any_address(api: Api, repository: MakeRepository) -> None:
    await made_ids(api, repository)
    document = openapi_document([route for router in ROUTERS for route in router.routes], version="0")
    listed = [(path, one) for method, path, one in operations(document) if method == "GET"]
    taken = {parameter["name"]: path for path, one in listed for parameter in one.get("parameters", ())}
    for number, (name, template) in enumerate(sorted(taken.items())):
        for text in ADDRESSES if WIDE else ADDRESSES[number % 6 :: 6]:
            value = quote(text, safe="") or "%20"
            path = filled(template, {name: value})
            try:
                request = api.http.build_request(
                    "GET", path, params=None if "{" + name + "}" in template else {name: text}
                )
            except httpx2.InvalidURL:
                continue
            assert_no_fault(await sent(api, request), (name, path, text))


async def test_no_input_is_a_fault_of_ours(api: Api, repository: MakeRepository) -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    document = openapi_document(routes, version="0")
    inputs = Inputs(document, await made_ids(api, repository), SEED)
    tried = 0
    for _ in range(ROUNDS):
        for method, template, operation in operations(document):
            try:
                request = api.http.build_request(
                    method,
                    inputs.path(template),
                    params=inputs.query(operation),
                    content=inputs.body(operation),
                    headers=JSON,
                )
            except httpx2.InvalidURL:  # longer than this client sends
                continue
            answer = await sent(api, request)
            assert_no_fault(answer, (SEED, method, str(request.url), request.content[:2_000]))
            tried += 1
    assert tried >= 70 * ROUNDS, "the document lacks routes"
    assert (await api.http.get("/api/health")).status_code == 200
