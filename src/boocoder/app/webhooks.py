"""Builds what tells webhooks of events; it is started last, when the page's address is known."""

from __future__ import annotations

from boocoder.app.host import ServiceHost
from boocoder.app.redaction import build_redactor
from boocoder.app.store import Store
from boocoder.webhooks.dispatcher import WebhookDispatcher
from boocoder.webhooks.sender import WebhookSender


def build_webhooks(host: ServiceHost, store: Store) -> WebhookDispatcher:
    """The dispatcher of the outbox; the queue listener wakes it."""
    return WebhookDispatcher(
        database=store.database,
        host_id=host.host_id,
        instance_id=host.instance_id,
        sender=WebhookSender(redactor=build_redactor(host.settings)),
    )
