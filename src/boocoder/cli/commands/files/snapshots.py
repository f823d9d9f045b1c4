"""`boocoder snapshots`: lists, takes and compares snapshots of a session's files."""

from __future__ import annotations

import sys
from uuid import UUID

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import PageOptions, Result, page_options, pages, prints_result, show_list
from boocoder.cli.views.diff import show_diff
from boocoder.cli.views.style import age, make_console
from boocoder.cli.views.terminal_text import one_line
from boocoder.client.http_client import Client
from boocoder.wire.search import IdKind
from boocoder.wire.snapshots import SnapshotInfo

SIDES = ("base", "now")


class _SessionGroup(click.Group):
    """A group that also takes a session's id: `boocoder snapshots SESSION` lists its snapshots."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of this name; anything else is a session."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["list", *args]
        return super().resolve_command(ctx, args)


@click.group("snapshots", cls=_SessionGroup)
def command() -> None:
    """Snapshots of a session's files: taken at each turn's start and end, and before anything is restored.

    `boocoder snapshots SESSION` lists them.
    """


@command.command("list")
@id_argument("session", IdKind.SESSION)
@page_options(limit=30, project=False, filters=False)
@click.pass_context
def list_snapshots(ctx: click.Context, session: str, as_json: bool, page: PageOptions) -> None:
    """List a session's snapshots, newest first."""

    async def ask(client: Client) -> list[SnapshotInfo]:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        path = f"/api/sessions/{session_id}/snapshots"
        return await pages(client, path, SnapshotInfo, IdKind.SNAPSHOT, page, session_id=session_id)

    snapshots = ask_service(ctx, ask)
    rows = [
        (
            (str(snapshot.id)[:8], ""),
            (snapshot.kind.replace("_", " "), ""),
            (str(snapshot.task_id)[:8] if snapshot.task_id else "", "dim"),
            (age(snapshot.taken_at), "dim"),
            (one_line(snapshot.note, 100), ""),
        )
        for snapshot in snapshots
    ]
    show_list(snapshots, ("id", "taken at", "task", "age", ""), rows, as_json=as_json)


@command.command("take")
@id_argument("session", IdKind.SESSION)
@click.option("--note", default="", help="A description of the snapshot.")
@prints_result
@click.pass_context
def take(ctx: click.Context, session: str, note: str) -> Result:
    """Take a snapshot of a session's files as they are."""

    async def ask(client: Client) -> SnapshotInfo:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        return await client.post(f"/api/sessions/{session_id}/snapshots", SnapshotInfo, {"note": note})

    taken = ask_service(ctx, ask)
    return taken, f"snapshot {taken.id}"


@command.command("diff")
@id_argument("session", IdKind.SESSION)
@click.argument("old")
@click.argument("new", default="now")
@click.pass_context
def diff(ctx: click.Context, session: str, old: str, new: str) -> None:
    """Print the differences between OLD and NEW: snapshots, `base` (the worktree's first commit), or `now`.

    In colour on a terminal, else the exact bytes for `git apply`.
    """

    async def ask(client: Client) -> bytes:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        sides = {"from": await _side(client, session_id, old), "to": await _side(client, session_id, new)}
        return await client.request("GET", f"/api/sessions/{session_id}/snapshots/compare/diff", params=sides)

    content = ask_service(ctx, ask)
    if sys.stdout.isatty():
        show_diff(make_console(), content, limit=None)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


async def _side(client: Client, session_id: UUID, text: str) -> str:
    return text if text in SIDES else str(await resolve_id(client, IdKind.SNAPSHOT, text, session_id=session_id))
