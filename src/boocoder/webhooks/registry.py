"""What a person does with webhooks: add, change, test, remove; see deliveries and send one again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Database
from boocoder.db.registry import webhooks as rows
from boocoder.db.registry.projects import get_project
from boocoder.errors import Conflict, InvalidInput, NotFound
from boocoder.model.ids import ProjectId, new_id
from boocoder.model.webhook import WebhookEvent
from boocoder.webhooks.message import EventData, new_secret
from boocoder.wire.webhooks import DeliveryInfo, WebhookInfo

WEBHOOKS_MAX = 50
SILENT_POLL_S = 0.05  # while hosts stop sending; the leases bound how long that takes
_LIST_CURE = "See: boocoder webhooks list"


class Webhooks:
    """The webhooks of a database.

    Args:
        database: every host of it sends their deliveries.
    """

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def all(self) -> list[WebhookInfo]:
        """All of them, the newest first."""
        async with self._database.connection() as conn:
            return await rows.list_webhooks(conn)

    async def add(
        self, *, url: str, events: Sequence[WebhookEvent], project_id: ProjectId | None
    ) -> tuple[WebhookInfo, str]:
        """Add one; its secret is told once, here.

        Args:
            events: empty: all.
            project_id: None: all projects.

        Raises:
            InvalidInput: webhook_url_invalid.
            NotFound: project_not_found.
            Conflict: too_many_webhooks.
        """
        webhook_id, secret = new_id(), new_secret()
        async with self._database.transaction() as conn:
            if project_id is not None:
                await get_project(conn, project_id)
            added = await rows.insert_webhook(
                conn,
                webhook_id,
                url=checked_url(url),
                secret=secret,
                events=sorted(set(events)),
                project_id=project_id,
                at_most=WEBHOOKS_MAX,
            )
        if not added:
            raise Conflict("too_many_webhooks", f"There are {WEBHOOKS_MAX} webhooks.", "Remove some.")
        return await self._get(webhook_id), secret

    async def change(
        self, webhook_id: UUID, *, url: str | None, events: Sequence[WebhookEvent] | None, enabled: bool | None
    ) -> WebhookInfo:
        """Change what is given. Once this returns for one that was turned off, nothing is sent to it.

        Raises:
            NotFound: webhook_not_found.
            InvalidInput: webhook_url_invalid.
        """
        async with self._database.transaction() as conn:
            changed = await rows.update_webhook(
                conn,
                webhook_id,
                url=None if url is None else checked_url(url),
                events=None if events is None else sorted(set(events)),
                enabled=enabled,
            )
            if not changed:
                raise _no_webhook(webhook_id)
            if enabled is False:
                await rows.cancel_waiting(conn, webhook_id)
        if enabled is False:
            await self._wait_silent(webhook_id)
        return await self._get(webhook_id)

    async def remove(self, webhook_id: UUID) -> WebhookInfo:
        """Forget it and its deliveries. Once this returns, nothing is sent to it.

        Raises:
            NotFound: webhook_not_found.
        """
        found = await self.change(webhook_id, url=None, events=None, enabled=False)
        async with self._database.connection() as conn:
            await rows.delete_webhook(conn, webhook_id)
        return found

    async def test(self, webhook_id: UUID) -> DeliveryInfo:
        """Queue a message that tells of nothing.

        Raises:
            NotFound: webhook_not_found.
            Conflict: webhook_disabled.
        """
        data = EventData(text="This is a test of the webhook.")
        async with self._database.transaction() as conn:
            queued = await rows.insert_test(conn, webhook_id, msgspec.json.encode(data))
            if queued is not None:
                await rows.wake(conn)
                return queued
        await self._require_enabled(webhook_id)
        raise _no_webhook(webhook_id)

    async def deliveries(self, webhook_id: UUID, *, before: UUID | None, limit: int) -> list[DeliveryInfo]:
        """A page of its deliveries, newest first.

        Raises:
            NotFound: webhook_not_found.
        """
        await self._get(webhook_id)
        async with self._database.connection() as conn:
            return await rows.list_deliveries(conn, webhook_id, before=before, limit=limit)

    async def resend(self, webhook_id: UUID, delivery_id: UUID) -> DeliveryInfo:
        """Queue an ended delivery once more, behind what waits.

        Raises:
            NotFound: webhook_not_found; delivery_not_found: there is none that has ended.
            Conflict: webhook_disabled.
        """
        async with self._database.transaction() as conn:
            queued = await rows.insert_resend(conn, webhook_id, delivery_id)
            if queued is not None:
                await rows.wake(conn)
                return queued
        await self._require_enabled(webhook_id)
        text = f"Webhook {webhook_id} has no delivery {delivery_id} that has ended."
        raise NotFound("delivery_not_found", text, f"See: boocoder webhooks deliveries {webhook_id}")

    async def _get(self, webhook_id: UUID) -> WebhookInfo:
        async with self._database.connection() as conn:
            found = await rows.find_webhook(conn, webhook_id)
        if found is None:
            raise _no_webhook(webhook_id)
        return found

    async def _require_enabled(self, webhook_id: UUID) -> None:
        if not (await self._get(webhook_id)).enabled:
            raise Conflict("webhook_disabled", f"Webhook {webhook_id} is turned off.", "Turn it on first.")

    async def _wait_silent(self, webhook_id: UUID) -> None:
        """Wait until no host sends to it; a lease of a dead host runs out."""
        while True:
            async with self._database.connection() as conn:
                if not await rows.any_leased(conn, webhook_id):
                    return
            await asyncio.sleep(SILENT_POLL_S)


def checked_url(url: str) -> str:
    """The URL, if messages can be sent to it.

    Raises:
        InvalidInput: webhook_url_invalid.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        cure = "Give an address that begins with http:// or https://, without user name, password and fragment."
        raise InvalidInput("webhook_url_invalid", f"{url!r} is no address of a webhook.", cure)
    return url


def _no_webhook(webhook_id: UUID) -> NotFound:
    return NotFound("webhook_not_found", f"There is no webhook {webhook_id}.", _LIST_CURE)
