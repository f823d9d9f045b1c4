"""Builds what tells webhooks of events once the page's address is known, and what hears forges."""

from __future__ import annotations

from boocoder.app.agent_host import AgentHost
from boocoder.app.host import ServiceHost
from boocoder.app.redaction import build_redactor
from boocoder.app.store import Store
from boocoder.app.worktrees import SessionFiles
from boocoder.forges.follower import BranchFollower
from boocoder.forges.gate import Gate
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


def build_follower(host: ServiceHost, store: Store, agent_host: AgentHost, files: SessionFiles) -> BranchFollower:
    """The follower of published branches; the queue listener and the ends of turns wake it."""
    return BranchFollower(
        database=store.database,
        outbox=store.outbox,
        changes=files.changes,
        gate=Gate(database=store.database, processes=agent_host.processes),
        host_id=host.host_id,
    )
