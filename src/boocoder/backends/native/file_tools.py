"""The tools read, write, edit and list on real files. They are given places that are allowed; they ask nobody."""

from __future__ import annotations

import difflib
import os
from collections import deque
from pathlib import Path

from boocoder.backends.native.places import Place
from boocoder.backends.native.tool_args import Edit, Read, Write
from boocoder.backends.native.tool_result import SKIPPED_FOLDERS, ToolResult, refused
from boocoder.events.agent_event import FileDiff, Location

FILE_MAX_BYTES = 8 * 1024 * 1024  # a larger file is data: read parts of it with the shell
LINE_MAX_CHARS = 2_000  # of one line shown; minified code has lines of megabytes
LIST_MAX_ENTRIES = 300
LOOK_MAX_ENTRIES = 5_000  # entries looked at for one listing, or for a file of the same name
NEAR_LINES_MAX = 4_000  # a longer file is not compared line by line
NEAR_CHARS_MAX = 400  # of a line that is compared; longer ones would take seconds
SHOWN_DIFF_CHARS = 200_000  # of each side of a diff; past this the screen gets none


def read_file(place: Place, args: Read, *, max_chars: int) -> ToolResult:
    """Lines of a text file, with where to go on."""
    if place.path.is_dir():
        return list_folder(place, max_chars=max_chars)
    text = _text_of(place)
    if isinstance(text, ToolResult):
        return text
    lines = text.splitlines(keepends=False) if "\r" in text else text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    first = max(args.offset, 1)
    if not lines:
        return ToolResult(True, f"{place.shown} is empty.", locations=(Location(place.shown),))
    if first > len(lines):
        return refused(f"{place.shown} has only {len(lines)} lines; offset {args.offset} is behind its end.")
    shown: list[str] = []
    left = max_chars
    for line in lines[first - 1 : first - 1 + max(args.limit, 1)]:
        cut = line if len(line) <= LINE_MAX_CHARS else f"{line[:LINE_MAX_CHARS]} [line goes on, {len(line)} characters]"
        left -= len(cut) + 1
        if left < 0 and shown:
            break
        shown.append(cut)
    last = first + len(shown) - 1
    more = f"\n[lines {first}-{last} of {len(lines)}; go on with offset {last + 1}]" if last < len(lines) else ""
    return ToolResult(True, "\n".join(shown) + more, locations=(Location(place.shown, first),))


def write_file(place: Place, args: Write) -> ToolResult:
    """Make or replace a file, and the folders above it."""
    if place.path.is_dir():
        return refused(f"{place.shown} is a directory; name a file.")
    before = _old_text(place.path)
    if before == args.content:
        return ToolResult(True, f"{place.shown} has this content already; nothing was changed.")
    problem = _write(place, args.content)
    if problem:
        return refused(problem)
    verb = "Created" if before is None else "Replaced"
    count = len(args.content.splitlines())
    return _changed(place, f"{verb} {place.shown} ({count} lines).", before, args.content)


def edit_file(place: Place, args: Edit) -> ToolResult:
    """Replace an exact text, once or everywhere."""
    before = _text_of(place)
    if isinstance(before, ToolResult):
        return before
    if not args.old:
        return refused("old is empty: copy the text to replace from the file, or use write for a new file.")
    if args.old == args.new:
        return refused("old and new are the same text: nothing to change.")
    windows = "\r\n" in before and "\r\n" not in args.old
    text = before.replace("\r\n", "\n") if windows else before
    count = text.count(args.old)
    if count == 0:
        return refused(_not_found(place.shown, text, args.old))
    if count > 1 and not args.all:
        lines = ", ".join(str(number) for number in _lines_of(text, args.old)[:10])
        return refused(
            f"old stands {count} times in {place.shown} (lines {lines}): add lines around it until it stands only "
            "once, or set all to true."
        )
    after = text.replace(args.old, args.new)
    line = _lines_of(text, args.old)[0]
    problem = _write(place, after.replace("\n", "\r\n") if windows else after)
    if problem:
        return refused(problem)
    times = "" if count == 1 else f" in {count} places"
    return _changed(place, f"Edited {place.shown}{times}, at line {line}.", text, after, line)


def list_folder(place: Place, *, max_chars: int) -> ToolResult:
    """What is in a folder, nearest first, as deep as there is room."""
    if not place.path.exists():
        return refused(f"There is no {place.shown}.{_similar(place.path)}")
    if not place.path.is_dir():
        return refused(f"{place.shown} is a file; use read.")
    found: list[str] = []
    waiting = deque([place.path])
    left_out = 0
    while waiting:
        folder = waiting.popleft()
        for entry in _entries(folder):
            is_folder = entry.is_dir(follow_symlinks=False)
            if len(found) >= LIST_MAX_ENTRIES:
                left_out += 1
                continue
            path = Path(entry.path)
            found.append(f"{path.relative_to(place.path)}{'/' if is_folder else ''}")
            if is_folder and entry.name not in SKIPPED_FOLDERS:
                waiting.append(path)
        if left_out:
            break
    text = "\n".join(sorted(found))[:max_chars] or f"{place.shown} is empty."
    more = "\n[there is more: list a folder by its name]" if left_out or waiting else ""
    return ToolResult(True, text + more, locations=(Location(place.shown),))


def _text_of(place: Place) -> str | ToolResult:
    """The text of a file; bytes that are no UTF-8 come back as they were when it is written."""
    try:
        if not place.path.exists():
            return refused(f"There is no file {place.shown}.{_similar(place.path)}")
        if not place.path.is_file():
            return refused(f"{place.shown} is not a file.")
        size = place.path.stat().st_size
        if size > FILE_MAX_BYTES:
            return refused(f"{place.shown} has {size} bytes, too many to read at once; use shell with sed or grep.")
        data = place.path.read_bytes()
    except OSError as error:
        return refused(f"{place.shown} cannot be read: {error.strerror}.")
    if b"\x00" in data[:8_192]:
        return refused(f"{place.shown} is a binary file of {len(data)} bytes.")
    return data.decode("utf-8", errors="surrogateescape")


def _old_text(path: Path) -> str | None:
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            return ""
        return path.read_bytes().decode("utf-8", errors="surrogateescape")
    except OSError:
        return None


def _write(place: Place, text: str) -> str:
    """Write the text; what went wrong, or ""."""
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True)
        place.path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    except OSError as error:
        return f"{place.shown} cannot be written: {error.strerror}."
    except UnicodeEncodeError:
        return f"The text for {place.shown} holds half a character (a lone surrogate); send it again."
    return ""


def _changed(place: Place, output: str, before: str | None, after: str, line: int | None = None) -> ToolResult:
    locations = (Location(place.shown, line),)
    if max(len(before or ""), len(after)) > SHOWN_DIFF_CHARS:
        return ToolResult(True, output, locations=locations)
    return ToolResult(True, output, locations=locations, diffs=(FileDiff(place.shown, before, after),))


def _lines_of(text: str, part: str) -> list[int]:
    """The lines, from 1, in which the places of `part` begin."""
    lines, place = [], text.find(part)
    while place >= 0:
        lines.append(text.count("\n", 0, place) + 1)
        place = text.find(part, place + len(part))
    return lines


def _not_found(shown: str, text: str, old: str) -> str:
    head = f"old does not stand in {shown}."
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
        return f"{head} Nothing in it is like that; read the file first."
    at = lines.index(near[0])
    around = "\n".join(lines[max(at - 3, 0) : at + 4])
    return f"{head} The nearest place, around line {at + 1}, is exactly:\n{around}"


def _similar(path: Path) -> str:
    """A sentence with files that may be meant."""
    try:
        beside = [entry.name for entry in _entries(path.parent)]
    except OSError:
        beside = []
    near = difflib.get_close_matches(path.name, beside, n=3, cutoff=0.6)
    return f" In that folder there is: {', '.join(near)}." if near else " Use list or search to find it."


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry, _ in zip(found, range(LOOK_MAX_ENTRIES), strict=False)]
    except OSError:
        return []
    return sorted(entries, key=lambda entry: entry.name)
