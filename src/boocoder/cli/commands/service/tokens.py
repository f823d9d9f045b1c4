"""`boocoder tokens`: tokens for other programs and people, limited in what they may do."""

from __future__ import annotations

import click

from boocoder.cli.client.resolve import resolve_project
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.model.access_token import TokenScope
from boocoder.model.ids import ProjectId
from boocoder.wire.projects import Project
from boocoder.wire.service import NewTokenInfo, TokenInfo

DAYS_DEFAULT = 90


@click.group("tokens")
def command() -> None:
    """Tokens for other programs: list, add, revoke."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_tokens(ctx: click.Context, as_json: bool) -> None:
    """List the valid tokens, newest first, without the token of the data directory."""

    async def ask(client: Client) -> tuple[list[TokenInfo], list[Project]]:
        found = await client.items("/api/tokens", TokenInfo)
        return found, await client.items("/api/projects", Project, removed=True)

    found, projects = ask_service(ctx, ask)
    _show(found, {one.id: one.name for one in projects}, as_json=as_json)


@command.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([one.value for one in TokenScope]),
    required=True,
    help="full: everything; read: see everything; start: read and start tasks; answer: answer agents only.",
)
@click.option("--project", help="Only this project: its name, id or path.")
@click.option(
    "--days", type=click.IntRange(min=1), default=DAYS_DEFAULT, show_default=True, help="How long it is good."
)
@click.option("--forever", is_flag=True, help="It is good until it is revoked.")
@prints_result
@click.pass_context
def add(ctx: click.Context, name: str, scope: str, project: str | None, days: int, forever: bool) -> Result:
    """Create a token NAME. It is printed only once; boocoder keeps only a hash of it."""

    async def ask(client: Client) -> NewTokenInfo:
        place = None if project is None else str((await resolve_project(client, project)).id)
        body = {"name": name, "scope": scope, "project_id": place, "days": None if forever else days}
        return await client.post("/api/tokens", NewTokenInfo, body)

    made = ask_service(ctx, ask)
    return made, made.token


@command.command("revoke")
@click.argument("token")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def revoke(ctx: click.Context, token: str, as_json: bool) -> None:
    """Revoke TOKEN, a name, an id or the beginning of one. Its open streams lose their connection."""

    async def ask(client: Client) -> TokenInfo:
        known = await client.items("/api/tokens", TokenInfo)
        named = [one for one in known if one.name == token]
        chosen = named or [one for one in known if str(one.id).startswith(token.lower())]
        if len(chosen) != 1:
            text = f"{token or 'Nothing'} names {len(chosen) or 'no'} tokens."
            raise InvalidInput("token_unclear", text, "See: boocoder tokens list")
        return await client.delete(f"/api/tokens/{chosen[0].id}", TokenInfo)

    _show([ask_service(ctx, ask)], {}, as_json=as_json)


def _show(tokens: list[TokenInfo], projects: dict[ProjectId, str], *, as_json: bool) -> None:
    if as_json:
        for one in tokens:
            print_json(one)
        return
    rows = [
        (
            (str(one.id)[:8], ""),
            (plain(one.name), ""),
            (one.scope.value, ""),
            ("all" if one.project_id is None else plain(projects.get(one.project_id, str(one.project_id)[:8])), ""),
            ("never" if one.used_at is None else age(one.used_at), ""),
            ("never" if one.ends_at is None else f"{one.ends_at:%Y-%m-%d}", ""),
        )
        for one in tokens
    ]
    show_rows(make_console(), ("id", "name", "scope", "project", "used", "ends"), rows)
