"""`boocoder worktrees`: lists, removes, restores and pins the worktrees of sessions."""

from __future__ import annotations

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result, show_list
from boocoder.cli.views.style import age
from boocoder.cli.views.terminal_text import one_line
from boocoder.client.http_client import Client
from boocoder.wire.search import IdKind
from boocoder.wire.worktrees import WorktreeInfo

UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


@click.group("worktrees", invoke_without_command=True)
@click.option("--all", "gone", is_flag=True, help="Include removed ones.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, gone: bool, as_json: bool) -> None:
    """Worktrees of sessions: path, state, size, and why each is kept; least recently used first."""
    if ctx.invoked_subcommand is not None:
        return
    worktrees = ask_service(ctx, lambda client: client.items("/api/worktrees", WorktreeInfo, gone=str(gone).lower()))
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
    show_list(worktrees, ("session", "state", "size", "unused for", "", "path"), rows, as_json=as_json)


def size(size_bytes: int | None) -> str:
    """A size in words; "" where it is not known."""
    if size_bytes is None:
        return ""
    for unit, factor in UNITS:
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} B"


def _why(worktree: WorktreeInfo) -> str:
    if worktree.state in ("gone", "removing"):
        return worktree.removed_why
    reasons = [
        "pinned" if worktree.pinned else "",
        "at work" if worktree.has_work else "",
        "archived" if worktree.session_state == "archived" else "",
        worktree.kept,
        f"{size(worktree.overflow_bytes)} of texts" if worktree.overflow_bytes else "",
    ]
    return one_line(", ".join(reason for reason in reasons if reason), 100)


async def _do(client: Client, session: str, what: str, **body: bool) -> WorktreeInfo:
    session_id = await resolve_id(client, IdKind.SESSION, session)
    return await client.post(f"/api/sessions/{session_id}/worktree/{what}", WorktreeInfo, dict(body))


@command.command("remove")
@id_argument("session", IdKind.SESSION)
@click.option("--force", is_flag=True, help="Even if it has files that a snapshot cannot hold; those are lost.")
@prints_result
@click.pass_context
def remove(ctx: click.Context, session: str, force: bool) -> Result:
    """Remove a session's worktree. Its files stay in a snapshot, and the session's next turn restores it."""
    removed = ask_service(ctx, lambda client: _do(client, session, "remove", force=force))
    return removed, "Removed; a snapshot keeps the files."


@command.command("restore")
@id_argument("session", IdKind.SESSION)
@prints_result
@click.pass_context
def restore(ctx: click.Context, session: str) -> Result:
    """Restore a session's worktree from its newest snapshot."""
    restored = ask_service(ctx, lambda client: _do(client, session, "restore"))
    return restored, restored.path


@command.command("pin")
@id_argument("session", IdKind.SESSION)
@prints_result
@click.pass_context
def pin(ctx: click.Context, session: str) -> Result:
    """Keep a session's worktree regardless of the limits."""
    return ask_service(ctx, lambda client: _do(client, session, "pin")), "Pinned."


@command.command("unpin")
@id_argument("session", IdKind.SESSION)
@prints_result
@click.pass_context
def unpin(ctx: click.Context, session: str) -> Result:
    """Apply the limits to a session's worktree again."""
    return ask_service(ctx, lambda client: _do(client, session, "unpin")), "Not pinned any more."
