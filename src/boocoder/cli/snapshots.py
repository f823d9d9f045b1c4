"""`boocoder snapshots`: the states of a session's files that are kept, and how two of them differ."""

from __future__ import annotations

import sys
from uuid import UUID

import click

from boocoder.cli.client import Client
from boocoder.cli.diff_view import show_diff
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import age, make_console, print_json, show_rows
from boocoder.cli.terminal_text import one_line
from boocoder.cli.wire_files import Snapshot
from boocoder.errors import InvalidInput

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
    """Snapshots of a session's files: taken at each turn's start and end, and before anything is set back.

    `boocoder snapshots SESSION` lists them.
    """


@command.command("list")
@click.argument("session")
@click.option("--limit", default=30, type=click.IntRange(1, 200), help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_snapshots(ctx: click.Context, session: str, limit: int, as_json: bool) -> None:
    """List a session's snapshots, newest first."""

    async def ask(client: Client) -> list[Snapshot]:
        session_id = await full_id(client, "/api/sessions", session)
        return await client.items(f"/api/sessions/{session_id}/snapshots", Snapshot, limit=limit)

    snapshots = ask_service(ctx, ask)
    if as_json:
        for snapshot in snapshots:
            print_json(snapshot)
        return
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
    show_rows(make_console(), ("id", "taken at", "task", "age", ""), rows)


@command.command("take")
@click.argument("session")
@click.option("--note", default="", help="A sentence to find it by.")
@click.pass_context
def take(ctx: click.Context, session: str, note: str) -> None:
    """Take a snapshot of a session's files as they are."""

    async def ask(client: Client) -> Snapshot:
        session_id = await full_id(client, "/api/sessions", session)
        return await client.post(f"/api/sessions/{session_id}/snapshots", Snapshot, {"note": note})

    make_console().print(f"snapshot {ask_service(ctx, ask).id}")


@command.command("diff")
@click.argument("session")
@click.argument("old")
@click.argument("new", default="now")
@click.pass_context
def diff(ctx: click.Context, session: str, old: str, new: str) -> None:
    """Print how the files differ between OLD and NEW: snapshots, `base` (where the worktree began), or `now`.

    In colour on a terminal, else the exact bytes for `git apply`.
    """

    async def ask(client: Client) -> bytes:
        session_id = await full_id(client, "/api/sessions", session)
        sides = {"from": await _side(client, session_id, old), "to": await _side(client, session_id, new)}
        return await client.request("GET", f"/api/sessions/{session_id}/snapshots/compare/diff", params=sides)

    content = ask_service(ctx, ask)
    if sys.stdout.isatty():
        show_diff(make_console(), content, limit=None)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


async def _side(client: Client, session_id: UUID, text: str) -> str:
    return text if text in SIDES else str(await snapshot_id(client, session_id, text))


async def snapshot_id(client: Client, session_id: UUID, text: str) -> UUID:
    """The id of a session's snapshot, given whole or by its beginning.

    Raises:
        NotFound, InvalidInput: as `full_id`.
    """
    try:
        return await full_id(client, f"/api/sessions/{session_id}/snapshots", text)
    except InvalidInput as error:
        raise InvalidInput(error.code, error.text, f"Look them up with: boocoder snapshots {session_id}") from error
