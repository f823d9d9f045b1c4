"""The outbox of webhooks: claiming what is due, and storing what came of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import HostId, InstanceId
from boocoder.model.webhook import DeliveryState


class ClaimedDelivery(msgspec.Struct, frozen=True):
    """A delivery that this host sends now.

    Args:
        data: of the event, as JSON; its texts may hold secrets.
        tries: with this one.
    """

    id: UUID
    webhook_id: UUID
    message_id: UUID
    event: str
    data: msgspec.Raw
    tries: int
    happened_at: datetime
    url: str
    secret: str


class _Put(msgspec.Struct, frozen=True):
    state: DeliveryState


_CLAIM = statement("webhooks", "claim_deliveries", row=ClaimedDelivery, params=(UUID, UUID, int, float, int))
_DELIVERED = statement("webhooks", "end_delivered", row=Done, params=(UUID, UUID, int))
_PUT_BACK = statement("webhooks", "put_back", row=_Put, params=(UUID, UUID, float, int | None, str, float))
_DELETE_OLD = statement("webhooks", "delete_old", row=Done, params=(float, int))


async def claim_deliveries(
    conn: Connection, host_id: HostId, instance_id: InstanceId, *, limit: int, lease_s: float, per_webhook: int
) -> list[ClaimedDelivery]:
    """Take the next delivery of each webhook and session that is due; no other host does so for `lease_s` seconds."""
    return await _CLAIM.all(conn, host_id, instance_id, limit, lease_s, per_webhook)


async def end_delivered(conn: Connection, delivery_id: UUID, instance_id: InstanceId, status_code: int) -> bool:
    """The receiver took it; False if the lease was lost."""
    return await _DELIVERED.changed(conn, delivery_id, instance_id, status_code)


async def put_back(
    conn: Connection,
    delivery_id: UUID,
    instance_id: InstanceId,
    *,
    retry_s: float,
    status_code: int | None,
    error: str,
    give_up_s: float,
) -> DeliveryState | None:
    """A try that failed: the next one is in `retry_s` seconds, unless that is `give_up_s` after it was queued.

    Returns:
        What it is now; None if the lease was lost.
    """
    row = await _PUT_BACK.first(conn, delivery_id, instance_id, retry_s, status_code, error, give_up_s)
    return None if row is None else row.state


async def delete_old(conn: Connection, *, keep_s: float, keep_number: int) -> int:
    """Forget ended deliveries over `keep_s` seconds old or beyond a webhook's newest `keep_number`; how many."""
    return len(await _DELETE_OLD.all(conn, keep_s, keep_number))
