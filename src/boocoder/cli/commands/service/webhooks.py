"""`boocoder webhooks`: URLs that are told when a turn ends, an agent asks, or a change moves."""

from __future__ import annotations

import click

from boocoder.cli.client.resolve import resolve_project
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.model.ids import ProjectId
from boocoder.model.webhook import DeliveryState, WebhookEvent
from boocoder.wire.projects import Project
from boocoder.wire.webhooks import DeliveryInfo, NewWebhookInfo, WebhookInfo

PAGE = 50


@click.group("webhooks")
def command() -> None:
    """URLs that are told of events: list, add, test, deliveries, remove."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_webhooks(ctx: click.Context, as_json: bool) -> None:
    """List the webhooks, newest first, each with its newest result."""

    async def ask(client: Client) -> tuple[list[WebhookInfo], list[Project]]:
        found = await client.items("/api/webhooks", WebhookInfo)
        return found, await client.items("/api/projects", Project, removed=True)

    found, projects = ask_service(ctx, ask)
    _show(found, {one.id: one.name for one in projects}, as_json=as_json)


@command.command("add")
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=click.Choice([one.value for one in WebhookEvent]),
    help="Only this event; may be repeated.",
)
@click.option("--project", help="Only this project: its name, id or path.")
@prints_result
@click.pass_context
def add(ctx: click.Context, url: str, events: tuple[str, ...], project: str | None) -> Result:
    """Send events to URL. The secret that signs the messages is printed only once."""

    async def ask(client: Client) -> NewWebhookInfo:
        place = None if project is None else str((await resolve_project(client, project)).id)
        body = {"url": url, "events": list(events), "project_id": place}
        return await client.post("/api/webhooks", NewWebhookInfo, body)

    made = ask_service(ctx, ask)
    return made, made.secret


@command.command("remove")
@click.argument("webhook")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def remove(ctx: click.Context, webhook: str, as_json: bool) -> None:
    """Remove WEBHOOK, an id, the beginning of one, or its URL. Nothing is sent to it any more."""

    async def ask(client: Client) -> WebhookInfo:
        chosen = await _resolve(client, webhook)
        return await client.delete(f"/api/webhooks/{chosen.id}", WebhookInfo)

    _show([ask_service(ctx, ask)], {}, as_json=as_json)


@command.command("test")
@click.argument("webhook")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def test(ctx: click.Context, webhook: str, as_json: bool) -> None:
    """Send WEBHOOK a test message; `boocoder webhooks deliveries` shows what came of it."""

    async def ask(client: Client) -> DeliveryInfo:
        chosen = await _resolve(client, webhook)
        return await client.post(f"/api/webhooks/{chosen.id}/test", DeliveryInfo, {})

    _show_deliveries([ask_service(ctx, ask)], as_json=as_json)


@command.command("deliveries")
@click.argument("webhook")
@click.option("--limit", type=click.IntRange(1, 200), default=PAGE, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def deliveries(ctx: click.Context, webhook: str, limit: int, as_json: bool) -> None:
    """List what WEBHOOK was told, newest first: state, tries, the newest error, the next try."""

    async def ask(client: Client) -> list[DeliveryInfo]:
        chosen = await _resolve(client, webhook)
        return await client.items(f"/api/webhooks/{chosen.id}/deliveries", DeliveryInfo, limit=limit)

    _show_deliveries(ask_service(ctx, ask), as_json=as_json)


@command.command("resend")
@click.argument("webhook")
@click.argument("delivery")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def resend(ctx: click.Context, webhook: str, delivery: str, as_json: bool) -> None:
    """Send DELIVERY, an id or the beginning of one among WEBHOOK's newest 200, once more."""

    async def ask(client: Client) -> DeliveryInfo:
        path = f"/api/webhooks/{(await _resolve(client, webhook)).id}/deliveries"
        known = await client.items(path, DeliveryInfo, limit=200)
        chosen = [one for one in known if str(one.id).startswith(delivery.lower())]
        if len(chosen) != 1:
            text = f"{delivery or 'Nothing'} names {len(chosen) or 'no'} deliveries."
            raise InvalidInput("delivery_unclear", text, f"See: boocoder webhooks deliveries {webhook}")
        return await client.post(f"{path}/{chosen[0].id}/resend", DeliveryInfo, {})

    _show_deliveries([ask_service(ctx, ask)], as_json=as_json)


async def _resolve(client: Client, webhook: str) -> WebhookInfo:
    known = await client.items("/api/webhooks", WebhookInfo)
    chosen = [one for one in known if one.url == webhook or str(one.id).startswith(webhook.lower())]
    if len(chosen) != 1:
        text = f"{webhook or 'Nothing'} names {len(chosen) or 'no'} webhooks."
        raise InvalidInput("webhook_unclear", text, "See: boocoder webhooks list")
    return chosen[0]


def _show(webhooks: list[WebhookInfo], projects: dict[ProjectId, str], *, as_json: bool) -> None:
    if as_json:
        for one in webhooks:
            print_json(one)
        return
    rows = [
        (
            (str(one.id)[:8], ""),
            (plain(one.url), ""),
            ("all" if not one.events else ", ".join(one.events), ""),
            ("all" if one.project_id is None else plain(projects.get(one.project_id, str(one.project_id)[:8])), ""),
            ("on" if one.enabled else "off", ""),
            (_last(one), ""),
        )
        for one in webhooks
    ]
    show_rows(make_console(), ("id", "url", "events", "project", "sends", "last"), rows)


def _last(webhook: WebhookInfo) -> str:
    if webhook.last_state is None or webhook.last_at is None:
        return "nothing sent"
    waiting = f", {webhook.waiting} waiting" if webhook.waiting else ""
    return f"{webhook.last_state.value} {age(webhook.last_at)}{waiting} {plain(webhook.last_error)}".strip()


def _show_deliveries(found: list[DeliveryInfo], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            print_json(one)
        return
    rows = [
        (
            (str(one.id)[:8], ""),
            (one.event, ""),
            (one.state.value, "" if one.state is not DeliveryState.FAILED else "red"),
            (str(one.tries), ""),
            (age(one.created_at), ""),
            ("" if one.next_try_at is None else f"{one.next_try_at.astimezone():%H:%M:%S}", ""),
            (plain(one.error), ""),
        )
        for one in found
    ]
    show_rows(make_console(), ("id", "event", "state", "tries", "queued", "next", "error"), rows)
