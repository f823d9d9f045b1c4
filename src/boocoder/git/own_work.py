"""What of a worktree no snapshot holds: commits of its own, nested repositories, ignored files. It only looks."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boocoder.git.linked_worktree import admin_of
from boocoder.git.project import user_git
from boocoder.git.shadow import ShadowRepository, real_path

BLOCK_BYTES = 512  # st_blocks counts these, whatever the file system's own blocks are (stat(2))
NESTED_SHOWN = 5
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much disk a directory takes.

    Args:
        size_bytes: of all files below it.
        nested: paths of repositories inside, a few.
    """

    size_bytes: int
    nested: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """An ignored file, or a directory of which everything is ignored."""

    path: bytes
    size_bytes: int


async def own_commit(shadow: ShadowRepository, worktree: Path, base_commit: str) -> str | None:
    """The commit that a worktree stands on, if only its own HEAD keeps it; else None.

    Raises:
        GitError: git failed.
    """
    admin = admin_of(shadow.checkout.common_dir, real_path(worktree))
    if admin is None:
        return None
    try:
        head = (admin / "HEAD").read_text("ascii", "replace").strip()
    except OSError:
        return None
    if not _COMMIT.fullmatch(head) or head == base_commit:
        return None
    git = user_git(shadow.checkout)
    missing = await git("rev-list", "--single-worktree", "--max-count=1", head, "--not", "--all")
    return head if missing.strip() else None


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
    told = await shadow.git(
        "ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory", work_tree=worktree.resolve(), index=index
    )
    return [path for path in told.split(b"\0") if path]


def measure_ignored(worktree: Path, paths: list[bytes]) -> list[Ignored]:
    """How much disk each takes, the largest first. It blocks."""
    root = os.fsencode(worktree)
    sized = [Ignored(path, extent(root + b"/" + path.rstrip(b"/")).size_bytes) for path in paths]
    return sorted(sized, key=lambda one: one.size_bytes, reverse=True)


def extent(directory: bytes) -> Extent:
    """Measure a directory, or a file. Symbolic links are not followed. It blocks."""
    size = 0
    nested: list[bytes] = []
    for path, blocks in _walk(directory):
        size += blocks * BLOCK_BYTES
        if path.endswith(b"/.git") and path != directory + b"/.git" and len(nested) < NESTED_SHOWN:
            nested.append(path[len(directory) + 1 : -len(b"/.git")])
    return Extent(size, tuple(nested))


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
        except OSError:  # gone meanwhile, or not for us to read
            continue
