"""`boocoder apply`: put a change, or what is accepted of it, into the checkout, a commit or a branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from boocoder.cli import wire, wire_apply
from boocoder.cli.client import ChangeRefused, Client
from boocoder.cli.conflict_view import show_conflicts
from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, print_json
from boocoder.cli.terminal_text import plain
from boocoder.cli.which_change import which_change
from boocoder.errors import InvalidInput

if TYPE_CHECKING:
    from rich.console import Console

APPLY_TIMEOUT_S = 600.0  # thousands of files on a slow disk


@click.command("apply")
@click.argument("change", required=False)
@click.option("--commit", "as_commit", is_flag=True, help="As a commit on what is checked out; your edits stay out.")
@click.option("--branch", metavar="NAME", help="As a new branch; your files are not touched.")
@click.option("--by-turn", is_flag=True, help="With --branch: one commit a turn.")
@click.option(
    "--from-head", is_flag=True, help="With --branch: begin at what is checked out, not at the session's base."
)
@click.option("-m", "--message", help="Of the commit; written from the session if absent.")
@click.option("--co-author", is_flag=True, help="Name the agent as a co-author of the commit.")
@click.option("--all", "everything", is_flag=True, help="Also what is rejected.")
@click.option("--accepted", is_flag=True, help="Only what is accepted.")
@click.option("--resolve", is_flag=True, help="Bring what you have into the session, let the agent resolve conflicts.")
@click.option("--onto-head", is_flag=True, help="With --resolve: leave out what you have not committed.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, change: str | None, as_json: bool, resolve: bool, **options: object) -> None:
    """Apply CHANGE, or the change of a session, or the only one that waits.

    What is accepted is applied, if anything is, else all that is not rejected. Conflicts are shown with both sides
    and touch nothing.
    """
    _check(options, resolve)

    async def ask(client: Client) -> None:
        change_id = await which_change(client, change)
        path = f"/api/changes/{change_id}"
        if resolve:
            body = {"onto": "head" if options["onto_head"] else "checkout"}
            _show_resolved(
                await client.post(f"{path}/resolve", wire_apply.Resolved, body, timeout_s=APPLY_TIMEOUT_S), as_json
            )
            return
        try:
            applied = await client.post(f"{path}/apply", wire_apply.Applied, _body(options), timeout_s=APPLY_TIMEOUT_S)
        except ChangeRefused as refused:
            if not as_json:
                show_conflicts(make_console(stderr=True), refused.conflicts)
            raise _refused(refused.code, refused.conflicts, str(change_id)) from None
        _show_applied(applied, as_json)
        if applied.conflicts:
            raise _refused("apply_conflicts", applied.conflicts, str(change_id))

    ask_service(ctx, ask)


def _check(options: dict[str, object], resolve: bool) -> None:
    together = [name for name in ("as_commit", "branch") if options[name]] + ["resolve"] * resolve
    if len(together) > 1 or (options["everything"] and options["accepted"]):
        raise InvalidInput("options_exclude", "These options exclude one another.", "Give one of them.")
    if options["branch"] is None and (options["by_turn"] or options["from_head"]):
        raise InvalidInput("options_need_branch", "--by-turn and --from-head need --branch.", "Name the branch.")


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
        "co_author": True if options["co_author"] else None,
        "dry_run": True if options["dry_run"] else None,
    }


def _refused(code: str, conflicts: tuple[wire.ConflictFile, ...], change_id: str) -> ChangeRefused:
    count = len({file.path for file in conflicts})
    text = f"{count} {'file stands' if count == 1 else 'files stand'} against the change; nothing was touched."
    cure = f"Move or commit your own edits, or let the agent do it: boocoder apply {change_id[:8]} --resolve"
    return ChangeRefused(code, text, cure, conflicts)


def _show_applied(applied: wire_apply.Applied, as_json: bool) -> None:
    if as_json:
        print_json(applied)
        return
    if applied.conflicts:
        show_conflicts(make_console(stderr=True), applied.conflicts)
        return
    console = make_console()
    done = "Would be applied" if applied.dry_run else "Applied before" if applied.already_applied else "Applied"
    console.print(f"{done} {_where(applied)}", style="green")
    _show_part(console, applied)
    for path in applied.left:
        console.print(f"  left to you: {plain(path)}", style="yellow")


def _where(applied: wire_apply.Applied) -> str:
    name = plain((applied.ref or "").removeprefix("refs/heads/"))
    commit = f" {applied.commit[:10]}" if applied.commit else ""
    match applied.target:
        case "commit":
            return f"as commit{commit} on {name if name != 'HEAD' else 'the detached HEAD'}."
        case "branch":
            return f"as branch {name}{f',{commit}' if commit else ''}; your files are as they were."
        case _:
            return "to your checkout; nothing is committed."


def _show_part(console: Console, applied: wire_apply.Applied) -> None:
    if applied.already_applied:
        return
    part = f", {applied.units} of {applied.units_total} parts" if applied.units_total else ""
    console.print(f"  {applied.files_written} file{'' if applied.files_written == 1 else 's'}{part}", style="dim")
    if applied.rest_change_id is not None:
        console.print(f"  the rest is change {str(applied.rest_change_id)[:8]}", style="dim")


def _show_resolved(resolved: wire_apply.Resolved, as_json: bool) -> None:
    if as_json:
        print_json(resolved)
        return
    console = make_console()
    if resolved.task_id is None:
        console.print(
            "What you have was brought into the session; nothing stands against its change now.", style="green"
        )
        return
    console.print(
        f"The agent resolves {len(resolved.conflicts)} file(s): task {str(resolved.task_id)[:8]}", style="cyan"
    )
    for path in resolved.conflicts:
        console.print(f"  {plain(path)}")
    console.print("Watch it with: boocoder tasks show, then apply the session's change.", style="dim")
