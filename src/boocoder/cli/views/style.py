"""Consoles, state marks, colours, durations and tables shared by all commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from boocoder.errors import BoocoderError, sentences

if TYPE_CHECKING:
    from rich.console import Console

    from boocoder.wire.tasks import TaskInfo, WaitingFor


MARKS = {
    "pending": ("·", "dim"),
    "running": ("▸", "cyan"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "cancelled": ("⊘", "yellow"),
    "unreported": ("·", "yellow"),
    "interrupted": ("!", "yellow"),
    "waiting_for_you": ("?", "yellow"),
    "asked": ("?", "yellow"),
    "allowed": ("✓", "green"),
    "answered": ("✓", "green"),
    "refused": ("✗", "yellow"),
    "timed_out": ("✗", "red"),
    "accepted": ("✓", "green"),
    "applied": ("✓", "green"),
    "rejected": ("⊘", "yellow"),
    "superseded": ("·", "dim"),
    "withdrawn": ("·", "dim"),
    "loading": ("…", "dim"),
    "ready": ("✓", "green"),
    "unavailable": ("-", "dim"),
    "error": ("✗", "red"),
}


LAST_COLUMN_MIN = 12  # a table with less room for its last column is shown as records


def make_console(*, stderr: bool = False) -> Console:
    """A console on standard output; styles only on a terminal and without NO_COLOR, which turns off all of them."""
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if console.no_color:
        return Console(
            stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True, color_system=None, no_color=True
        )
    return console


def marked(state: str) -> str:
    """A state with its mark: "✓ completed"; plain where standard output cannot show the mark."""
    mark, _ = MARKS.get(state, ("·", ""))
    return f"{mark} {state.replace('_', ' ')}" if can_show(mark) else state.replace("_", " ")


def task_state(task: TaskInfo) -> str:
    """A task's state as shown: `waiting_for_you` while its agent asks something."""
    return "waiting_for_you" if task.open_requests else task.state


def style_of(state: str) -> str:
    """The colour of a state."""
    return MARKS.get(state, ("", ""))[1]


def can_show(text: str) -> bool:
    """Whether standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def show_error(error: BoocoderError) -> None:
    """What failed and what to do, on standard error."""
    from boocoder.cli.views.terminal_text import plain

    console = make_console(stderr=True)
    console.print(f"Error: {plain(error.text)}", style="red")
    if error.cure:
        console.print(f"       {plain(error.cure)}")


def duration(seconds: float) -> str:
    """A duration in words: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def print_json(value: object) -> None:
    """A value as one line of JSON."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def age(moment: datetime) -> str:
    """How long ago: "12 s", "3 min", "5 h", "2 d"."""
    seconds = max((datetime.now(UTC) - moment).total_seconds(), 0)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def absent_host_text(name: str) -> str:
    """That the tasks of a session wait for its host."""
    return (
        f"The files of this session are on {name}, which does not run: its tasks wait. Start boocoder there, or go on "
        "on another host: boocoder sessions adopt"
    )


def waiting_text(reason: WaitingFor) -> str:
    """Why a task waits for a host, and what to do."""
    from boocoder.cli.views.terminal_text import plain

    return plain(sentences(reason.text, reason.cure))


def show_rows(console: Console, columns: tuple[str, ...], rows: Sequence[tuple[tuple[str, str], ...]]) -> None:
    """A table without lines.

    Args:
        console: where to.
        columns: headings; on a terminal the last column is cut to the room that is left.
        rows: cells as (text, style).
    """
    from rich.cells import cell_len, set_cell_size

    table = [tuple((name, "dim") for name in columns), *rows]
    widths = [max(cell_len(row[column][0]) for row in table) for column in range(len(columns))]
    if console.is_terminal and sum(widths[:-1]) + 2 * len(columns) + LAST_COLUMN_MIN > console.width:
        _show_records(console, columns, rows)
        return
    if console.is_terminal:
        widths[-1] = max(min(widths[-1], console.width - sum(widths[:-1]) - 2 * len(columns)), 8)
    for row in table:
        for (text, style), width in zip(row[:-1], widths, strict=False):
            console.print(set_cell_size(text, width), style=style or None, end="  ")
        text, style = row[-1]
        console.print(text if cell_len(text) <= widths[-1] else f"{set_cell_size(text, widths[-1] - 1)}…", style=style)


def _show_records(console: Console, columns: tuple[str, ...], rows: Sequence[tuple[tuple[str, str], ...]]) -> None:
    """A table on a narrow screen: the first two cells of a row on a line, the others below them."""
    from rich.cells import cell_len, set_cell_size

    for row in rows:
        console.print("  ".join(text for text, _ in row[:2] if text), style=row[1][1] or row[0][1] or None)
        for name, (text, style) in zip(columns[2:], row[2:], strict=True):
            if not text:
                continue
            line = f"  {name + ': ' if name else ''}{text}"
            cut = f"{set_cell_size(line, console.width - 1)}…" if cell_len(line) > console.width else line
            console.print(cut, style=style or None)
