"""`boocoder unapply`: take a change that was applied to the checkout out of it again."""

from __future__ import annotations

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import project_of_change, resolve_applied
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.conflicts import show_conflicts
from boocoder.cli.views.style import make_console, print_json
from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.client.http_client import ChangeRefused, Client
from boocoder.wire.changes import UnapplyResult
from boocoder.wire.projects import Project
from boocoder.wire.search import IdKind

UNAPPLY_TIMEOUT_S = 600.0  # thousands of files on a slow disk


@click.command("unapply")
@id_argument("change", IdKind.CHANGE, IdKind.SESSION)
@click.option("--dry-run", is_flag=True, help="Only report what would be done.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def command(ctx: click.Context, /, change: str, dry_run: bool, as_json: bool) -> None:
    """Remove CHANGE, or a session's last applied change, from your checkout.

    Your own edits stay, also later ones; where they are at the same places nothing is touched. The change waits for
    your decision again.
    """

    async def ask(client: Client) -> tuple[UnapplyResult, Project]:
        change_id = await resolve_applied(client, change)
        project = await project_of_change(client, change_id)
        if not as_json:
            said = f"change {str(change_id)[:8]} of {plain(project.name)}, in {path_text(project.path)}"
            make_console(stderr=True).print(said, style="dim")
        path, body = f"/api/changes/{change_id}/unapply", {"dry_run": dry_run}
        return await client.post(path, UnapplyResult, body, timeout_s=UNAPPLY_TIMEOUT_S), project

    try:
        undone, project = ask_service(ctx, ask)
    except ChangeRefused as refused:
        show_conflicts(make_console(stderr=True), refused.conflicts)
        raise
    if as_json:
        print_json(undone)
    else:
        _show(undone, project)
    if undone.conflicts:
        text = f"Change {str(undone.change.id)[:8]} cannot be taken out: the same places were edited since."
        raise ChangeRefused("apply_conflicts", text, "Move or commit your own edits first.", undone.conflicts)


def _show(undone: UnapplyResult, project: Project) -> None:
    if undone.conflicts:
        show_conflicts(make_console(stderr=True), undone.conflicts)
        return
    console = make_console()
    count = "1 file" if len(undone.paths) == 1 else f"{len(undone.paths)} files"
    console.print(
        f"{'Would restore' if undone.dry_run else 'Restored'} {count} in {path_text(project.path)}.", style="green"
    )
    for path in undone.paths:
        console.print(f"  {path_text(path)}")
    if undone.pending_change_id is not None:
        console.print(f"  its edits are change {str(undone.pending_change_id)[:8]} now", style="dim")
