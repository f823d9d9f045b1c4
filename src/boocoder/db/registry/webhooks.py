"""Webhooks as rows, and what a person sees of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import ProjectId
from boocoder.wire.webhooks import DeliveryInfo, WebhookInfo

_LIST = statement("webhooks", "list_webhooks", row=WebhookInfo, params=(UUID | None,))
_INSERT = statement("webhooks", "insert_webhook", row=Done, params=(UUID, str, str, list[str], UUID | None, int))
_UPDATE = statement("webhooks", "update_webhook", row=Done, params=(UUID, str | None, list[str] | None, bool | None))
_CANCEL = statement("webhooks", "cancel_waiting", row=Done, params=(UUID,))
_LEASED = statement("webhooks", "any_leased", row=Done, params=(UUID,))
_DELETE = statement("webhooks", "delete_webhook", row=Done, params=(UUID,))
_DELIVERIES = statement("webhooks", "list_deliveries", row=DeliveryInfo, params=(UUID, UUID | None, int))
_TEST = statement("webhooks", "insert_test", row=DeliveryInfo, params=(UUID, msgspec.Raw))
_RESEND = statement("webhooks", "insert_resend", row=DeliveryInfo, params=(UUID, UUID))
_WAKE = statement("webhooks", "wake", row=Done)


async def list_webhooks(conn: Connection) -> list[WebhookInfo]:
    """All of them, the newest first."""
    return await _LIST.all(conn, None)


async def find_webhook(conn: Connection, webhook_id: UUID) -> WebhookInfo | None:
    """One of them."""
    return await _LIST.first(conn, webhook_id)


async def insert_webhook(
    conn: Connection,
    webhook_id: UUID,
    *,
    url: str,
    secret: str,
    events: Sequence[str],
    project_id: ProjectId | None,
    at_most: int,
) -> bool:
    """Add one; False if there are `at_most` already."""
    return await _INSERT.changed(conn, webhook_id, url, secret, list(events), project_id, at_most)


async def update_webhook(
    conn: Connection, webhook_id: UUID, *, url: str | None, events: Sequence[str] | None, enabled: bool | None
) -> bool:
    """Change what is given; False if it is not there."""
    return await _UPDATE.changed(conn, webhook_id, url, None if events is None else list(events), enabled)


async def cancel_waiting(conn: Connection, webhook_id: UUID) -> None:
    """Cancel what waits for it, and tell the hosts that send to stop."""
    await _CANCEL.one(conn, webhook_id)


async def any_leased(conn: Connection, webhook_id: UUID) -> bool:
    """Whether some host may be sending for it."""
    return await _LEASED.changed(conn, webhook_id)


async def delete_webhook(conn: Connection, webhook_id: UUID) -> None:
    """Forget it with its deliveries. Harmless if it is not there."""
    await _DELETE.first(conn, webhook_id)


async def list_deliveries(conn: Connection, webhook_id: UUID, *, before: UUID | None, limit: int) -> list[DeliveryInfo]:
    """A page of its deliveries, newest first."""
    return await _DELIVERIES.all(conn, webhook_id, before, limit)


async def insert_test(conn: Connection, webhook_id: UUID, data: bytes) -> DeliveryInfo | None:
    """Queue a delivery that tells of nothing; None if the webhook is not there or off."""
    return await _TEST.first(conn, webhook_id, msgspec.Raw(data))


async def insert_resend(conn: Connection, webhook_id: UUID, delivery_id: UUID) -> DeliveryInfo | None:
    """Queue an ended delivery once more; None if there is none, or the webhook is off."""
    return await _RESEND.first(conn, webhook_id, delivery_id)


async def wake(conn: Connection) -> None:
    """Tell every host that something can be sent."""
    await _WAKE.one(conn)
