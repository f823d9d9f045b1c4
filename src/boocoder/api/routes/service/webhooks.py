"""Webhooks: list, add, change, remove, test; their deliveries."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.requests.fields import PAGE_DEFAULT, EmptyBody, Limit
from boocoder.api.requests.webhooks import NewWebhook, WebhookPatch
from boocoder.api.services import Services
from boocoder.model.ids import ProjectId
from boocoder.wire.webhooks import DeliveryInfo, NewWebhookInfo, WebhookInfo

router = APIRouter(prefix="/api/webhooks", route_class=StrictRoute)
WebhookPath = Annotated[UUID, Path()]


@router.get("")
@access(Access.MANAGE, ProjectTokens.NEVER)
async def list_webhooks(services: Services) -> list[WebhookInfo]:
    """All of them, the newest first."""
    return await services.webhooks.all()


@router.post("", status_code=201)
@access(Access.WRITE, ProjectTokens.NEVER)
async def add_webhook(body: NewWebhook, services: Services) -> NewWebhookInfo:
    """Add a webhook; only this answer has its secret."""
    project_id = None if body.project_id is None else ProjectId(body.project_id)
    added, secret = await services.webhooks.add(url=body.url, events=body.events, project_id=project_id)
    return from_row(NewWebhookInfo, added, secret=secret)


@router.patch("/{webhook_id}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def change_webhook(webhook_id: WebhookPath, body: WebhookPatch, services: Services) -> WebhookInfo:
    """Change its URL or events, or turn it off or on; one that is off is sent nothing any more."""
    return await services.webhooks.change(webhook_id, url=body.url, events=body.events, enabled=body.enabled)


@router.delete("/{webhook_id}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def remove_webhook(webhook_id: WebhookPath, services: Services) -> WebhookInfo:
    """Remove it with its deliveries; nothing is sent to it any more."""
    return await services.webhooks.remove(webhook_id)


@router.post("/{webhook_id}/test", status_code=202)
@access(Access.WRITE, ProjectTokens.NEVER)
async def test_webhook(webhook_id: WebhookPath, services: Services, body: EmptyBody | None = None) -> DeliveryInfo:
    """Send it a message that tells of nothing."""
    return await services.webhooks.test(webhook_id)


@router.get("/{webhook_id}/deliveries")
@access(Access.MANAGE, ProjectTokens.NEVER)
async def list_deliveries(
    webhook_id: WebhookPath,
    services: Services,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[DeliveryInfo]:
    """A page of its deliveries, newest first; `before` is the last id of the page before."""
    return await services.webhooks.deliveries(webhook_id, before=before, limit=limit)


@router.post("/{webhook_id}/deliveries/{delivery_id}/resend", status_code=202)
@access(Access.WRITE, ProjectTokens.NEVER)
async def resend_delivery(
    webhook_id: WebhookPath, delivery_id: Annotated[UUID, Path()], services: Services, body: EmptyBody | None = None
) -> DeliveryInfo:
    """Send an ended delivery once more, behind what waits."""
    return await services.webhooks.resend(webhook_id, delivery_id)
