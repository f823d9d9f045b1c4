"""`boocoder logs`: prints the end of the service's log and follows it."""

from __future__ import annotations

import sys
import time
from collections import deque
from pathlib import Path

import click

from boocoder.cli.invocation import settings_of
from boocoder.errors import NotFound

POLL_S = 0.5


@click.command("logs")
@click.option("-n", "--lines", default=100, type=click.IntRange(0, 1_000_000), help="How many lines; default: 100.")
@click.option("-f", "--follow", is_flag=True, help="Print new lines until Ctrl-C.")
@click.option("--path", "only_path", is_flag=True, help="Only print the path of the file.")
@click.pass_context
def command(ctx: click.Context, lines: int, follow: bool, only_path: bool) -> None:
    """Print the end of the service's log. With the setting log_format = "json" each line is a JSON object."""
    path = settings_of(ctx).data_dir / "logs" / "service.log"
    if only_path:
        click.echo(path)
        return
    if not path.is_file():
        raise NotFound("log_missing", f"There is no log at {path}.", "The service writes it: boocoder serve")
    position = _print_end(path, lines)
    while follow:
        time.sleep(POLL_S)
        position = _print_added(path, position)


def _print_end(path: Path, lines: int) -> int:
    with path.open("rb") as file:
        sys.stdout.buffer.write(b"".join(deque(file, maxlen=lines)))
        sys.stdout.buffer.flush()
        return file.tell()


def _print_added(path: Path, position: int) -> int:
    """Print what was written after a position; from the beginning of a new file."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(position if position <= file.tell() else 0)
        sys.stdout.buffer.write(file.read())
        sys.stdout.buffer.flush()
        return file.tell()
