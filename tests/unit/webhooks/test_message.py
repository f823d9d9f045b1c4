"""Messages: the library of the specification accepts their signature, and secrets are not in them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from boocoder.errors import InvalidInput
from boocoder.events.redaction import Redactor
from boocoder.model.ids import new_id
from boocoder.webhooks.message import TEXT_MAX_CHARS, ChangeNumbers, EventData, message_body, new_secret, signed_headers
from boocoder.webhooks.registry import checked_url

SECRET = "sk-live-0123456789abcdef"
AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def body_of(data: EventData) -> bytes:
    return message_body("turn.failed", AT, data, redactor=Redactor([SECRET]), page_url="http://127.0.0.1:7717")


def test_the_library_accepts_a_signature_and_nothing_else() -> None:
    secret, body, now = new_secret(), body_of(EventData(text="é")), int(time.time())
    headers = signed_headers(body, message_id="one", sent_at=now, secret=secret)
    assert Webhook(secret).verify(body, headers) == json.loads(body)
    for bad_secret, bad_body, bad_headers in (
        (new_secret(), body, headers),
        (secret, body + b" ", headers),
        (secret, body, {**headers, "webhook-id": "two"}),
        (secret, body, {**headers, "webhook-timestamp": str(now - 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(bad_secret).verify(bad_body, bad_headers)


def test_a_message_names_the_session_and_holds_no_secret() -> None:
    session_id, change = new_id(), ChangeNumbers(new_id(), "pending", 1, 2, 3)
    data = EventData(
        session_id=session_id, project=SECRET, title=f"use {SECRET}", text=f"{SECRET} {'x' * 9_000}", change=change
    )
    message = json.loads(body_of(data))
    assert (message["type"], message["timestamp"]) == ("turn.failed", "2026-05-04T03:02:01Z")
    assert SECRET not in json.dumps(message) and "[redacted]" in message["data"]["title"]
    assert len(message["data"]["text"]) == TEXT_MAX_CHARS
    assert message["data"]["url"] == f"http://127.0.0.1:7717/sessions/{session_id}"
    assert message["data"]["change"]["deletions"] == 3


@pytest.mark.parametrize("url", ["http://localhost:8000/hook?x=1", "https://example.com", "http://[::1]:80/a"])
def test_addresses_that_can_be_asked_are_taken(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b",
        "file:///etc/passwd",
        "http://",
        "a",
        "http://a:b@c/",
        "http://a/#b",
        "http://a:99999/",
        "http://a b/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        checked_url(url)
