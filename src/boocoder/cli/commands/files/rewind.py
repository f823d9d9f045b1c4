"""`boocoder rewind`: resets a session's files to a snapshot after showing the difference."""

from __future__ import annotations

from uuid import UUID

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.flows.prompts import confirm
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.diff import show_statistics
from boocoder.cli.views.style import make_console, print_json
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.wire.search import IdKind
from boocoder.wire.snapshots import RewindResult, SnapshotDiff


@click.command("rewind")
@id_argument("session", IdKind.SESSION)
@click.argument("snapshot", required=False)
@click.option("--turns", type=click.IntRange(1, 10_000), help="Back to before this many of the newest turns.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object; needs --yes.")
@click.pass_context
def command(
    ctx: click.Context, session: str, snapshot: str | None, turns: int | None, yes: bool, as_json: bool
) -> None:
    """Restore a session's files to SNAPSHOT, or to before its newest turns (default: one).

    The conversation stays, and the agent gets a notice. The files before the rewind are a snapshot, so another rewind
    undoes it. Ignored files stay.
    """
    if snapshot is not None and turns is not None:
        raise InvalidInput("rewind_twice", "Both a snapshot and --turns were given.", "Give one of them.")

    if as_json and not yes:
        raise InvalidInput("yes_missing", "--json does not ask, so it needs --yes.", "Give both.")

    async def ask(client: Client) -> RewindResult | None:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        body: dict[str, str | int] = {"turns": turns or 1}
        if snapshot is not None:
            target = await resolve_id(client, IdKind.SNAPSHOT, snapshot, session_id=session_id)
            body = {"snapshot_id": str(target)}
            if not yes and not await _agreed(client, session_id, target):
                return None
        elif not yes and not await confirm(
            f"Set the files back by {turns or 1} turn{'s' if (turns or 1) > 1 else ''}?"
        ):
            return None
        return await client.post(f"/api/sessions/{session_id}/rewind", RewindResult, dict(body))

    done = ask_service(ctx, ask)
    console = make_console()
    if as_json:
        print_json(done)
    elif done is None:
        console.print("Nothing was changed.", style="dim")
        ctx.exit(1)
    else:
        _report(done)


async def _agreed(client: Client, session_id: UUID, target: UUID) -> bool:
    console = make_console()
    compared = await client.get(
        f"/api/sessions/{session_id}/snapshots/compare", SnapshotDiff, **{"from": "now", "to": str(target)}
    )
    if not compared.files:
        console.print("The files are as in that snapshot.", style="dim")
    show_statistics(console, compared)
    return await confirm("Set the files back like this?")


def _report(done: RewindResult) -> None:
    console = make_console()
    files = "1 file" if done.files == 1 else f"{done.files} files"
    console.print(f"Set back; {files} changed.", style="green")
    console.print(
        f"To undo it: boocoder rewind {str(done.target.session_id)[:8]} {str(done.before.id)[:8]}", style="dim"
    )
