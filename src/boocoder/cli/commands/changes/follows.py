"""`boocoder follows`: published branches, what their forges say, and the rounds that answer it."""

from __future__ import annotations

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id, resolve_project
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.client.http_client import Client, Json
from boocoder.wire.search import IdKind
from boocoder.wire.webhooks import FollowInfo, ForgeEventInfo

TEXT_SHOWN_CHARS = 100
LIST_MAX = 200


@click.group("follows")
def command() -> None:
    """Published branches and what their forges say: list, show, stop, resume."""


@command.command("list")
@click.option("--project", help="Only of this project: name, id or path.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_follows(ctx: click.Context, project: str | None, as_json: bool) -> None:
    """List the published branches, newest first."""

    async def ask(client: Client) -> list[FollowInfo]:
        place = None if project is None else (await resolve_project(client, project)).id
        return await client.items("/api/follows", FollowInfo, project_id=place, limit=LIST_MAX)

    _show(ask_service(ctx, ask), as_json=as_json)


@command.command("show")
@id_argument("session", IdKind.SESSION)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def show(ctx: click.Context, session: str, as_json: bool) -> None:
    """Show what was said of the branch of SESSION, newest first."""

    async def ask(client: Client) -> list[ForgeEventInfo]:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        path = f"/api/sessions/{session_id}/follow/events"
        return await client.items(path, ForgeEventInfo, limit=LIST_MAX)

    found = ask_service(ctx, ask)
    if as_json:
        for one in found:
            print_json(one)
        return
    rows = [
        (
            (age(one.created_at), "dim"),
            (one.kind.value, ""),
            (_answered(one), ""),
            (plain(one.author), ""),
            (one_line(one.text, TEXT_SHOWN_CHARS), "dim"),
        )
        for one in found
    ]
    show_rows(make_console(), ("when", "what", "round", "by", "text"), rows)


@command.command("stop")
@id_argument("session", IdKind.SESSION)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def stop(ctx: click.Context, session: str, as_json: bool) -> None:
    """Start no further round of SESSION; a task that runs goes on, and is not pushed."""
    _show([_change(ctx, session, {"enabled": False})], as_json=as_json)


@command.command("resume")
@id_argument("session", IdKind.SESSION)
@click.option("--rounds", type=click.IntRange(0, 100), help="Rounds at most, those before included.")
@click.option("--cost", type=click.FloatRange(0), metavar="USD", help="Cost at most, that of rounds before included.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def resume(ctx: click.Context, session: str, rounds: int | None, cost: float | None, as_json: bool) -> None:
    """Let the branch of SESSION start rounds again."""
    _show([_change(ctx, session, {"enabled": True, "rounds_max": rounds, "cost_max_usd": cost})], as_json=as_json)


def _change(ctx: click.Context, session: str, wanted: dict[str, Json]) -> FollowInfo:
    async def ask(client: Client) -> FollowInfo:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        return await client.patch(f"/api/sessions/{session_id}/follow", FollowInfo, wanted)

    return ask_service(ctx, ask)


def _answered(event: ForgeEventInfo) -> str:
    if event.round is not None:
        return str(event.round)
    return "waits" if event.handled_at is None else "-"


def _show(follows: list[FollowInfo], *, as_json: bool) -> None:
    if as_json:
        for one in follows:
            print_json(one)
        return
    rows = [
        (
            (str(one.session_id)[:8], ""),
            (plain(one.branch), ""),
            (one.state.value if not one.reason else f"{one.state.value}: {plain(one.reason)}", ""),
            (one.ci or "-", "red" if one.ci == "failed" else ""),
            (one.review or "-", ""),
            (f"{one.rounds} of {one.rounds_max}", ""),
            (plain(one.url or one.detail), "dim"),
        )
        for one in follows
    ]
    show_rows(make_console(), ("session", "branch", "state", "CI", "review", "rounds", "where"), rows)
