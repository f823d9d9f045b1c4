"""Program: the native agent's search, in a separate process that can be killed if a pattern takes too long.

It uses only the standard library and is started as a file, with its request as JSON on standard input; it writes
matches to standard output and changes nothing.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_MAX_BYTES = 4 * 1024 * 1024
LINE_MAX_CHARS = 300


def find_files(root: Path, glob: str, skipped: frozenset[str], hidden: tuple[str, ...]) -> Iterator[Path]:
    """Files below `root` in order of their names, without following links."""
    if root.is_file():
        yield root
        return
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in skipped)
        for name in sorted(files):
            path = Path(folder, name)
            shown = path.relative_to(root).as_posix()
            if any(fnmatch.fnmatch(name.lower(), pattern) for pattern in hidden) or path.is_symlink():
                continue
            if not glob or fnmatch.fnmatch(name, glob) or fnmatch.fnmatch(shown, glob.removeprefix("**/")):
                yield path


def find_lines(path: Path, pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """Numbers and texts of matching lines; none for binary or very large files."""
    try:
        if not path.is_file() or path.stat().st_size > FILE_MAX_BYTES:
            return
        data = path.read_bytes()
    except OSError:
        return
    if b"\x00" in data[:8_192]:
        return
    text = data.decode("utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.search(line):
            yield number, line[:LINE_MAX_CHARS]


def main() -> None:
    """Read the request, write the matches."""
    request = json.load(sys.stdin)
    root, base = Path(request["root"]), Path(request["base"])
    pattern = re.compile(request["pattern"])
    left = int(request["max_matches"])
    hidden = tuple(request["hidden"])
    for path in find_files(root, request["glob"], frozenset(request["skipped"]), hidden):
        shown = path.relative_to(base) if path.is_relative_to(base) else path
        for number, line in find_lines(path, pattern):
            if left == 0:
                sys.stdout.write("[there is more: use a narrower pattern, path or glob]\n")
                return
            left -= 1
            sys.stdout.write(f"{shown}:{number}: {line}\n")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    main()
