"""Finds what of a worktree no snapshot holds: nested repositories, ignored files, what changed since. Read-only."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.shadow.repository import ShadowRepository

BLOCK_BYTES = 512  # unit of st_blocks, independent of the file system's block size (stat(2))
NESTED_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DirectorySize:
    """How much disk a directory takes.

    Args:
        size_bytes: of all files below it.
        nested: paths of repositories inside, a few.
    """

    size_bytes: int
    nested: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class IgnoredPath:
    """An ignored file, or a directory of which everything is ignored."""

    path: bytes
    size_bytes: int


async def changed_since(shadow: ShadowRepository, worktree: Path, *, index: Path, tree: str) -> set[bytes]:
    """Those files of a tree that are otherwise on disk, every file being read.

    Args:
        index: a file that does not exist; it is deleted again.
    """
    try:
        return await shadow.differing(worktree, index=index, tree=tree)
    finally:
        index.unlink(missing_ok=True)


async def ignored_files(shadow: ShadowRepository, worktree: Path, *, index: Path) -> list[bytes]:
    """Paths that patterns ignore; directories end with `/`."""
    listed = await shadow.git(
        "ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory", work_tree=worktree.resolve(), index=index
    )
    return [path for path in listed.split(b"\0") if path]


def measure_ignored(worktree: Path, paths: list[bytes]) -> list[IgnoredPath]:
    """How much disk each takes, the largest first. It blocks."""
    root = os.fsencode(worktree)
    sized = [IgnoredPath(path, extent(root + b"/" + path.rstrip(b"/")).size_bytes) for path in paths]
    return sorted(sized, key=lambda one: one.size_bytes, reverse=True)


def extent(directory: bytes, submodules: Collection[bytes] = ()) -> DirectorySize:
    """Measure a directory, or a file. Symbolic links are not followed. It blocks.

    Args:
        submodules: paths of repositories inside that are not named.
    """
    size = 0
    nested: list[bytes] = []
    for path, blocks in _walk(directory):
        size += blocks * BLOCK_BYTES
        if path.endswith(b"/.git") and path != directory + b"/.git" and len(nested) < NESTED_SHOWN:
            inside = path[len(directory) + 1 : -len(b"/.git")]
            if inside not in submodules:
                nested.append(inside)
    return DirectorySize(size, tuple(nested))


def _walk(top: bytes) -> Iterator[tuple[bytes, int]]:
    try:
        found = os.lstat(top)
    except OSError:
        return
    yield top, found.st_blocks
    folders = [top] if stat.S_ISDIR(found.st_mode) else []
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    yield entry.path, entry.stat(follow_symlinks=False).st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError:  # deleted since, or not readable
            continue
