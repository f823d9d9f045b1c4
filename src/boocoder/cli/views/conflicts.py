"""Shows the conflicts of a change with both sides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.wire.problems import FileConflict

if TYPE_CHECKING:
    from rich.console import Console

LINES_MAX = 40  # of one side of one region: half a screen


def show_conflicts(console: Console, files: Iterable[FileConflict]) -> None:
    """Each file with its reason and the lines of both sides."""
    for file in files:
        console.print(path_text(file.path), style="bold", end="")
        console.print(f"  {plain(file.text)}", style="red")
        for region in file.regions:
            console.print(f"  line {region.line}", style="dim")
            _side(console, "yours", region.ours, "cyan")
            _side(console, "agent", region.theirs, "magenta")
        if file.more:
            console.print(f"  and {file.more} more places", style="dim")
        if not file.regions and file.ours_size is not None and file.theirs_size is not None:
            console.print(f"  yours {file.ours_size} bytes, the agent's {file.theirs_size} bytes", style="dim")


def _side(console: Console, name: str, text: str, style: str) -> None:
    lines = text.removesuffix("\n").split("\n") if text else ["(nothing)"]
    for line in lines[:LINES_MAX]:
        console.print(f"    {name} | {plain(line)}", style=style)
    if len(lines) > LINES_MAX:
        console.print(f"    {name} | ... {len(lines) - LINES_MAX} more lines", style="dim")
