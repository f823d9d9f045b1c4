"""A tree against its base: the files that differ, how much, and the diff as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote_from_bytes

import msgspec

from boocoder.errors import GitError
from boocoder.git.shadow import ShadowRepository
from boocoder.git.snapshot import Skipped
from boocoder.git.tree_diff import NO_MODE, ChangedFile
from boocoder.model.limits import DIFF_STORE_MAX_BYTES

PATH_SAFE = "/ !#$&'()*+,-.:;=?@[]^_`{|}~"  # all printable ASCII but '%', '"', '\\', '<' and '>'


class FileRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One changed file, as stored with the change and shown to clients.

    Args:
        path: as text; a path that is not UTF-8 has its bytes percent-coded, and `path_coded` is true.
        status: A, M, D or T (type changed).
        additions, deletions: lines; None for binary files.
        old_mode, new_mode: as git writes them, "" where there is no such side.
    """

    path: str
    status: str
    additions: int | None = None
    deletions: int | None = None
    old_mode: str = ""
    new_mode: str = ""
    path_coded: bool = False


@dataclass(frozen=True, slots=True)
class ChangeMeasure:
    """What the worktree is now, against its base.

    Args:
        files: JSON list of FileRow.
        additions, deletions: lines over all text files.
        diff: None past DIFF_STORE_MAX_BYTES: it is read from the shadow repository then.
        skipped: what is in the worktree and not in the tree as it is.
    """

    base_tree: str
    tree: str
    files: bytes
    file_count: int
    additions: int
    deletions: int
    diff: bytes | None
    skipped: tuple[Skipped, ...] = ()


async def measure(shadow: ShadowRepository, *, base_tree: str, tree: str) -> ChangeMeasure:
    """Measure `tree` against `base_tree`.

    Raises:
        GitError: git refused, or took too long.
    """
    if base_tree == tree:
        return ChangeMeasure(base_tree, tree, b"[]", 0, 0, 0, b"")
    changed, diff = await _compared(shadow, base_tree, tree)
    rows = [_row(file) for file in changed]
    return ChangeMeasure(
        base_tree=base_tree,
        tree=tree,
        files=msgspec.json.encode(rows),
        file_count=len(rows),
        additions=sum(row.additions or 0 for row in rows),
        deletions=sum(row.deletions or 0 for row in rows),
        diff=diff,
    )


async def _compared(shadow: ShadowRepository, base_tree: str, tree: str) -> tuple[list[ChangedFile], bytes | None]:
    """The files, and the diff unless it is too large to be stored."""
    try:
        return await shadow.files_and_diff(base_tree, tree, max_bytes=DIFF_STORE_MAX_BYTES)
    except GitError as error:
        if error.code != "git_output_too_large":
            raise
    return await shadow.changed_files(base_tree, tree), None


def _row(file: ChangedFile) -> FileRow:
    path, coded = path_text(file.path)
    return FileRow(
        path=path,
        status=file.status,
        additions=file.additions,
        deletions=file.deletions,
        old_mode="" if file.old_mode == NO_MODE else file.old_mode,
        new_mode="" if file.new_mode == NO_MODE else file.new_mode,
        path_coded=coded,
    )


def path_text(path: bytes) -> tuple[str, bool]:
    """A path as text without loss, and whether it had to be percent-coded."""
    try:
        return path.decode(), False
    except UnicodeDecodeError:
        return quote_from_bytes(path, safe=PATH_SAFE), True
