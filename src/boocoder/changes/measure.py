"""A tree against its base: the files that differ, how much, and the diff as bytes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

import msgspec

from boocoder.changes.split import REGULAR_MODES
from boocoder.changes.structured import structured_diff
from boocoder.changes.units import FileDiff, FileStatus
from boocoder.errors import GitError
from boocoder.git.shadow import ShadowRepository
from boocoder.git.snapshot import Skipped
from boocoder.git.tree_diff import NO_MODE, ChangedFile
from boocoder.model.limits import DIFF_STORE_MAX_BYTES

log = logging.getLogger(__name__)

_LETTERS: Mapping[FileStatus, str] = {
    "added": "A",
    "modified": "M",
    "deleted": "D",
    "renamed": "R",
    "type_changed": "T",
}
PATH_SAFE = "/ !#$&'()*+,-.:;=?@[]^_`{|}~"  # all printable ASCII but '%', '"', '\\', '<' and '>'


class FileRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One changed file, as stored with the change and shown to clients.

    Args:
        path: as text; a path that is not UTF-8 has its bytes percent-coded, and `path_coded` is true.
        old_path: where a renamed file was; "" else. As `path`.
        status: A, M, D, T (type changed) or R (renamed).
        additions, deletions: lines, as a review counts them: 0 where there are none, such as of a symbolic link; None
            for binary files.
        old_mode, new_mode: as git writes them, "" where there is no such side.
    """

    path: str
    status: str
    additions: int | None = None
    deletions: int | None = None
    old_mode: str = ""
    new_mode: str = ""
    path_coded: bool = False
    old_path: str = ""
    old_path_coded: bool = False


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
    """Measure `tree` against `base_tree`, in files and lines as a review of it counts them.

    Raises:
        GitError: git refused, or took too long.
    """
    if base_tree == tree:
        return ChangeMeasure(base_tree, tree, b"[]", 0, 0, 0, b"")
    changed, diff = await _compared(shadow, base_tree, tree)
    rows = [_row(file) for file in changed]
    if diff is not None and _is_counted_otherwise(shadow, changed):
        try:
            rows = [_reviewed(file) for file in await structured_diff(shadow, base_tree, tree)]
        except GitError:  # a turn's change is kept all the same
            log.warning("change not counted as a review does", extra={"tree": tree}, exc_info=True)
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


def _is_counted_otherwise(shadow: ShadowRepository, changed: Sequence[ChangedFile]) -> bool:
    """Whether a review may find other files or lines than git told: it has renames, and shows what attributes hide."""
    if {"A", "D"} <= {file.status for file in changed}:
        return True
    return bool(shadow.settings.attributes.strip()) and any(file.binary for file in changed)


def _row(file: ChangedFile) -> FileRow:
    regular = {file.old_mode, file.new_mode} - {NO_MODE} <= REGULAR_MODES and file.status != "T"
    lines = (file.additions, file.deletions) if regular or file.binary else (0, 0)
    return _of(file.path, file.status, lines, (file.old_mode, file.new_mode))


def _reviewed(file: FileDiff) -> FileRow:
    lines = (None, None) if file.binary else (file.additions, file.deletions)
    return _of(file.path, _LETTERS[file.status], lines, (file.old_mode, file.new_mode), file.old_path)


def _of(
    path: bytes,
    status: str,
    lines: tuple[int | None, int | None],
    modes: tuple[str, str],
    old_path: bytes | None = None,
) -> FileRow:
    text, coded = path_text(path)
    old_text, old_coded = ("", False) if old_path is None else path_text(old_path)
    old_mode, new_mode = ("" if mode == NO_MODE else mode for mode in modes)
    return FileRow(text, status, *lines, old_mode, new_mode, coded, old_text, old_coded)


def path_text(path: bytes) -> tuple[str, bool]:
    """A path as text without loss, and whether it had to be percent-coded."""
    try:
        return path.decode(), False
    except UnicodeDecodeError:
        return quote_from_bytes(path, safe=PATH_SAFE), True
