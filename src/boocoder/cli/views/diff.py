"""Shows a change: its files, their lines, and the diff in colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.wire.changes import ChangeInfo, FileSummary
from boocoder.wire.snapshots import SnapshotDiff

if TYPE_CHECKING:
    from rich.console import Console
    from rich.segment import Segment

LINES_AT_FIRST = 300  # a few screens; the rest is shown when asked for
LINES_A_PRINT = 500  # rich takes milliseconds a print, and far less a line
BAR_CHARS = 24
STATUS_WORDS = {"A": "new", "M": "changed", "D": "deleted", "T": "type changed", "R": "renamed"}


def show_statistics(console: Console, change: ChangeInfo | SnapshotDiff) -> None:
    """One line a file and a sum."""
    from rich.segment import Segments

    widest = max((len(_name(file)) for file in change.files), default=0)
    largest = max((_lines(file) for file in change.files), default=0)
    for start in range(0, len(change.files), LINES_A_PRINT):
        batch = change.files[start : start + LINES_A_PRINT]
        segments = [one for file in batch for one in _statistics(file, widest, largest)]
        console.print(Segments(segments), end="", soft_wrap=True)
    count = len(change.files)
    console.print(f"  {count} file{'' if count == 1 else 's'}, ", end="")
    console.print(f"+{change.additions}", style="green", end=" ")
    console.print(f"-{change.deletions}", style="red")


def _statistics(file: FileSummary, widest: int, largest: int) -> Iterator[Segment]:
    """One line. Segments are rendered ten times as fast as texts."""
    from rich.segment import Segment
    from rich.style import Style

    yield Segment(f"  {_name(file):<{widest}}  ")
    yield Segment(f"{STATUS_WORDS.get(file.status, file.status):<8}", Style.parse("dim"))
    if file.additions is None:
        yield Segment(" LFS" if file.lfs else " binary", Style.parse("dim"))
    else:
        plus, minus = _bar(file, largest)
        yield Segment(f" {_lines(file):>5} ")
        yield Segment(plus, Style.parse("green"))
        yield Segment(minus, Style.parse("red"))
    yield Segment("\n")


def _name(file: FileSummary) -> str:
    return f"{path_text(file.old_path)} -> {path_text(file.path)}" if file.old_path else path_text(file.path)


def _lines(file: FileSummary) -> int:
    return (file.additions or 0) + (file.deletions or 0)


def _bar(file: FileSummary, largest: int) -> tuple[str, str]:
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
