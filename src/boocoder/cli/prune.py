"""`boocoder prune`: removes now the worktrees that the settings say have to go."""

from __future__ import annotations

import click

from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, print_json, show_rows
from boocoder.cli.terminal_text import one_line
from boocoder.cli.wire_files import Reaped
from boocoder.cli.worktrees import size


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed, and why.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """Remove worktrees of archived sessions, idle ones, and those over a limit.

    Only such as a snapshot holds whole, that are not pinned, and in which nothing runs.
    """
    reaped = ask_service(ctx, lambda client: client.post("/api/worktrees/prune", list[Reaped], {"dry_run": dry_run}))
    if as_json:
        for one in reaped:
            print_json(one)
        return
    console = make_console()
    if not reaped:
        console.print("Nothing has to go.", style="dim")
        return
    words = "would go" if dry_run else "removed"
    rows = [
        (
            (str(one.session_id)[:8], ""),
            ("kept" if one.kept else words, "yellow" if one.kept else "green"),
            (size(one.size_bytes), ""),
            (one_line(f"{one.why}; kept: {one.kept}" if one.kept else one.why, 300), ""),
        )
        for one in reaped
    ]
    show_rows(console, ("session", "", "size", "why"), rows)
