"""`boocoder rewind`: sets a session's files back to a snapshot, after a look at what that changes."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import click

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.decide import ask_line
from boocoder.cli.diff_view import show_statistics
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.snapshots import snapshot_id
from boocoder.cli.style import make_console
from boocoder.cli.wire_files import Compared, Rewound
from boocoder.errors import InvalidInput


@click.command("rewind")
@click.argument("session")
@click.argument("snapshot", required=False)
@click.option("--turns", type=click.IntRange(1, 10_000), help="Back to before this many of the newest turns.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.pass_context
def command(ctx: click.Context, session: str, snapshot: str | None, turns: int | None, yes: bool) -> None:
    """Set a session's files back to SNAPSHOT, or to before its newest turns (one, if nothing is said).

    The conversation stays, and the agent is told. What the files were is a snapshot of its own, so that a rewind can
    be undone by another one. Ignored files stay.
    """
    if snapshot is not None and turns is not None:
        raise InvalidInput("rewind_twice", "Both a snapshot and --turns were given.", "Give one of them.")

    async def ask(client: Client) -> Rewound | None:
        session_id = await full_id(client, "/api/sessions", session)
        body: dict[str, str | int] = {"turns": turns or 1}
        if snapshot is not None:
            target = await snapshot_id(client, session_id, snapshot)
            body = {"snapshot_id": str(target)}
            if not yes and not await _agreed(client, session_id, target):
                return None
        elif not yes and not _yes(await ask_line(f"Set the files back by {body['turns']} turns? [y/N] ")):
            return None
        return await client.post(f"/api/sessions/{session_id}/rewind", Rewound, dict(body))

    done = ask_service(ctx, ask)
    console = make_console()
    if done is None:
        console.print("Nothing was changed.", style="dim")
        ctx.exit(1)
    else:
        _report(done)


async def _agreed(client: Client, session_id: UUID, target: UUID) -> bool:
    console = make_console()
    compared = await client.get(
        f"/api/sessions/{session_id}/snapshots/compare", Compared, **{"from": "now", "to": str(target)}
    )
    if not compared.files:
        console.print("The files are as in that snapshot.", style="dim")
    show_statistics(console, as_change(compared, session_id))
    return _yes(await ask_line("Set the files back like this? [y/N] "))


def as_change(compared: Compared, session_id: UUID) -> wire.Change:
    """The comparison in the shape whose statistics are shown; its id and moment are not."""
    return wire.Change(
        id=session_id,
        session_id=session_id,
        agent="",
        state="",
        additions=compared.additions,
        deletions=compared.deletions,
        created_at=datetime.now(UTC),
        files=compared.files,
    )


def _yes(answer: str) -> bool:
    return answer.strip().lower() in ("y", "yes")


def _report(done: Rewound) -> None:
    console = make_console()
    files = "1 file" if done.files == 1 else f"{done.files} files"
    console.print(f"Set back; {files} changed.", style="green")
    console.print(
        f"To undo it: boocoder rewind {str(done.target.session_id)[:8]} {str(done.before.id)[:8]}", style="dim"
    )
