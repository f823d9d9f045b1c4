"""Prints files and units of a change with line numbers, changed words, flags and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boocoder.cli.views.style import marked, style_of
from boocoder.cli.views.terminal_text import one_line, path_text, plain
from boocoder.wire.review import ChangeFlag, DiffLine, ReviewedFile, ReviewUnit

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

SIGNS = {"context": (" ", ""), "removed": ("-", "red"), "added": ("+", "green")}
NO_END = "\\ No newline at end of file"
WHOLE = {
    "added": "a new file",
    "deleted": "the file is deleted",
    "type_changed": "the file became something else",
}


def show_files(console: Console, files: tuple[ReviewedFile, ...]) -> None:
    """One line a file with its verdicts and flags, and a sum."""
    widest = max((len(_name(file)) for file in files), default=0)
    for file in files:
        console.print(f"  {_name(file):<{widest}}  ", end="")
        console.print(f"{file.status.replace('_', ' '):<12}", style="dim", end=" ")
        _show_counts(console, file)
        console.print(f"  {_verdicts(file)}", style="dim")
        for flag in file.flags:
            console.print(f"    ! {flag_text(flag)}", style="yellow")
    count = len(files)
    console.print(f"  {count} file{'' if count == 1 else 's'}, ", end="")
    console.print(f"+{sum(file.additions for file in files)}", style="green", end=" ")
    console.print(f"-{sum(file.deletions for file in files)}", style="red")


def _show_counts(console: Console, file: ReviewedFile) -> None:
    if file.binary or file.lfs or file.too_large:
        what = "LFS" if file.lfs else "binary" if file.binary else "too large"
        console.print(f"{what} {size(file.old_size)} -> {size(file.new_size)}", style="dim", end="")
        return
    console.print(f"+{file.additions}", style="green", end=" ")
    console.print(f"-{file.deletions}", style="red", end="")


def size(number: int | None) -> str:
    """A file's size in words: "nothing", "12 B", "3.4 KiB"."""
    if number is None:
        return "nothing"
    if number < 1024:
        return f"{number} B"
    return f"{number / 1024:.1f} KiB" if number < 1024 * 1024 else f"{number / 1024 / 1024:.1f} MiB"


def _verdicts(file: ReviewedFile) -> str:
    said = [
        f"{count} {word}"
        for count, word in ((file.accepted, "accepted"), (file.rejected, "rejected"), (file.reopened, "open again"))
        if count
    ]
    return ", ".join(said)


def _name(file: ReviewedFile) -> str:
    old = "" if file.old_path is None else f"{path_text(file.old_path)} -> "
    return f"{old}{path_text(file.path)}"


def flag_text(flag: ChangeFlag) -> str:
    """A flag as one line."""
    return f"{f'line {flag.line}: ' if flag.line else ''}{one_line(flag.reason, 160)}"


def show_file_head(console: Console, file: ReviewedFile) -> None:
    """The name of a file, what happened to it, and its flags."""
    console.print(f"{_name(file)}", style="bold", end="  ")
    console.print(file.status.replace("_", " "), style="dim")
    for flag in file.flags:
        console.print(f"! {flag_text(flag)}", style="yellow")


def show_unit(
    console: Console, file: ReviewedFile, unit: ReviewUnit, *, head: str = "", numbered: bool = False
) -> None:
    """One unit with its lines.

    Args:
        head: shown before its position in the file, such as "3/17".
        numbered: count the changed lines.
    """
    console.print(f"{head}{' ' * bool(head)}{_place(file, unit)}", style="cyan", end="  ")
    console.print(_state(unit), style=style_of(unit.state))
    count = 0
    for line in unit.lines:
        if numbered:
            count += line.kind != "context"
            console.print(f"{'' if line.kind == 'context' else count:>5} ", style="dim", end="")
        console.print(_line(line))
        if line.end == "none":
            console.print(NO_END, style="dim")

    if unit.edited is not None:
        console.print("your text:", style="cyan")
        for text in unit.edited.splitlines():
            console.print(f"+{_safe(text)}", style="green")


def _state(unit: ReviewUnit) -> str:
    if unit.state == "open":
        return f"{unit.reopened} before the agent changed it" if unit.reopened else ""
    return marked(unit.state)


def _place(file: ReviewedFile, unit: ReviewUnit) -> str:
    match unit.kind:
        case "hunk":
            return f"@@ -{unit.old_start},{unit.old_count} +{unit.new_start},{unit.new_count} @@"
        case "rename":
            return f"renamed from {path_text(file.old_path or '')}"
        case "mode":
            return f"mode {file.old_mode} -> {file.new_mode}"
        case _:
            sizes = f"{size(file.old_size)} -> {size(file.new_size)}"
            return f"{WHOLE.get(file.status, 'the whole file')} ({sizes}{', LFS' * file.lfs})"


def _line(line: DiffLine) -> Text:
    """The line in its colour, with its changed words reversed; nothing in it reaches the terminal as a command."""
    from rich.text import Text

    sign, style = SIGNS[line.kind]
    shown = Text(sign, style=style)
    at = 0
    for start, end in line.spans:
        shown.append(_safe(line.text[at:start]))
        shown.append(_safe(line.text[start:end]), style="reverse")
        at = end
    shown.append(_safe(line.text[at:]))
    if line.left_out:
        shown.append(f" [{line.left_out} more characters]", style="dim")
    return shown


def _safe(text: str) -> str:
    """Part of a line; a lone carriage return must not begin a new one that looks like another line of the diff."""
    return plain(text.replace("\r", "\\r"))
