"""Makes git name the function of a hunk as the project's attributes ask for (`*.cs diff=csharp`).

A diff of two trees reads no attributes, so that none can hide a line of a change. Of the tree's own attributes only
those are passed on that choose one of git's built-in patterns for headings; they change nothing else.
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from boocoder.git.refs import check_id
from boocoder.git.shadow.objects import ShadowGit, read_blobs

# git's own (gitattributes, "Defining a custom hunk-header"); any other name has no pattern without configuration.
_BUILT_IN = """ada bash bibtex cpp csharp css dts elixir fortran fountain golang html java kotlin markdown matlab objc
    pascal perl php python ruby rust scheme tex"""
BUILT_IN = frozenset(_BUILT_IN.split())
FILES_MAX = 500
FILE_MAX_BYTES = 100_000
LINES_MAX = 2_000
_NAME = b".gitattributes"
_LINE = re.compile(rb"[ \t]*([^ \t\"\[#][^ \t]*)[ \t]+(.*)")
_SPECIAL = re.compile(rb"([*?\[\\])")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_OPTION = "core.attributesFile"


@asynccontextmanager
async def heading_options(shadow: ShadowGit, tree: str) -> AsyncIterator[tuple[str, ...]]:
    """Options for a git call that prints a difference to `tree`; none where its attributes choose no pattern.

    Raises:
        GitError: git failed.
    """
    lines = await _lines_of(shadow, tree)
    if not lines:
        yield ()
        return
    file = await asyncio.to_thread(_written, shadow.git_dir, b"\n".join(lines) + b"\n")
    try:
        yield ("-c", f"{_OPTION}={file}")
    finally:
        file.unlink(missing_ok=True)


async def _lines_of(shadow: ShadowGit, tree: str) -> list[bytes]:
    listed = await shadow("ls-tree", "-r", "-z", "--full-tree", check_id(tree))
    if _NAME not in listed:
        return []
    files: list[tuple[bytes, str]] = []
    for entry in listed.split(b"\0")[:-1]:
        about, _, path = entry.partition(b"\t")
        folder, _, name = path.rpartition(b"/")
        mode, kind, blob = about.decode().split(" ")
        if name == _NAME and kind == "blob" and mode != "120000":
            files.append((folder, blob))
    files = sorted(files, key=lambda one: (one[0].count(b"/") + bool(one[0]), one[0]))[:FILES_MAX]
    contents = await read_blobs(shadow, {blob for _, blob in files})
    lines = [line for folder, blob in files for line in heading_lines(folder, contents[blob][:FILE_MAX_BYTES])]
    return lines[:LINES_MAX] if any(b" diff=" in line for line in lines) else []


def heading_lines(folder: bytes, attributes: bytes) -> list[bytes]:
    """What a file of attributes says of headings, as lines of a file at the top.

    A line that chooses no built-in pattern takes back an earlier choice.

    Args:
        folder: where the file is, relative to the top; b"" there.
        attributes: its content.
    """
    found: list[bytes] = []
    if _CONTROL.search(folder):  # a line end in a name would begin a line of its own, which could hide lines
        return found
    for line in attributes.splitlines():
        match = _LINE.fullmatch(line)
        if match is None or match[1].startswith(b"!"):
            continue
        chosen = [word for word in match[2].split() if re.fullmatch(rb"[-!]?diff(=.*)?|[-!]?binary", word)]
        if not chosen:
            continue
        name = chosen[-1].removeprefix(b"diff=").decode("utf-8", "replace")
        kept = b"diff=" + name.encode() if name in BUILT_IN else b"!diff"
        found.append(_quoted(_from_top(folder, match[1])) + b" " + kept)
    return found


def _from_top(folder: bytes, pattern: bytes) -> bytes:
    """A pattern as a file at the top has to write it."""
    if not folder:
        return pattern
    place = _SPECIAL.sub(rb"\\\1", folder)
    if b"/" in pattern.rstrip(b"/"):
        return b"/" + place + b"/" + pattern.removeprefix(b"/")
    return b"/" + place + b"/**/" + pattern


def _quoted(pattern: bytes) -> bytes:
    return b'"' + pattern.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _written(git_dir: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=".attributes-", dir=git_dir)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(name)
