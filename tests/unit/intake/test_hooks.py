"""Templates and signatures of hooks."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from boocoder.errors import InvalidInput
from boocoder.intake.hooks.signature import AGE_MAX_S, HookDelivery, delivery_of, is_signed
from boocoder.intake.hooks.template import (
    FIELDS_MAX,
    VALUE_MAX_CHARS,
    check_path,
    check_template,
    fill,
    first_mismatch,
)

SECRET = "whsec_c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMsIHJlYWxseQ=="
ODD_TEXT = st.text(st.characters() | st.sampled_from(["\0", "\ud83d", "\ude00"]), max_size=8)
BODY = b'{"action": "opened"}'
PAYLOAD = {"issue": {"number": 7, "title": "It's {{ broken }}", "labels": [{"name": "bug"}]}, "none": None, "yes": True}


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.just("a") | ODD_TEXT, inner, max_size=3)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("#{{ issue.number }}: {{issue.title}}", "#7: It's {{ broken }}"),
        ("{{ issue.labels.0.name }}", "bug"),
        ("{{ issue.labels }}", '[{"name":"bug"}]'),
        ("[{{ issue.labels.9.name }}{{ none }}{{ gone.deeper }}{{ issue.number.x }}]", "[]"),
        ("{{ yes }}", "true"),
        ("no fields, { one } brace", "no fields, { one } brace"),
    ],
)
def test_fields_are_put_in_and_nothing_is_evaluated(template: str, text: str) -> None:
    check_template(template)
    assert fill(template, PAYLOAD) == text


def test_fields_have_a_bound_each_and_together() -> None:
    payload = {"a": "x" * 2 * VALUE_MAX_CHARS}
    assert len(fill("{{ a }}", payload)) == VALUE_MAX_CHARS
    check_template("{{ a }}" * FIELDS_MAX)
    too_many = "{{ a }}" * (FIELDS_MAX + 1)
    with pytest.raises(InvalidInput, match="has 51 fields; 50 are allowed"):
        check_template(too_many)
    assert len(fill(too_many, payload)) == FIELDS_MAX * VALUE_MAX_CHARS, "of a hook from before the bound"


def test_a_path_has_a_bound() -> None:
    with pytest.raises(InvalidInput, match="has 400 characters"):
        check_template("{{ " + "a" * 400 + " }}")
    with pytest.raises(InvalidInput, match="names no field"):
        check_path("a" * 400)
    assert fill("[{{ a." + "9" * 5_000 + " }}]", {"a": [1]}) == "[]"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT, nested, max_leaves=8))
def test_whatever_a_delivery_says_can_be_stored(value: object) -> None:
    body = json.loads(json.dumps({"a": value, "b": [value]}))
    text = fill("{{ a }} {{ b }} {{ b.0 }} {{ a.a }}", body)
    assert "\0" not in text
    text.encode()


@pytest.mark.parametrize("template", ["{{ 1 + 1 }}", "{{ a", "a }}", "{{ a | upper }}", "{{ a.__class__() }}", "{{}}"])
def test_braces_that_name_no_field_are_refused(template: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_template(template)
    assert (refused.value.code, bool(refused.value.cure)) == ("hook_template_invalid", True)


@pytest.mark.parametrize("path", ["", "a b", "a..b", ".a", "a.", "a=b"])
def test_a_condition_names_a_field(path: str) -> None:
    with pytest.raises(InvalidInput, match="names no field"):
        check_path(path)


def test_the_first_condition_that_does_not_hold_is_named() -> None:
    assert first_mismatch({}, PAYLOAD) == first_mismatch({"issue.number": "7", "yes": "true"}, PAYLOAD) == ""
    assert first_mismatch({"yes": "true", "issue.number": "8", "gone": "x"}, PAYLOAD) == "issue.number=8"


def standard(at: float, body: bytes = BODY) -> dict[str, str]:
    """The headers as the official library signs them."""
    signature = Webhook(SECRET).sign("m1", datetime.fromtimestamp(at, UTC), body.decode())
    return {"webhook-id": "m1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def github(body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={digest}", "x-github-delivery": "d1", "x-github-event": "issues"}


@pytest.mark.parametrize("headers", [standard(1_000.0), github(), {"x-gitlab-token": SECRET}])
def test_each_form_is_taken(headers: dict[str, str]) -> None:
    assert is_signed(headers, BODY, secret=SECRET, now=1_000.0)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        standard(1_000.0 - AGE_MAX_S - 1),
        standard(1_000.0 + AGE_MAX_S + 1),
        standard(1_000.0, b"{}"),
        {**standard(1_000.0), "webhook-id": "m2"},
        {**standard(1_000.0), "webhook-timestamp": "soon"},
        {**github(), **standard(1_000.0, b"{}")},
        github(b"{}"),
        github(secret="another"),
        {"x-hub-signature-256": "sha256="},
        {"x-gitlab-token": SECRET[:-1]},
        {"x-gitlab-token": "é\ud800"},
    ],
)
def test_anything_else_is_not(headers: dict[str, str]) -> None:
    assert not is_signed(headers, BODY, secret=SECRET, now=1_000.0)


def test_a_delivery_has_the_id_and_event_of_its_sender() -> None:
    assert delivery_of(github()) == HookDelivery("d1", "issues")
    assert delivery_of({"x-gitlab-event-uuid": "g1", "x-gitlab-event": "Issue Hook"}) == HookDelivery(
        "g1", "Issue Hook"
    )
    assert delivery_of({"idempotency-key": "k"}) == HookDelivery("k", "")
    assert delivery_of({}) == HookDelivery("", "")


def test_only_what_is_signed_says_which_delivery_it_is() -> None:
    """A replayed delivery with another id of GitHub's is still the same one."""
    headers = {"webhook-id": "m1", "webhook-signature": "v1,x", "x-github-delivery": "new", "x-github-event": "push"}
    assert delivery_of(headers) == HookDelivery("m1", "")
