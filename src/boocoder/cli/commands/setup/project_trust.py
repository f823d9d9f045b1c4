"""`boocoder projects trust`: shows what a project makes agents run, and trusts it."""

from __future__ import annotations

import sys

import click

from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.commands.setup.project_settings import named_project_id
from boocoder.cli.flows.prompts import confirm
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import plain
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.wire.projects import ProjectTrustInfo
from boocoder.wire.search import IdKind

HASH_SHOWN = 12


@click.command("trust")
@click.argument("project", default=".")
@click.option("--session", metavar="SESSION", help="Look at the files of this session's worktree.")
@click.option("--show", is_flag=True, help="Only show the files.")
@click.option("--forget", is_flag=True, help="Withdraw trust in all its files.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def trust(
    ctx: click.Context, project: str, session: str | None, show: bool, forget: bool, yes: bool, as_json: bool
) -> None:
    """Trust the files that PROJECT makes agents run: plugins, hooks, MCP servers, agents and settings.

    Until a person has trusted each file with its present content, no agent that would run it gets a turn. PROJECT is
    a name, an id, or a path with a slash (default: this folder).
    """

    async def ask(client: Client) -> ProjectTrustInfo:
        path = f"/api/projects/{await named_project_id(client, project)}/trust"
        if forget:
            return await client.delete(path, ProjectTrustInfo)
        session_id = None if session is None else await resolve_id(client, IdKind.SESSION, session)
        found = await client.get(path, ProjectTrustInfo, session_id=session_id)
        if show or found.trusted:
            return found
        if not as_json:
            _show(found)
        await _confirm(found, yes=yes)
        seen = {"files": [{"path": one.path, "sha256": one.sha256} for one in found.files]}
        query = "" if session_id is None else f"?session_id={session_id}"
        return await client.post(f"{path}{query}", ProjectTrustInfo, seen)

    done = ask_service(ctx, ask)
    if as_json:
        print_json(done)
    elif not done.files:
        click.echo("The project has no files that make agents run something.")
    else:
        _show(done)


async def _confirm(found: ProjectTrustInfo, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInput(
            "trust_needs_a_person", "Nothing was trusted: nobody could be asked.", "Look, and add --yes."
        )
    count = sum(not one.trusted for one in found.files)
    if not await confirm(f"Let agents run {'this file' if count == 1 else f'these {count} files'}?"):
        raise click.Abort


def _show(found: ProjectTrustInfo) -> None:
    rows = [
        (
            ("trusted" if one.trusted else "not trusted", "green" if one.trusted else "yellow"),
            (one.sha256[:HASH_SHOWN], "dim"),
            (", ".join(one.agents), ""),
            (plain(one.path), ""),
        )
        for one in found.files
    ]
    show_rows(make_console(), ("state", "sha256", "agents", "file"), rows)
