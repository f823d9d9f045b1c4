"""Lets git write files, and puts contents in place that are too large for git's memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_IMODE

from boocoder.git.file_links import clone_or_copy
from boocoder.git.lfs.content_filter import ContentFilter
from boocoder.git.lfs.pointer import POINTER_MAX_BYTES, Pointer, parse_pointer
from boocoder.git.shadow.objects import ShadowGit
from boocoder.model.ids import new_id

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _KeptPointer:
    """A file that git wrote as a pointer."""

    pointer: Pointer
    path: bytes
    here: bool


async def write_files(
    shadow: ShadowGit,
    *args: str,
    work_tree: Path,
    index: Path,
    timeout_s: float,
    stdin: bytes = b"",
    pointers_stay: bool = False,
) -> tuple[bytes, ...]:
    """Run a command of git that writes files, with contents in place of the pointers of Git LFS.

    Args:
        args: the subcommand; its index knows the files that it wrote.
        work_tree, index, stdin, timeout_s: as for `ShadowGit`.
        pointers_stay: leave the pointers.

    Returns:
        Paths whose contents are in no store here, so that they are pointers.

    Raises:
        GitError: git failed.
        OSError: a large content could not be written.
    """
    contents = shadow.contents
    if contents is None:
        await shadow(*args, work_tree=work_tree, index=index, stdin=stdin, timeout_s=timeout_s)
        return ()
    report = shadow.git_dir / "staging" / f"{new_id().hex}.report"
    report.parent.mkdir(exist_ok=True)
    reporting = replace(shadow, contents=replace(contents, report=report, pointers_stay=pointers_stay))
    try:
        await reporting(*args, work_tree=work_tree, index=index, stdin=stdin, timeout_s=timeout_s)
        kept = await asyncio.to_thread(_read_report, report)
    finally:
        report.unlink(missing_ok=True)
    large = [one for one in kept if one.here]
    if large:
        await asyncio.to_thread(_fill, contents, work_tree, large)
        # A refresh takes another size than the pointer's for a change, without reading the file
        paths = b"".join(one.path + b"\0" for one in large)
        args = ("update-index", "-z", "--stdin")
        await shadow.result(*args, work_tree=work_tree, index=index, stdin=paths, timeout_s=timeout_s)
    return tuple(one.path for one in kept if not one.here)


def _read_report(report: Path) -> list[_KeptPointer]:
    try:
        records = report.read_bytes().split(b"\0")[:-1]
    except FileNotFoundError:
        return []
    fields = (record.split(b" ", 3) for record in records)
    return [_KeptPointer(Pointer(oid.decode(), int(size)), path, what == b"large") for what, oid, size, path in fields]


def _fill(contents: ContentFilter, work_tree: Path, files: Sequence[_KeptPointer]) -> None:
    for one in files:
        source = contents.store.find(one.pointer)
        if source is not None:
            _fill_one(work_tree, one, source)


def _fill_one(work_tree: Path, one: _KeptPointer, source: Path) -> None:
    """Replace the pointer by a copy of its content; what is something else by now stays."""
    with suppress(FileNotFoundError, NotADirectoryError), _parent(work_tree, one.path) as (fd, name):
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        with os.fdopen(handle, "rb") as file:
            mode = S_IMODE(os.fstat(handle).st_mode)
            if parse_pointer(file.read(POINTER_MAX_BYTES)) != one.pointer:
                return
        made = b".boocoder-" + new_id().hex.encode() + b".tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        writing = os.open(made, flags, 0o600, dir_fd=fd)
        try:
            with source.open("rb") as reading:
                clone_or_copy(reading.fileno(), writing)
            os.fchmod(writing, mode)
            os.rename(made, name, src_dir_fd=fd, dst_dir_fd=fd)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(made, dir_fd=fd)
            raise
        finally:
            os.close(writing)


@contextmanager
def _parent(root: Path, path: bytes) -> Iterator[tuple[int, bytes]]:
    """The directory of a path, opened without following a link below the root."""
    *above, name = path.split(b"/")
    fd = os.open(root, _DIRECTORY)
    try:
        for part in above:
            below = os.open(part, _DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd, name
    finally:
        os.close(fd)
