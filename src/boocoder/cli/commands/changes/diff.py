"""`boocoder diff`: prints a change for people, or its exact bytes for `git apply`."""

from __future__ import annotations

import sys
from uuid import UUID

import click
import msgspec

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_change
from boocoder.cli.invocation import ask_service
from boocoder.cli.views.style import make_console
from boocoder.cli.views.units import show_file_head, show_files, show_unit
from boocoder.client.http_client import Client
from boocoder.client.review_client import ReviewClient, named_by
from boocoder.errors import NotFound
from boocoder.wire.search import IdKind

CONTEXT_MAX = 1_000


@click.command("diff")
@id_argument("change", IdKind.CHANGE, IdKind.SESSION, required=False)
@click.argument("paths", nargs=-1)
@click.option("--stat", is_flag=True, help="Files, lines, flags and verdicts only.")
@click.option(
    "--context", "-U", default=3, type=click.IntRange(0, CONTEXT_MAX), help="Lines of context around each part."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file, with its units.")
@click.pass_context
def command(
    ctx: click.Context, change: str | None, paths: tuple[str, ...], stat: bool, context: int, as_json: bool
) -> None:
    """Show a CHANGE, or the pending change of a session; without an id that of the project in this folder.

    On a terminal with colours, changed words, flags and verdicts; else the exact bytes for `git apply`. With PATHS,
    files or directories of it, only these, for people.
    """

    async def ask(client: Client) -> None:
        change_id = await resolve_change(client, change)
        if not (stat or as_json or paths or sys.stdout.isatty()):
            await _write_bytes(client, change_id)
            return
        await _show(ReviewClient(client, change_id, context=context), paths, stat=stat, as_json=as_json)

    ask_service(ctx, ask)


async def _write_bytes(client: Client, change_id: UUID) -> None:
    sys.stdout.buffer.write(await client.request("GET", f"/api/changes/{change_id}/diff"))
    sys.stdout.buffer.flush()


async def _show(client: ReviewClient, paths: tuple[str, ...], *, stat: bool, as_json: bool) -> None:
    every = await client.files()
    files = tuple(file for file in every if not paths or any(named_by(file, path) for path in paths))
    if not files:
        raise NotFound("file_not_in_change", "The change has no such file.", "See its files: boocoder diff --stat")
    console = make_console()
    for file in () if stat and not as_json else files:
        units = await client.units(file.number)
        if as_json:
            line = msgspec.json.encode({"file": file, "units": [] if stat else units})
            sys.stdout.write(line.decode() + "\n")
            continue
        show_file_head(console, file)
        for unit in units:
            show_unit(console, file, unit)
        console.print()
    if not as_json:
        show_files(console, files)
