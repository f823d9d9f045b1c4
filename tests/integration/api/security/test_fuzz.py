"""Every route with nonsensical inputs: an answer below 500, and the service keeps running."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2

from boocoder.api.application import ROUTERS
from boocoder.api.openapi.document import openapi_document
from tests.fixtures.api import Api
from tests.fixtures.repository import MakeRepository

ROUNDS = 12  # of every operation
SEED = 1  # twenty others were tried as well when this was written: no fault
STRANGE_TEXTS = (
    "",
    " ",
    "\t\n",
    "x" * 5_000,
    "\u0000",
    "a\u0000b",
    "\u202e\u200f\ufeff",
    "👩‍👩‍👧‍👦" * 50,
    "../../../../etc/passwd",
    "/",
    "//",
    "/dev/zero",
    "/proc/self/environ",
    "-rf",
    "--help",
    "HEAD@{u}",
    "main@{upstream}",
    ":/x",
    "^{tree}",
    "refs/heads/../x",
    "'; DROP TABLE tasks; --",
    "%00%ff%",
    "%s%n{0}{}",
    "NaN",
    "null",
    "true",
    "-1",
    "1e400",
    "0x10",
    "9" * 400,
    "2026-13-45T99:99:99Z",
    "00000000-0000-0000-0000-000000000000",
)
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
        return str(uuid4()) if draw < 0.85 else httpx2.QueryParams({"": self.text()}).__str__()[1:] or "x"

    def query(self, operation: dict[str, Any]) -> list[tuple[str, str]]:
        """Query parameters: some of those that are known, some twice, some that are not."""
        found: list[tuple[str, str]] = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and self.random.random() < 0.5:
                value = self.value(parameter["schema"])
                found += [(parameter["name"], str(value))] * self.random.choice((1, 1, 1, 2))
        return found if self.random.random() < 0.9 else [*found, ("unknown", self.text())]

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
        return self.random.choice((*STRANGE_TEXTS, *self._ids.values(), "main", "README.md", "scripted", "hello"))


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
                    headers={"Content-Type": "application/json"},
                )
            except httpx2.InvalidURL:  # longer than this client sends
                continue
            answer = await sent(api, request)
            case = (SEED, method, str(request.url), request.content[:2_000])
            assert answer.status_code < 500, (case, answer.text[:2_000])
            if answer.status_code >= 400:
                said = answer.json()
                assert said["code"] and said["detail"], case
                assert "Traceback" not in answer.text, case
            tried += 1
    assert tried >= 70 * ROUNDS, "the document lacks routes"
    assert (await api.http.get("/api/health")).status_code == 200
