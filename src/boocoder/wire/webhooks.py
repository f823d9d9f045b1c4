"""Webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.model.ids import ProjectId, SessionId
from boocoder.model.webhook import DeliveryState


class WebhookInfo(msgspec.Struct, frozen=True):
    """A URL that is told of events: of which (empty: all), and of which project (None: all).

    Args:
        waiting: deliveries that are not over.
        last_state, last_at, last_error: of the newest delivery that was tried; None and "" without one.
    """

    id: UUID
    url: str
    events: tuple[str, ...]
    project_id: ProjectId | None
    enabled: bool
    created_at: datetime
    waiting: int
    last_state: DeliveryState | None
    last_at: datetime | None
    last_error: str


class NewWebhookInfo(WebhookInfo, frozen=True):
    """A fresh webhook with the secret that signs its messages, which is told this once."""

    secret: str


class DeliveryInfo(msgspec.Struct, frozen=True):
    """One event for one webhook.

    Args:
        message_id: the header webhook-id, the same in every try and when it is sent again.
        session_id: None for a test.
        next_try_at: None once it is over.
        status_code: of the newest answer; None where there was none.
        error: why the newest try failed; "" if none did.
    """

    id: UUID
    message_id: UUID
    event: str
    session_id: SessionId | None
    state: DeliveryState
    tries: int
    created_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    status_code: int | None
    error: str
