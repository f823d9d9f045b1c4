"""`boocoder prune`: removes the worktrees that are over a limit of the settings."""

from __future__ import annotations

import click

from boocoder.cli.commands.files.worktrees import size
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import one_line
from boocoder.wire.worktrees import PrunedWorktree


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only report what would be removed, and why.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """Remove worktrees of archived sessions, idle ones, and those over a limit.

    Only such as a snapshot holds whole, that are not pinned, and in which nothing runs.
    """
    pruned = ask_service(
        ctx, lambda client: client.post("/api/worktrees/prune", list[PrunedWorktree], {"dry_run": dry_run})
    )
    if as_json:
        for one in pruned:
            print_json(one)
        return
    console = make_console()
    if not pruned:
        console.print("Nothing to remove.", style="dim")
        return
    words = "would be removed" if dry_run else "removed"
    rows = [
        (
            (str(one.session_id)[:8], ""),
            ("kept" if one.kept else words, "yellow" if one.kept else "green"),
            (size(one.size_bytes), ""),
            (one_line(f"{one.why}; kept: {one.kept}" if one.kept else one.why, 300), ""),
        )
        for one in pruned
    ]
    show_rows(console, ("session", "", "size", "why"), rows)
