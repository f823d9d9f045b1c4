"""The review routes: lists and pages, verdicts, comments, sending, and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from boocoder.changes.review.diff_page import PAGE_LINES
from boocoder.db.core.pool import Database
from boocoder.model.ids import ChangeId
from tests.fixtures.api import Api, running_api
from tests.fixtures.changes.review_harness import ReviewHarness, open_review
from tests.fixtures.images import solid_png
from tests.fixtures.repository import MakeRepository
from tests.integration.changes.review.test_review import edited

Json = dict[str, object]


@dataclass
class Desk:
    """A session to review, and the API over it."""

    reviewing: ReviewHarness
    api: Api

    async def get(self, route: str, /, status: int = 200, **params: object) -> object:
        return read(await self.api.http.get(route, params={name: str(value) for name, value in params.items()}), status)

    async def post(self, path: str, body: Json, status: int = 200, **headers: str) -> Json:
        said = read(await self.api.http.post(path, json=body, headers=headers), status)
        assert isinstance(said, dict)
        return said

    async def change(self, edits: dict[str, bytes | None]) -> str:
        change = await self.reviewing.turn(edits)
        assert change is not None
        return f"/api/changes/{change}"


def read(response: httpx2.Response, status: int) -> object:
    assert response.status_code == status, response.text
    said: object = response.json()
    return said


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> AsyncIterator[Desk]:
    reviewing = await open_review(database, repository(), tmp_path)
    async with running_api(database, tmp_path, owner=reviewing.desk.owner) as api:
        yield Desk(reviewing, api)


async def test_files_units_and_verdicts(desk: Desk) -> None:
    change = await desk.change({"src/lines.txt": edited(n3=b"line three\n", n5=b"line five\n", n30=b"x\n")})
    (file,) = await desk.get(f"{change}/files")  # type: ignore[misc]
    assert (file["path"], file["status"], file["units"], file["open"], file["additions"]) == (
        "src/lines.txt",
        "modified",
        2,
        2,
        3,
    )
    shown = await desk.get(f"{change}/files/0")
    assert isinstance(shown, dict)
    one, two = shown["units"]
    assert [(line["kind"], line["old"], line["new"], line["text"]) for line in one["lines"]] == [
        ("context", 1, 1, "line 1"),
        ("context", 2, 2, "line 2"),
        ("removed", 3, None, "line 3"),
        ("added", None, 3, "line three"),
        ("context", 4, 4, "line 4"),
        ("removed", 5, None, "line 5"),
        ("added", None, 5, "line five"),
        ("context", 6, 6, "line 6"),
        ("context", 7, 7, "line 7"),
        ("context", 8, 8, "line 8"),
    ]
    assert one["lines"][3]["spans"] == [[5, 10]]
    assert shown["next"] is None
    done = await desk.post(f"{change}/review", {"units": [one["id"]], "verdict": "accepted"})
    assert (done["decided"], done["gone"]) == (1, [])
    done = await desk.post(f"{change}/review", {"paths": ["src/lines.txt"], "verdict": "rejected"})
    assert done["decided"] == 2
    await desk.post(f"{change}/review", {"units": [two["id"]], "verdict": "open"})
    review = await desk.get(f"{change}/review")
    assert isinstance(review, dict)
    assert (review["accepted"], review["rejected"], review["open"], review["state"]) == (0, 1, 1, "pending")


async def test_a_long_file_comes_in_pages_without_gap_or_double(desk: Desk) -> None:
    lines = [b"row %d\n" % number for number in range(2 * PAGE_LINES + 10)]
    change = await desk.change({"long.txt": b"".join(lines)})
    texts: list[str] = []
    place: dict[str, int] | None = {"unit": 0, "line": 0}
    pages = 0
    while place is not None:
        page = await desk.get(f"{change}/files/0", unit=place["unit"], line=place["line"])
        assert isinstance(page, dict)
        texts += [line["text"] for unit in page["units"] for line in unit["lines"]]
        place, pages = page["next"], pages + 1
    assert pages == 3
    assert texts == [line.decode().rstrip() for line in lines]


async def test_names_that_are_not_utf8_are_found_and_decided(desk: Desk) -> None:
    (desk.reviewing.desk.files / "odd\udcff.txt").write_bytes(b"a\xffb\\\n")
    change = await desk.change({})
    (file,) = await desk.get(f"{change}/files", path="odd%FF.txt", path_coded="true")  # type: ignore[misc]
    assert (file["path"], file["path_coded"]) == ("odd%FF.txt", True)
    assert await desk.get(f"{change}/files", path="odd%FF.txt") == []
    shown = await desk.get(f"{change}/files/0")
    assert isinstance(shown, dict)
    (line,) = shown["units"][0]["lines"]
    assert (line["text"], line["utf8"], line["end"]) == ("a\\xffb\\\\", False, "lf")
    body: Json = {"paths": ["odd%FF.txt"], "path_coded": True, "verdict": "accepted"}
    assert (await desk.post(f"{change}/review", body))["decided"] == 1


async def test_comments_are_sent_once_whatever_is_repeated(desk: Desk) -> None:
    change = await desk.change({"src/lines.txt": edited(n3=b"three\n")})
    session = f"/api/sessions/{desk.reviewing.desk.session_id}"
    comment = {"path": "src/lines.txt", "first_line": 3, "body": "Why?"}
    made = await desk.post(f"{change}/comments", comment, 201)
    assert (made["quote"], made["last_line"], made["task_id"]) == ("three", 3, None)
    edited_one = await desk.api.http.patch(f"/api/comments/{made['id']}", json={"body": "Why three?"})
    assert read(edited_one, 200)["body"] == "Why three?"  # type: ignore[index]
    other = await desk.post(f"{change}/comments", comment, 201)
    read(await desk.api.http.delete(f"/api/comments/{other['id']}"), 200)
    key = {"Idempotency-Key": "once"}
    sent = await desk.post(f"{session}/comments/send", {"agent": "scripted"}, 201, **key)
    again = await desk.post(f"{session}/comments/send", {"agent": "scripted"}, 200, **key)
    assert again == {**sent, "created": False}
    refused = await desk.post(f"{session}/comments/send", {"agent": "scripted"}, 409)
    assert refused["code"] == "nothing_to_send"
    listed = await desk.get(f"{session}/comments")
    assert [(one["body"], one["task_id"]) for one in listed] == [("Why three?", sent["task_id"])]  # type: ignore[attr-defined]
    assert await desk.get(f"{session}/comments", unsent="true") == []
    task = await desk.get(f"/api/tasks/{sent['task_id']}")
    assert "## src/lines.txt, line 3\n```\nthree\n```\nWhy three?" in task["prompt"]  # type: ignore[index]


async def test_what_cannot_be_is_refused_by_name(desk: Desk) -> None:
    change = await desk.change({"src/lines.txt": edited(n3=b"three\n")})
    unknown = f"/api/changes/{ChangeId(uuid4())}"
    assert (await desk.post(f"{change}/review", {"units": ["0" * 20], "verdict": "accepted"}, 409))[
        "code"
    ] == "units_gone"
    assert (await desk.post(f"{change}/review", {"verdict": "accepted"}, 422))["code"] == "nothing_chosen"
    await desk.post(f"{change}/review", {"all": True, "verdict": "maybe"}, 422)
    await desk.post(f"{change}/comments", {"path": "src/lines.txt", "body": " "}, 422)
    await desk.post(f"{change}/comments", {"path": "src/lines.txt", "first_line": -1, "body": "x"}, 422)
    await desk.post(f"{unknown}/review", {"all": True, "verdict": "accepted"}, 404)
    for path in (f"{change}/files/1", f"{unknown}/files", f"{unknown}/review", f"/api/sessions/{uuid4()}/comments"):
        await desk.get(path, 404)
    await desk.get(f"{change}/files/0", 422, context=1_001)
    assert (await desk.post(f"{change}/undo", {}, 409))["code"] in ("nothing_rejected", "session_elsewhere")


async def test_units_are_split_joined_and_edited(desk: Desk) -> None:
    change = await desk.change({"src/lines.txt": edited(n3=b"three\n", n5=b"five\n")})
    (unit,) = (await desk.get(f"{change}/files/0"))["units"]  # type: ignore[call-overload, index]
    assert (unit["splittable"], unit["part_of"], unit["edited"]) == (True, None, None)
    made = await desk.post(f"{change}/split", {"unit": unit["id"]})
    first, second = made["units"]  # type: ignore[misc]
    lines = [{"side": "new", "first": 5}]
    made = await desk.post(f"{change}/split", {"unit": second, "lines": lines, "verdict": "rejected"})
    assert made["selected"] == made["units"][1:]  # type: ignore[index]
    await desk.post(f"{change}/edit", {"unit": first, "text": "3"})
    units = (await desk.get(f"{change}/files/0"))["units"]  # type: ignore[call-overload, index]
    assert [(one["state"], one["edited"], one["rest"]) for one in units] == [
        ("accepted", "3\n", "rejected"),
        ("open", None, None),
        ("rejected", None, None),
    ]
    assert {one["part_of"] for one in units} == {unit["id"]}
    await desk.post(f"{change}/edit", {"unit": first, "text": None})
    made = await desk.post(f"{change}/join", {"unit": first})
    assert made["units"] == [unit["id"]]
    for route, body, status, code in (
        ("split", {"unit": "0" * 20}, 409, "units_gone"),
        ("split", {"unit": unit["id"], "lines": [{"side": "new", "first": 40}]}, 422, "lines_not_in_unit"),
        ("split", {"unit": unit["id"], "lines": [{"side": "new", "first": 0}]}, 422, "invalid_request"),
        ("join", {"unit": unit["id"]}, 422, "unit_not_split"),
        ("edit", {"unit": unit["id"]}, 422, "invalid_request"),
    ):
        assert (await desk.post(f"{change}/{route}", body, status))["code"] == code, route


async def test_white_space_is_ignored_for_the_eye_only(desk: Desk) -> None:
    change = await desk.change({"src/lines.txt": edited(n3=b"\tline  3\n", n20=b"x\n")})
    plain = await desk.get(f"{change}/files/0", context=0)
    calm = await desk.get(f"{change}/files/0", context=0, ignore_whitespace=True)
    assert [one["id"] for one in plain["units"]] == [one["id"] for one in calm["units"]]  # type: ignore[call-overload, index]
    kinds = [[line["kind"] for line in one["lines"]] for one in calm["units"]]  # type: ignore[call-overload, index]
    assert kinds == [["context"], ["removed", "added"]]


async def test_images_of_a_change_are_served_as_they_are_and_nothing_else(desk: Desk) -> None:
    png = solid_png(2, 2, (1, 2, 3))
    path = await desk.change({"a.png": png, "b.html": b"<script>alert(1)</script>", "c.png": b"\x89PNG but not one"})
    found = await desk.api.http.get(f"{path}/files/0/image/new")
    assert (found.status_code, found.headers["Content-Type"], found.content) == (200, "image/png", png)
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    for wrong in ("0/image/old", "1/image/new", "2/image/new"):
        said = await desk.get(f"{path}/files/{wrong}", 404)
        assert isinstance(said, dict) and said["code"] == "image_not_in_change"
    said = await desk.get(f"{path}/files/3/image/new", 404)
    assert isinstance(said, dict) and said["code"] == "file_not_in_change"
    await desk.get(f"{path}/files/0/image/both", 422)
