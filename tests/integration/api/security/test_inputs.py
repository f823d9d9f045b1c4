"""Bad inputs: each has its status and code, nothing is a 5xx, no traceback reaches a client."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from starlette.types import Message, Receive, Scope, Send

from boocoder.api.middleware.body_limit import BodyLimit
from boocoder.api.problem import ApiError
from boocoder.db.core.pool import Database
from boocoder.db.tasks import tasks
from boocoder.model.limits import PROMPT_MAX_CHARS
from tests.fixtures.api import Api, running_api
from tests.fixtures.row_builders import Place, add_place

JSON = {"Content-Type": "application/json"}

BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 422, "invalid_request"),
    "not JSON": (b"{prompt: 1}", 400, "body_not_json"),
    "cut short": (b'{"prompt": "a', 400, "body_not_json"),
    "two values": (b"{} {}", 400, "body_not_json"),
    "array": (b"[]", 422, "invalid_request"),
    "number": (b"5", 422, "invalid_request"),
    "null": (b"null", 422, "invalid_request"),
    "string": (b'"prompt"', 422, "invalid_request"),
    "deep array": (b"[" * 200_000, 400, "body_not_json"),
    "deep object": (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, 400, "body_not_json"),
    "huge integer": (b'{"priority":' + b"9" * 5000 + b"}", 400, "body_not_json"),
    "NaN": (b'{"priority":NaN}', 400, "body_not_json"),
    "Infinity": (b'{"priority":Infinity}', 400, "body_not_json"),
    "too large a float": (b'{"priority":1e999}', 400, "body_not_json"),
    "byte order mark": (b'\xef\xbb\xbf{"prompt":"a"}', 400, "body_not_json"),
    "not UTF-8": (b'{"prompt":"\xff\xfe"}', 400, "body_not_json"),
    "half a surrogate pair": (b'{"prompt":"\\ud800"}', 400, "body_not_json"),
    "half a pair at the end": (b'{"prompt":"a\\udc00b"}', 400, "body_not_json"),
}

FIELDS: dict[str, tuple[dict[str, object], str]] = {
    "NUL": ({"prompt": "a\0b"}, "prompt"),
    "blank": ({"prompt": "  \n\t "}, "prompt"),
    "too long": ({"prompt": "x" * (PROMPT_MAX_CHARS + 1)}, "prompt"),
    "number for a text": ({"prompt": 5}, "prompt"),
    "null": ({"prompt": None}, "prompt"),
    "list": ({"prompt": ["a"]}, "prompt"),
    "unknown field": ({"promt": "a"}, "promt"),
    "prototype": ({"__proto__": {}}, "__proto__"),
    "text for a number": ({"priority": "1"}, "priority"),
    "boolean for a number": ({"priority": True}, "priority"),
    "float for a number": ({"priority": 1.5}, "priority"),
    "past the range": ({"priority": 10**9}, "priority"),
    "empty model": ({"model": ""}, "model"),
    "NUL in a model": ({"model": "a\0"}, "model"),
    "long agent": ({"agent": "x" * 300}, "agent"),
    "id that is none": ({"session_id": "1; DROP TABLE tasks"}, "session_id"),
    "id of another type": ({"session_id": 17}, "session_id"),
    "path for an id": ({"session_id": "../../etc/passwd"}, "session_id"),
    "long title": ({"title": "x" * 1000}, "title"),
}


async def make_place(api: Api) -> Place:
    async with api.database.transaction() as conn:
        return await add_place(conn)


def assert_problem(answer: httpx2.Response, status: int, code: str) -> None:
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["status"] == status
    assert said["title"]
    assert said["detail"]
    assert "Traceback" not in answer.text
    assert "boocoder/" not in answer.text


async def test_bodies_that_are_no_request(api: Api) -> None:
    for name, (content, status, code) in BODIES.items():
        answer = await api.http.post("/api/tasks", content=content, headers=JSON)
        assert answer.status_code == status, (name, answer.text)
        assert_problem(answer, status, code)
    assert (await counted(api)) == 0


async def test_every_wrong_field_is_named(api: Api) -> None:
    place = await make_place(api)
    for name, (wrong, field) in FIELDS.items():
        body = {"chat_id": str(place.chat_id), "prompt": "go", **wrong}
        answer = await api.http.post("/api/tasks", json=body)
        assert_problem(answer, 422, "invalid_request")
        assert field in [error["field"] for error in answer.json()["errors"]], (name, answer.text)
        assert field in answer.json()["detail"], name
    assert (await counted(api)) == 0


async def counted(api: Api) -> int:
    async with api.database.connection() as conn:
        return (await tasks.count_tasks(conn)).pending


async def test_places_that_do_not_fit_together(api: Api) -> None:
    here, there = await make_place(api), await make_place(api)
    cases = [
        ({}, 422, "place_missing"),
        ({"chat_id": str(uuid4())}, 404, "chat_not_found"),
        ({"session_id": str(uuid4())}, 404, "session_not_found"),
        ({"project_id": str(uuid4())}, 404, "project_not_found"),
        ({"chat_id": str(here.chat_id), "session_id": str(there.session_id)}, 422, "place_mismatch"),
        ({"session_id": str(here.session_id), "project_id": str(there.project_id)}, 422, "place_mismatch"),
    ]
    for place, status, code in cases:
        answer = await api.http.post("/api/tasks", json={"prompt": "go", "agent": "scripted", **place})
        assert_problem(answer, status, code)


async def test_ids_and_cursors_in_paths_and_queries(api: Api) -> None:
    cases = [
        ("/api/tasks/none", 422),
        ("/api/tasks/" + "f" * 31, 422),
        (f"/api/tasks/{uuid4()}", 404),
        (f"/api/tasks/{str(uuid4()).upper()}", 404),
        (f"/api/changes/{uuid4()}/diff", 404),
        (f"/api/messages/{uuid4()}/parts/0/text", 404),
        (f"/api/messages/{uuid4()}/parts/-1/text", 422),
        (f"/api/messages/{uuid4()}/parts/99999999999/text", 422),
        (f"/api/messages/{uuid4()}/parts/0/text?field=secret", 422),
        ("/api/tasks?limit=0", 422),
        ("/api/tasks?limit=-1", 422),
        ("/api/tasks?limit=100000", 422),
        ("/api/tasks?limit=ten", 422),
        ("/api/tasks?before=17", 422),
        ("/api/tasks?state=sleeping", 422),
        ("/api/tasks?sesion_id=x", 422),
        (f"/api/sessions/{uuid4()}/stream?after=-1", 422),
        (f"/api/sessions/{uuid4()}/stream?after={2**63}", 422),
        (f"/api/sessions/{uuid4()}/stream?after=text", 422),
        (f"/api/sessions/{uuid4()}/stream", 404),
    ]
    for path, status in cases:
        answer = await api.http.get(path)
        assert answer.status_code == status, (path, answer.text)
        assert_problem(answer, status, answer.json()["code"])
    misspelt = (await api.http.get("/api/tasks?sesion_id=x")).json()
    assert misspelt["errors"] == [{"field": "query sesion_id", "message": "is not a field of this request"}]


async def test_methods_and_addresses(api: Api) -> None:
    wrong = await api.http.delete("/api/tasks")
    assert_problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"]
    override = await api.http.get(f"/api/tasks/{uuid4()}/cancel", headers={"X-HTTP-Method-Override": "POST"})
    assert_problem(override, 405, "method_not_allowed")
    assert_problem(await api.http.get("/api/nothing"), 404, "route_not_found")
    assert_problem(await api.http.post(f"/api/tasks/{uuid4()}/cancel", json={"now": True}), 422, "invalid_request")
    assert_problem(await api.http.post(f"/api/tasks/{uuid4()}/cancel", json={}), 404, "task_not_found")


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_an_idempotency_key_has_a_sane_length(api: Api, key: str) -> None:
    place = await make_place(api)
    answer = await api.http.post(
        "/api/tasks", json={"chat_id": str(place.chat_id), "prompt": "go"}, headers={"Idempotency-Key": key}
    )
    assert_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "header Idempotency-Key"


async def test_a_hundred_prompts_at_once_are_all_queued_in_one_session(api: Api) -> None:
    place = await make_place(api)
    bodies = [{"chat_id": str(place.chat_id), "prompt": f"number {number}"} for number in range(100)]
    answers = await asyncio.gather(*(api.http.post("/api/tasks", json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    assert (await counted(api)) == 100


async def test_texts_of_all_planes_come_back_as_they_were(api: Api) -> None:
    place = await make_place(api)
    prompt = 'quotes " \\ tab\t é 漢 🎈 \u202e bidi \u2028 line \x7f'
    made = await api.http.post(
        "/api/tasks",
        content=json.dumps({"chat_id": str(place.chat_id), "prompt": prompt}).encode(),
        headers=JSON,
    )
    stored = (await api.http.get(f"/api/tasks/{made.json()['task_id']}")).json()
    assert stored["prompt"] == prompt


async def test_a_body_that_never_ends_is_given_up(api: Api) -> None:
    async def read_body(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass

    async def stalled() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("never")

    async def send(_: Message) -> None: ...

    limited = BodyLimit(read_body, timeout_s=0.05)
    with pytest.raises(ApiError) as caught:
        await asyncio.wait_for(limited({"type": "http", "headers": []}, stalled, send), 10)
    assert (caught.value.status_code, caught.value.code) == (408, "body_too_slow")


async def test_an_error_that_nobody_expected_names_no_internals(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.agents.agents = None  # type: ignore[assignment]
    answer = await api.http.get("/api/agents")
    assert_problem(answer, 500, "internal_error")
    assert "NoneType" not in answer.text
    assert "NoneType" in caplog.text


async def test_a_client_that_never_finishes_its_headers_is_cut_off(database: Database, tmp_path: Path) -> None:
    async with running_api(database, tmp_path, head_timeout_s=0.2) as api:
        for start in (b"", b"GET /api/health HTTP/1.1\r\nHost: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
            writer.write(start)
            try:
                assert await asyncio.wait_for(reader.read(1), 10) == b""
            finally:
                writer.close()
