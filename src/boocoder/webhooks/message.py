"""A webhook's message: its JSON, and its headers by the Standard Webhooks specification. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.events.redaction import Redactor

SECRET_PREFIX = "whsec_"  # noqa: S105 - how the specification marks a secret
SECRET_BYTES = 32  # the specification asks for 24 to 64
TEXT_MAX_CHARS = 2_000


class ChangeNumbers(msgspec.Struct, frozen=True):
    """A change in numbers: files, and lines added and deleted."""

    id: UUID
    state: str
    files: int
    additions: int
    deletions: int


class EventData(msgspec.Struct, frozen=True):
    """What a message tells; docs/webhooks.md says what each field is for which event."""

    session_id: UUID | None = None
    task_id: UUID | None = None
    project_id: UUID | None = None
    project: str = ""
    title: str = ""
    state: str = ""
    code: str = ""
    text: str = ""
    change: ChangeNumbers | None = None
    url: str = ""


class _WebhookMessage(msgspec.Struct, frozen=True):
    type: str
    timestamp: datetime
    data: EventData


def new_secret() -> str:
    """A fresh secret, in the specification's form."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def message_body(event: str, happened_at: datetime, data: EventData, *, redactor: Redactor, page_url: str) -> bytes:
    """The JSON of a message, without known secrets.

    Args:
        page_url: of the service, without a trailing slash.
    """
    shown = msgspec.structs.replace(
        data,
        project=redactor.text(data.project),
        title=redactor.text(data.title),
        text=redactor.text(data.text)[:TEXT_MAX_CHARS],
        url=page_url if data.session_id is None else f"{page_url}/sessions/{data.session_id}",
    )
    return msgspec.json.encode(_WebhookMessage(event, happened_at, shown))


def signed_headers(body: bytes, *, message_id: str, sent_at: int, secret: str) -> dict[str, str]:
    """The headers that let a receiver check who sent a message and when.

    Args:
        sent_at: Unix time in seconds.
        secret: as `new_secret` makes it.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.new(key, f"{message_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
