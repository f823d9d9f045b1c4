"""`boocoder worktrees`: where sessions' files are, what they take, and removing, restoring and pinning them."""

from __future__ import annotations

import click

from boocoder.cli.client import Client
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import age, make_console, print_json, show_rows
from boocoder.cli.terminal_text import one_line
from boocoder.cli.wire_files import Worktree

UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


@click.group("worktrees", invoke_without_command=True)
@click.option("--all", "gone", is_flag=True, help="Also those that were removed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, gone: bool, as_json: bool) -> None:
    """Worktrees of sessions: path, state, size, and why each is kept; the longest unused first."""
    if ctx.invoked_subcommand is not None:
        return
    worktrees = ask_service(ctx, lambda client: client.items("/api/worktrees", Worktree, gone=str(gone).lower()))
    if as_json:
        for worktree in worktrees:
            print_json(worktree)
        return
    rows = [
        (
            (str(worktree.session_id)[:8], ""),
            (worktree.state, "" if worktree.state == "ready" else "yellow"),
            (size(worktree.size_bytes), ""),
            (age(worktree.used_at), "dim"),
            (_why(worktree), "dim"),
            (one_line(worktree.path, 300), ""),
        )
        for worktree in worktrees
    ]
    show_rows(make_console(), ("session", "state", "size", "unused for", "", "path"), rows)


def size(size_bytes: int | None) -> str:
    """A size in words; "" where it is not known."""
    if size_bytes is None:
        return ""
    for unit, factor in UNITS:
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} B"


def _why(worktree: Worktree) -> str:
    if worktree.state in ("gone", "removing"):
        return worktree.removed_why
    reasons = [
        "pinned" if worktree.pinned else "",
        "at work" if worktree.has_work else "",
        "archived" if worktree.session_state == "archived" else "",
        worktree.kept,
    ]
    return one_line(", ".join(reason for reason in reasons if reason), 100)


async def _do(client: Client, session: str, what: str, **body: bool) -> Worktree:
    session_id = await full_id(client, "/api/sessions", session)
    return await client.post(f"/api/sessions/{session_id}/worktree/{what}", Worktree, dict(body))


@command.command("remove")
@click.argument("session")
@click.option("--force", is_flag=True, help="Also with files that no snapshot can hold; those are lost.")
@click.pass_context
def remove(ctx: click.Context, session: str, force: bool) -> None:
    """Remove a session's worktree. A snapshot keeps its files, and the session's next turn makes it again."""
    ask_service(ctx, lambda client: _do(client, session, "remove", force=force))
    make_console().print("Removed; a snapshot keeps the files.", style="green")


@command.command("restore")
@click.argument("session")
@click.pass_context
def restore(ctx: click.Context, session: str) -> None:
    """Bring a session's worktree back out of its newest snapshot."""
    restored = ask_service(ctx, lambda client: _do(client, session, "restore"))
    make_console().print(restored.path)


@command.command("pin")
@click.argument("session")
@click.pass_context
def pin(ctx: click.Context, session: str) -> None:
    """Keep a session's worktree whatever the limits say."""
    ask_service(ctx, lambda client: _do(client, session, "pin"))
    make_console().print("Pinned.", style="green")


@command.command("unpin")
@click.argument("session")
@click.pass_context
def unpin(ctx: click.Context, session: str) -> None:
    """Let the limits decide about a session's worktree again."""
    ask_service(ctx, lambda client: _do(client, session, "unpin"))
    make_console().print("Not pinned any more.", style="green")
