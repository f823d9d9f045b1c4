"""`boocoder apply`: applies a change, or its accepted parts, to the checkout, a commit or a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import project_of_change, resolve_applied, resolve_change
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.conflicts import show_conflicts
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.client.decisions import APPLY_TIMEOUT_S, apply_change
from boocoder.client.http_client import ChangeRefused, Client
from boocoder.errors import InvalidInput, NotFound
from boocoder.wire.changes import ApplyResult, ResolveResult
from boocoder.wire.problems import FileConflict
from boocoder.wire.projects import Project
from boocoder.wire.search import IdKind

if TYPE_CHECKING:
    from rich.console import Console


@click.command("apply")
@id_argument("change", IdKind.CHANGE, IdKind.SESSION, required=False)
@click.option("--commit", "as_commit", is_flag=True, help="Commit on the checked-out branch, without your own edits.")
@click.option("--branch", metavar="NAME", help="Create a new branch; your files are not touched.")
@click.option("--keep-commits", is_flag=True, help="With --commit or --branch: keep the agent's own commits.")
@click.option("--filtered", is_flag=True, help="Commit files as they are that your git converts by a filter.")
@click.option("--by-turn", is_flag=True, help="With --branch: one commit per turn.")
@click.option(
    "--from-head", is_flag=True, help="With --branch: start at the checked-out commit, not at the session's base."
)
@click.option("-m", "--message", help="Commit message; default: written from the session.")
@click.option("--co-author", is_flag=True, help="Add the agent as a co-author of the commit.")
@click.option("--all", "everything", is_flag=True, help="Include rejected parts.")
@click.option("--accepted", is_flag=True, help="Only accepted parts.")
@click.option("--resolve", is_flag=True, help="Merge your files into the session and let the agent resolve conflicts.")
@click.option("--onto-head", is_flag=True, help="With --resolve: leave out your uncommitted edits.")
@click.option("--dry-run", is_flag=True, help="Only report what would be done.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, change: str | None, as_json: bool, resolve: bool, **options: object) -> None:
    """Apply CHANGE, or the change of a session, or the only pending one of the project in this folder.

    What is accepted is applied, if anything is, else all that is not rejected. Conflicts are shown with both sides
    and touch nothing.
    """
    _check(options, resolve)
    _check_kept(options)

    async def ask(client: Client) -> None:
        change_id = await _meant(client, change, on_branch=bool(options["branch"]))
        path = f"/api/changes/{change_id}"
        project = await project_of_change(client, change_id)
        if not as_json:
            said = f"change {str(change_id)[:8]} of {plain(project.name)}, in {path_text(project.path)}"
            make_console(stderr=True).print(said, style="dim")
        if resolve:
            body = {"onto": "head" if options["onto_head"] else "checkout"}
            _show_resolved(
                await client.post(f"{path}/resolve", ResolveResult, body, timeout_s=APPLY_TIMEOUT_S), as_json
            )
            return
        try:
            applied = await apply_change(client, change_id, _body(options))
        except ChangeRefused as refused:
            if not as_json:
                show_conflicts(make_console(stderr=True), refused.conflicts)
            raise _refused(refused.code, refused.conflicts, str(change_id)) from None
        _show_applied(applied, project, as_json)
        if applied.conflicts:
            raise _refused("apply_conflicts", applied.conflicts, str(change_id))

    ask_service(ctx, ask)


async def _meant(client: Client, named: str | None, *, on_branch: bool) -> UUID:
    """The change to apply: a branch can also hold what the session has applied elsewhere."""
    try:
        return await resolve_change(client, named)
    except NotFound as unknown:
        if named is None or not on_branch:
            raise
        try:
            return await resolve_applied(client, named)
        except NotFound:
            raise unknown from None


def _check(options: dict[str, object], resolve: bool) -> None:
    together = [name for name in ("as_commit", "branch") if options[name]] + ["resolve"] * resolve
    if len(together) > 1 or (options["everything"] and options["accepted"]):
        raise InvalidInput("options_exclude", "These options exclude one another.", "Give one of them.")
    if options["branch"] is None and (options["by_turn"] or options["from_head"]):
        raise InvalidInput("options_need_branch", "--by-turn and --from-head need --branch.", "Name the branch.")


def _check_kept(options: dict[str, object]) -> None:
    if options["filtered"] and not options["as_commit"] and options["branch"] is None:
        raise InvalidInput("options_need_commit", "--filtered needs --commit or --branch.", "Leave it out for files.")
    if not options["keep_commits"]:
        return
    if options["by_turn"]:
        raise InvalidInput("options_exclude", "--keep-commits and --by-turn exclude one another.", "Give one of them.")
    if not options["as_commit"] and options["branch"] is None:
        text = "--keep-commits needs --commit or --branch."
        raise InvalidInput("options_need_commit", text, "Say where the commits go.")


def _body(options: dict[str, object]) -> dict[str, str | bool | None]:
    target = "commit" if options["as_commit"] else "branch" if options["branch"] else "checkout"
    select = "all" if options["everything"] else "accepted" if options["accepted"] else None
    message, branch = options["message"], options["branch"]
    return {
        "target": target,
        "select": select,
        "message": None if message is None else str(message),
        "branch": None if branch is None else str(branch),
        "start": "head" if options["from_head"] else None,
        "by_turn": True if options["by_turn"] else None,
        "keep_commits": True if options["keep_commits"] else None,
        "filtered": True if options["filtered"] else None,
        "co_author": True if options["co_author"] else None,
        "dry_run": True if options["dry_run"] else None,
    }


def _refused(code: str, conflicts: tuple[FileConflict, ...], change_id: str) -> ChangeRefused:
    count = len({file.path for file in conflicts})
    text = f"{count} {'file conflicts' if count == 1 else 'files conflict'} with the change; nothing was written."
    cure = f"Move or commit your own edits, or let the agent do it: boocoder apply {change_id[:8]} --resolve"
    return ChangeRefused(code, text, cure, conflicts)


def _show_applied(applied: ApplyResult, project: Project, as_json: bool) -> None:
    if as_json:
        print_json(applied)
        return
    if applied.conflicts:
        show_conflicts(make_console(stderr=True), applied.conflicts)
        return
    console = make_console()
    done = "Would be applied" if applied.dry_run else "Applied before" if applied.already_applied else "Applied"
    console.print(f"{done} {_where(applied, project)}", style="green")
    _show_part(console, applied)
    for warning in applied.warnings:
        console.print(f"  {plain(warning)}", style="yellow")
    for path in applied.left:
        console.print(f"  left to you: {path_text(path)}", style="yellow")


def _where(applied: ApplyResult, project: Project) -> str:
    name = plain((applied.ref or "").removeprefix("refs/heads/"))
    commit = f" {applied.commit[:10]}" if applied.commit else ""
    path = path_text(project.path)
    match applied.target:
        case "commit":
            return f"as commit{commit} on {name if name != 'HEAD' else 'the detached HEAD'} in {path}."
        case "branch":
            return f"as branch {name}{f',{commit}' if commit else ''} in {path}; your files are as they were."
        case _:
            return f"to {path}; nothing is committed."


def _show_part(console: Console, applied: ApplyResult) -> None:
    if applied.already_applied:
        return
    part = f", {applied.units} of {applied.units_total} parts" if applied.units_total else ""
    files = f"{applied.files_written} file{'' if applied.files_written == 1 else 's'}"
    commits = f" in {applied.commits} commits" if applied.commits > 1 else ""
    console.print(f"  {files}{commits}{part}", style="dim")
    if applied.rest_change_id is not None:
        console.print(f"  the rest is change {str(applied.rest_change_id)[:8]}", style="dim")


def _show_resolved(resolved: ResolveResult, as_json: bool) -> None:
    if as_json:
        print_json(resolved)
        return
    console = make_console()
    if resolved.task_id is None:
        console.print("Merged your files into the session; its change has no conflicts now.", style="green")
        return
    console.print(
        f"The agent resolves {len(resolved.conflicts)} file(s): task {str(resolved.task_id)[:8]}", style="cyan"
    )
    for path in resolved.conflicts:
        console.print(f"  {path_text(path)}")
    console.print("Watch it with: boocoder tasks show, then apply the session's change.", style="dim")
