"""Shows a change: which files, how many lines, and the diff in colour. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from boocoder.cli import wire
from boocoder.cli.terminal_text import plain

if TYPE_CHECKING:
    from rich.console import Console

LINES_AT_FIRST = 300  # a few screens; the rest is shown when asked for
BAR_CHARS = 24
STATUS_WORDS = {"A": "new", "M": "changed", "D": "deleted", "T": "type changed", "R": "renamed"}


def show_statistics(console: Console, change: wire.Change) -> None:
    """One line a file and a sum."""
    widest = max((len(_name(file)) for file in change.files), default=0)
    largest = max((_lines(file) for file in change.files), default=0)
    for file in change.files:
        console.print(f"  {_name(file):<{widest}}  ", end="")
        console.print(f"{STATUS_WORDS.get(file.status, file.status):<8}", style="dim", end="")
        if file.additions is None:
            console.print(" binary", style="dim")
            continue
        plus, minus = _bar(file, largest)
        console.print(f" {_lines(file):>5} ", end="")
        console.print(plus, style="green", end="")
        console.print(minus, style="red")
    count = len(change.files)
    console.print(f"  {count} file{'' if count == 1 else 's'}, ", end="")
    console.print(f"+{change.additions}", style="green", end=" ")
    console.print(f"-{change.deletions}", style="red")


def _name(file: wire.ChangedFile) -> str:
    return f"{plain(file.old_path)} -> {plain(file.path)}" if file.old_path else plain(file.path)


def _lines(file: wire.ChangedFile) -> int:
    return (file.additions or 0) + (file.deletions or 0)


def _bar(file: wire.ChangedFile, largest: int) -> tuple[str, str]:
    scale = min(1.0, BAR_CHARS / largest) if largest else 0.0
    plus = min(BAR_CHARS, round((file.additions or 0) * scale) or bool(file.additions))
    minus = min(BAR_CHARS, round((file.deletions or 0) * scale) or bool(file.deletions))
    return "+" * plus, "-" * minus


def show_diff(console: Console, diff: bytes, *, limit: int | None = LINES_AT_FIRST) -> int:
    """The diff in colour.

    Args:
        console: where to.
        diff: as git made it.
        limit: lines at most; None for all.

    Returns:
        How many lines were left out.
    """
    left_out = 0
    for number, (line, style) in enumerate(_styled(diff)):
        if limit is not None and number >= limit:
            left_out += 1
        else:
            console.print(line, style=style or None)
    return left_out


def _styled(diff: bytes) -> Iterator[tuple[str, str]]:
    """Lines with their colours; the encoded content of binary files is left out."""
    in_header, in_binary = True, False
    for raw in diff.split(b"\n"):
        line = plain(raw.decode("utf-8", "replace").removesuffix("\r"))
        if raw.startswith(b"diff --git "):
            in_header, in_binary = True, False
            yield line, "bold"
        elif raw.startswith(b"GIT binary patch"):
            in_binary = True
            yield "binary content", "dim"
        elif in_binary:
            continue
        elif raw.startswith(b"@@"):
            in_header = False
            yield line, "cyan"
        elif in_header:
            if line and not raw.startswith(b"index "):
                yield line, "dim"
        else:
            yield line, {b"+": "green", b"-": "red", b"\\": "dim"}.get(raw[:1], "")
