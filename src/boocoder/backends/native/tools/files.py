"""The tools `read`, `write` and `list`, on paths that were resolved and allowed before."""

from __future__ import annotations

import difflib
import os
from collections import deque
from pathlib import Path

from boocoder.backends.native.tools.arguments import ReadArguments, WriteArguments
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.path_policy import ResolvedPath, open_resolved
from boocoder.backends.native.tools.result import SKIPPED_FOLDERS, ToolResult, numbered, tool_refused
from boocoder.events.agent_event import FileDiff, Location

FILE_MAX_BYTES = 8 * 1024 * 1024  # a larger file is data: read parts of it with the shell
LINE_MAX_CHARS = 2_000  # of one line shown; minified code has lines of megabytes
LIST_MAX_ENTRIES = 300
LOOK_MAX_ENTRIES = 5_000  # entries looked at for one listing, or for a file of the same name
SHOWN_DIFF_CHARS = 200_000  # of each side of a diff; past this the screen gets none


def read_file(
    place: ResolvedPath, args: ReadArguments, *, max_chars: int, known: KnownFiles, with_numbers: bool = False
) -> ToolResult:
    """Read lines of a text file, with a hint how to read on.

    Args:
        place: the file; a folder is listed.
        args: which lines.
        max_chars: of the result.
        known: records what the model has seen.
        with_numbers: prefix each line with its number.
    """
    if place.path.is_dir():
        return list_folder(place, max_chars=max_chars)
    text = text_of(place)
    if isinstance(text, ToolResult):
        return text
    known.show(place.path, text)
    lines = text.splitlines(keepends=False) if "\r" in text else text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    first = max(args.offset, 1)
    if not lines:
        return ToolResult(True, f"{place.shown} is empty.", locations=(Location(place.shown),))
    if first > len(lines):
        return tool_refused(f"{place.shown} has only {len(lines)} lines; offset {args.offset} is behind its end.")
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
    body = numbered(shown, first) if with_numbers else "\n".join(shown)
    return ToolResult(True, body + more, locations=(Location(place.shown, first),))


def write_file(place: ResolvedPath, args: WriteArguments, *, known: KnownFiles) -> ToolResult:
    """Create or replace a file and create its parent folders."""
    if place.path.is_dir():
        return tool_refused(f"{place.shown} is a directory; name a file.")
    before = _old_text(place.path)
    if before == args.content:
        return ToolResult(True, f"{place.shown} has this content already; nothing was changed.")
    problem = write_text(place, args.content)
    if problem:
        return tool_refused(problem)
    known.show(place.path, args.content)
    verb = "Created" if before is None else "Replaced"
    count = len(args.content.splitlines())
    return changed(place, f"{verb} {place.shown} ({count} lines).", before, args.content)


def list_folder(place: ResolvedPath, *, max_chars: int) -> ToolResult:
    """List a folder, nearest entries first, as deep as the limit allows."""
    if not place.path.exists():
        return tool_refused(f"There is no {place.shown}.{_similar(place.path)}")
    if not place.path.is_dir():
        return tool_refused(f"{place.shown} is a file; use read.")
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


def text_of(place: ResolvedPath) -> str | ToolResult:
    """Read the text of a file; invalid UTF-8 is preserved when it is written back."""
    try:
        if not place.path.exists():
            return tool_refused(f"There is no file {place.shown}.{_similar(place.path)}")
        if not place.path.is_file():
            return tool_refused(f"{place.shown} is not a file.")
        size = place.path.stat().st_size
        if size > FILE_MAX_BYTES:
            return tool_refused(
                f"{place.shown} has {size} bytes, too many to read at once; use shell with sed or grep."
            )
        data = _bytes_of(place.path)
    except OSError as error:
        return tool_refused(f"{place.shown} cannot be read: {error.strerror}.")
    if b"\x00" in data[:8_192]:
        return tool_refused(f"{place.shown} is a binary file of {len(data)} bytes.")
    return data.decode("utf-8", errors="surrogateescape")


def _old_text(path: Path) -> str | None:
    try:
        if path.stat().st_size > FILE_MAX_BYTES:
            return ""
        return _bytes_of(path).decode("utf-8", errors="surrogateescape")
    except OSError:
        return None


def _bytes_of(path: Path) -> bytes:
    with os.fdopen(open_resolved(path, os.O_RDONLY), "rb") as file:
        return file.read()


def write_text(place: ResolvedPath, text: str) -> str:
    """Write the text; returns the problem, or ""."""
    try:
        place.path.parent.mkdir(parents=True, exist_ok=True)
        data = text.encode("utf-8", errors="surrogateescape")
        with os.fdopen(open_resolved(place.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:
            file.write(data)
    except OSError as error:
        return f"{place.shown} cannot be written: {error.strerror}."
    except UnicodeEncodeError:
        return f"The text for {place.shown} holds half a character (a lone surrogate); send it again."
    return ""


def changed(place: ResolvedPath, output: str, before: str | None, after: str, line: int | None = None) -> ToolResult:
    """The result of a change, with the diff of the two texts unless it is too large."""
    locations = (Location(place.shown, line),)
    if max(len(before or ""), len(after)) > SHOWN_DIFF_CHARS:
        return ToolResult(True, output, locations=locations)
    return ToolResult(True, output, locations=locations, diffs=(FileDiff(place.shown, before, after),))


def _similar(path: Path) -> str:
    """A sentence that suggests files with similar names."""
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
