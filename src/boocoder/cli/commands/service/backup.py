"""`boocoder backup` and `boocoder restore`: one archive of everything, and its way back."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import click

from boocoder.cli.commands.files.worktrees import size
from boocoder.cli.invocation import settings_of
from boocoder.cli.listing import Result, prints_result
from boocoder.cli.views.terminal_text import path_text
from boocoder.config.settings import Settings
from boocoder.maintenance.backup.backup import BackupPlace, make_backup, restore_backup

SHOWN_EVERY_S = 0.5


class _ProgressLine:
    """Shows on standard error how far a copy is, a few times a second."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown_at = time.monotonic()

    def __call__(self, files: int, size_bytes: int) -> None:
        now = time.monotonic()
        if now - self._shown_at >= SHOWN_EVERY_S:
            self._shown_at = now
            click.echo(f"{self._what}: {files} files, {size(size_bytes)}", file=sys.stderr)


def _place(settings: Settings) -> BackupPlace:
    return BackupPlace(settings.data_dir, settings.database_url, settings.surroundings.runtime_dir)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@prints_result
@click.pass_context
def command(ctx: click.Context, file: Path) -> Result:
    """Back up everything into one FILE: database, worktrees, sessions' repositories, attachments. The service may run.

    The file holds conversations and code, and only you can read it. The access token is not in it.
    """
    target = file.expanduser().absolute()
    made = asyncio.run(make_backup(_place(settings_of(ctx)), target, _ProgressLine("backing up")))
    if made.unreadable:
        left_out = f"{len(made.unreadable)} files cannot be read and are not in it, such as"
        click.echo(f"{left_out} {path_text(made.unreadable[0])}", err=True)
    return made, f"{path_text(str(target))}: {made.files} files, {size(made.size_bytes)}"


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@prints_result
@click.pass_context
def restore(ctx: click.Context, file: Path) -> Result:
    """Restore a backup FILE into an empty data directory: boocoder --data-dir PATH restore FILE."""
    settings = settings_of(ctx)
    made = asyncio.run(restore_backup(_place(settings), file.expanduser().absolute(), _ProgressLine("restoring")))
    return (
        made,
        f"{path_text(str(settings.data_dir))}: {made.files} files, {sum(made.tables.values())} rows, all checked",
    )
