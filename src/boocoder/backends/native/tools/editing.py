"""The tool `edit`: by exact text or by line numbers. If an edit does not match, the answer shows the current lines."""

from __future__ import annotations

import difflib
from dataclasses import replace

from boocoder.backends.native.tools.arguments import EditArguments
from boocoder.backends.native.tools.edit_form import EditForm
from boocoder.backends.native.tools.files import changed, text_of, write_text
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.path_policy import ResolvedPath
from boocoder.backends.native.tools.result import ToolResult, numbered, shorten, tool_refused

NEAR_LINES_MAX = 4_000  # a longer file is not compared line by line
NEAR_CHARS_MAX = 400  # of a line that is compared; longer ones would take seconds
AROUND_LINES = 3  # shown before and behind a place
UNSEEN_MAX_CHARS = 6_000  # of a file that is shown because it was not read yet


def form_of(args: EditArguments) -> EditForm:
    """The form of an edit."""
    return EditForm.LINES if args.first and not args.old else EditForm.EXACT


def edit_file(place: ResolvedPath, args: EditArguments, *, known: KnownFiles) -> ToolResult:
    """Replace a part of a file that the model has seen.

    Args:
        place: the file.
        args: the part and its replacement.
        known: files that the model has seen.
    """
    before = text_of(place)
    if isinstance(before, ToolResult):
        return before
    if not known.has_seen(place.path):
        known.show(place.path, before)
        lines = before.splitlines()
        whole = numbered(lines, 1) if form_of(args) is EditForm.LINES else "\n".join(lines)
        shown = shorten(whole, UNSEEN_MAX_CHARS)
        return tool_refused(f"You have not read {place.shown} yet, so nothing was changed. It holds now:\n{shown}")
    windows = "\r\n" in before and "\r\n" not in args.old
    text = before.replace("\r\n", "\n") if windows else before
    edited = (
        _by_lines(place, text, args, known, before) if form_of(args) is EditForm.LINES else _exact(place, text, args)
    )
    if isinstance(edited, ToolResult):
        return edited
    after, line, said = edited
    whole = after.replace("\n", "\r\n") if windows else after
    problem = write_text(place, whole)
    if problem:
        return tool_refused(problem)
    known.show(place.path, whole)
    return changed(place, said, text, after, line)


def _exact(place: ResolvedPath, text: str, args: EditArguments) -> tuple[str, int, str] | ToolResult:
    if not args.old:
        return tool_refused("edit needs old: copy the text to replace from the file, or use write for a new file.")
    if args.old == args.new:
        return tool_refused("old and new are the same text: nothing to change.")
    count = text.count(args.old)
    if count == 0:
        return _missed(_not_found(place.shown, text, args.old))
    lines = _lines_of(text, args.old)
    if count > 1 and not args.all:
        numbers = ", ".join(str(number) for number in lines[:10])
        every = text.split("\n")
        shown = "\n[...]\n".join("\n".join(every[max(number - 2, 0) : number + 1]) for number in lines[:3])
        return _missed(
            f"old occurs {count} times in {place.shown} (lines {numbers}): add lines around it until it occurs only "
            f"once, or set all to true. The first places:\n{shown}"
        )
    times = "" if count == 1 else f" in {count} places"
    return text.replace(args.old, args.new), lines[0], f"Edited {place.shown}{times}, at line {lines[0]}."


def _by_lines(
    place: ResolvedPath, text: str, args: EditArguments, known: KnownFiles, before: str
) -> tuple[str, int, str] | ToolResult:
    lines = text.split("\n")
    count = len(lines) - (lines[-1] == "")
    first, last = args.first, args.last or args.first
    if not known.is_current(place.path, before):
        known.show(place.path, before)
        shown = _lines_around(lines, max(first, 1), min(max(last, first), count))
        return _missed(f"{place.shown} has changed since you read it. The lines are now:\n{shown}")
    if not 1 <= first <= count + 1 or not first - 1 <= last <= count:
        return _missed(
            f"{place.shown} has the lines 1 to {count}; {first} to {last} are none of them. Its end is:\n"
            f"{_lines_around(lines, count, count)}"
        )
    new = args.new.removesuffix("\n").split("\n") if args.new else []
    after = [*lines[: first - 1], *new, *lines[last:]]
    shown = _lines_around(after, first, first + len(new) - 1)
    return "\n".join(after), first, f"Edited {place.shown}. The lines are now:\n{shown}"


def _missed(text: str) -> ToolResult:
    return replace(tool_refused(text), missed=True)


def _lines_around(lines: list[str], first: int, last: int) -> str:
    """Numbered lines, from 1, with the lines around them."""
    start = max(first - 1 - AROUND_LINES, 0)
    return numbered(lines[start : max(last, first) + AROUND_LINES], start + 1)


def _lines_of(text: str, part: str) -> list[int]:
    """The numbers of the lines, from 1, in which `part` occurs."""
    lines, place = [], text.find(part)
    while place >= 0:
        lines.append(text.count("\n", 0, place) + 1)
        place = text.find(part, place + len(part))
    return lines


def _not_found(shown: str, text: str, old: str) -> str:
    head = f"old does not occur in {shown}."
    lines, wanted = text.split("\n"), old.strip("\n").split("\n")
    if len(lines) > NEAR_LINES_MAX:
        return f"{head} Read the place again and copy the text exactly."
    squeezed = [" ".join(line.split()) for line in wanted]
    for start in range(len(lines) - len(wanted) + 1):
        window = lines[start : start + len(wanted)]
        if [" ".join(line.split()) for line in window] == squeezed:
            found = "\n".join(window)
            return f"{head} Lines {start + 1}-{start + len(wanted)} differ only in spaces; they are exactly:\n{found}"
    anchor = max(wanted, key=lambda line: len(line.strip()))
    comparable = [line for line in lines if len(line) <= NEAR_CHARS_MAX]
    near = difflib.get_close_matches(anchor[:NEAR_CHARS_MAX], comparable, n=1, cutoff=0.5)
    if not near:
        beginning = shorten("\n".join(lines[:20]), 1_500)
        return f"{head} Nothing in it is like that; read the file again. It begins with:\n{beginning}"
    at = lines.index(near[0])
    around = "\n".join(lines[max(at - AROUND_LINES, 0) : at + AROUND_LINES + 1])
    return f"{head} The nearest place, around line {at + 1}, is exactly:\n{around}"
