"""Requests about webhooks."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from boocoder.api.requests.fields import VISIBLE, Id, Input, Text, visible_text
from boocoder.model.webhook import WebhookEvent

URL_MAX_CHARS = 2_000
Url = Annotated[Text, Field(max_length=URL_MAX_CHARS, json_schema_extra=VISIBLE), AfterValidator(visible_text)]
Event = Annotated[WebhookEvent, Field(strict=False)]


class NewWebhook(Input):
    """Add a webhook; `events` empty: all; `project_id` null: all projects."""

    url: Url
    events: Annotated[list[Event], Field(max_length=len(WebhookEvent))] = []
    project_id: Id | None = None


class WebhookPatch(Input):
    """Change a webhook; what is null stays."""

    url: Url | None = None
    events: Annotated[list[Event], Field(max_length=len(WebhookEvent))] | None = None
    enabled: bool | None = None
