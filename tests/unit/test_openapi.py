"""The OpenAPI document is current and complete, and its page needs neither a script nor an inline style."""

from __future__ import annotations

import re

from tools import api_document

from boocoder.api.application import ROUTERS
from boocoder.api.openapi.document import described_properties, openapi_document
from boocoder.api.openapi.reference_page import reference_page

DOCUMENT = openapi_document([route for router in ROUTERS for route in router.routes], version="0")
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def test_the_written_document_is_current() -> None:
    assert api_document.is_current(), "run: make api-document"


def test_operation_ids_are_unique_and_begin_with_a_verb() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(ids) == len(set(ids)) > 90
    assert [one for one in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)+", one)] == []


def test_everything_is_described() -> None:
    assert [name for name, text in described_properties(DOCUMENT) if not text] == []
    for name, operation in OPERATIONS.items():
        assert operation["summary"] and operation["tags"] and "Needs access" in operation["description"], name
    assert {tag["name"] for tag in DOCUMENT["tags"]} == {one["tags"][0] for one in OPERATIONS.values()}


def test_what_the_page_of_the_api_says_is_in_the_document() -> None:
    parameters = {one["name"]: one["description"] for one in OPERATIONS["GET /api/v1/sessions"]["parameters"]}
    assert parameters["by_change"] == "Sort by last change" and parameters["limit"] == "How many at most, 1 to 200"
    answers = OPERATIONS["POST /api/v1/tokens"]["responses"]
    assert answers["409"]["description"] == "`token_name_taken`, `too_many_tokens`"
    assert OPERATIONS["POST /api/v1/tasks"]["responses"]["200"]["content"]
    fields = DOCUMENT["components"]["schemas"]["TaskInfo"]["properties"]
    assert fields["epoch"]["description"] == "Number of the newest attempt"
    assert fields["chat_id"]["description"] == "Id of a chat"


def test_bounds_of_numbers_are_in_the_document() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name, field in (("NewComment", "first_line"), ("RewindInput", "turns"), ("NewToken", "days")):
        about = schemas[name]["properties"][field]
        number = next(one for one in (about, *about.get("anyOf", ())) if one.get("type") == "integer")
        assert "minimum" in number and "maximum" in number, (name, field)
    assert schemas["NewTaskInput"]["properties"]["priority"]["maximum"] == 1000


def test_problems_are_the_answer_to_every_error() -> None:
    problem = DOCUMENT["components"]["responses"]["Problem"]
    assert problem["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")
    assert {"code", "cure", "conflicts"} <= set(DOCUMENT["components"]["schemas"]["Problem"]["properties"])
    for operation in OPERATIONS.values():
        assert {"4XX", "5XX"} <= set(operation["responses"])
    assert not any("ValidationError" in name for name in DOCUMENT["components"]["schemas"])
    assert DOCUMENT["security"] == [{"token": []}, {"cookie": []}]


def test_the_page_has_every_operation_and_only_links_that_lead_somewhere() -> None:
    page = reference_page(DOCUMENT)
    anchors = re.findall(r'\bid="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert {operation["operationId"] for operation in OPERATIONS.values()} <= set(anchors)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)
    assert not re.search(r"<script|<style|\bstyle=|\bon\w+=|https?://(?!127\.0\.0\.1)", page)
