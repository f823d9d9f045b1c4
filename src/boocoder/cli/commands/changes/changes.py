"""`boocoder changes`: lists, shows, applies and rejects changes."""

from __future__ import annotations

import sys

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import project_of_change, resolve_id
from boocoder.cli.flows.decide_change import applied_line
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import PageOptions, Result, page_options, pages, prints_result, show_list
from boocoder.cli.views.diff import show_diff, show_statistics
from boocoder.cli.views.style import age, make_console, marked, print_json, style_of
from boocoder.cli.views.terminal_text import plain
from boocoder.client.decisions import apply_change, reject_change
from boocoder.client.http_client import Client
from boocoder.model.task import ChangeState
from boocoder.wire.changes import ApplyResult, ChangeCommit, ChangeInfo, ChangeSummary
from boocoder.wire.projects import Project
from boocoder.wire.search import IdKind


@click.group("changes")
def command() -> None:
    """Changes that agents made: look at them, apply or reject them."""


@command.command("list")
@click.option("--state", type=click.Choice([str(state) for state in ChangeState]), help="Only changes in this state.")
@page_options(limit=50)
@click.pass_context
def list_changes(ctx: click.Context, state: str | None, as_json: bool, page: PageOptions) -> None:
    """List changes, newest first."""
    changes = ask_service(
        ctx, lambda client: pages(client, "/api/changes", ChangeSummary, IdKind.CHANGE, page, state=state)
    )
    rows = [
        (
            (str(change.id)[:8], ""),
            (marked(change.state), style_of(change.state)),
            (change.agent, ""),
            (f"+{change.additions} -{change.deletions}", ""),
            (age(change.created_at), "dim"),
            (f"session {str(change.session_id)[:8]}", "dim"),
        )
        for change in changes
    ]
    show_list(changes, ("id", "state", "agent", "lines", "age", ""), rows, as_json=as_json)


async def _get(client: Client, change: str) -> ChangeInfo:
    return await client.get(f"/api/changes/{await resolve_id(client, IdKind.CHANGE, change)}", ChangeInfo)


@command.command("show")
@id_argument("change", IdKind.CHANGE)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, change: str, as_json: bool) -> None:
    """Show which files a change touches, and which commits the agent made."""

    async def ask(client: Client) -> tuple[ChangeInfo, list[ChangeCommit]]:
        found = await _get(client, change)
        return found, await client.get(f"/api/changes/{found.id}/commits", list[ChangeCommit])

    found, commits = ask_service(ctx, ask)
    if as_json:
        print_json(found)
        return
    console = make_console()
    console.print(f"{marked(found.state)}  {found.agent}", style=style_of(found.state))
    console.print(f"change {found.id}  session {found.session_id}", style="dim")
    show_statistics(console, found)
    for commit in commits:
        files = "1 file" if commit.files_total == 1 else f"{commit.files_total} files"
        said = f"commit {commit.id[:10]}  {plain(commit.subject)}  ({plain(commit.author_name)}, {files})"
        console.print(said, style="dim")


@command.command("diff")
@id_argument("change", IdKind.CHANGE)
@click.pass_context
def diff(ctx: click.Context, change: str) -> None:
    """Print a change's diff: in colour on a terminal, else the exact bytes for `git apply`."""

    async def ask(client: Client) -> bytes:
        return await client.request("GET", f"/api/changes/{await resolve_id(client, IdKind.CHANGE, change)}/diff")

    content = ask_service(ctx, ask)
    if sys.stdout.isatty():
        show_diff(make_console(), content, limit=None)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


@command.command("apply")
@id_argument("change", IdKind.CHANGE)
@prints_result
@click.pass_context
def apply(ctx: click.Context, change: str) -> Result:
    """Apply a change to your checkout. Conflicts are listed and touch nothing."""

    async def ask(client: Client) -> tuple[ApplyResult, Project]:
        change_id = await resolve_id(client, IdKind.CHANGE, change)
        return await apply_change(client, change_id), await project_of_change(client, change_id)

    applied, project = ask_service(ctx, ask)
    return applied, applied_line(project)


@command.command("reject")
@id_argument("change", IdKind.CHANGE)
@prints_result
@click.pass_context
def reject(ctx: click.Context, change: str) -> Result:
    """Reject a change."""

    async def ask(client: Client) -> ChangeInfo:
        return await reject_change(client, await resolve_id(client, IdKind.CHANGE, change))

    return ask_service(ctx, ask), "Rejected."
