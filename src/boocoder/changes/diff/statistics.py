"""Statistics of a tree against its base: changed files, line counts, and the diff as bytes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

import msgspec

from boocoder.changes.diff.hunks import REGULAR_MODES
from boocoder.changes.diff.model import FileChange, FileStatus
from boocoder.changes.diff.tree_diff import structured_diff
from boocoder.errors import GitError
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.snapshot import SkippedPath
from boocoder.model.limits import DIFF_STORE_MAX_BYTES
from boocoder.wire.changes import FileSummary

log = logging.getLogger(__name__)

_LETTERS: Mapping[FileStatus, str] = {
    "added": "A",
    "modified": "M",
    "deleted": "D",
    "renamed": "R",
    "type_changed": "T",
}
_POINTER_LINES = (b"\n+oid sha256:", b"\n-oid sha256:")
PATH_SAFE = "/ !#$&'()*+,-.:;=?@[]^_`{|}~"  # all printable ASCII but '%', '"', '\\', '<' and '>'


class FileRow(FileSummary, frozen=True, omit_defaults=True):
    """One changed file as it is stored with its change: fields with their default values are omitted."""


@dataclass(frozen=True, slots=True)
class ChangeMeasure:
    """What the worktree is now, against its base.

    Args:
        files: JSON list of FileRow.
        additions, deletions: lines over all text files.
        diff: None past DIFF_STORE_MAX_BYTES: it is read from the shadow repository then.
        skipped: what is in the worktree and not in the tree as it is.
        head_commit: what the session's branch was on; None where that is not known.
    """

    base_tree: str
    tree: str
    files: bytes
    file_count: int
    additions: int
    deletions: int
    diff: bytes | None
    skipped: tuple[SkippedPath, ...] = ()
    head_commit: str | None = None


async def measure(shadow: ShadowRepository, *, base_tree: str, tree: str) -> ChangeMeasure:
    """Measure `tree` against `base_tree`, in files and lines as a review of it counts them.

    Raises:
        GitError: git refused, or took too long.
    """
    if base_tree == tree:
        return ChangeMeasure(base_tree, tree, b"[]", 0, 0, 0, b"")
    changed, diff = await _compared(shadow, base_tree, tree)
    rows = [_row(file) for file in changed]
    if diff is not None and _is_counted_otherwise(shadow, changed, diff):
        try:
            rows = [_reviewed(file) for file in await structured_diff(shadow, base_tree, tree)]
        except GitError:  # a turn's change is kept anyway
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
    return await shadow.changed_files(base_tree, tree, sizes=False), None


def _is_counted_otherwise(shadow: ShadowRepository, changed: Sequence[ChangedFile], diff: bytes) -> bool:
    """Whether a review may find other files or lines than git: it detects renames and pointers of Git LFS, and shows
    what attributes hide."""
    if any(one in diff for one in _POINTER_LINES):
        return True
    if {"A", "D"} <= {file.status for file in changed}:
        return True
    return bool(shadow.settings.attributes.strip()) and any(file.binary for file in changed)


def _row(file: ChangedFile) -> FileRow:
    regular = {file.old_mode, file.new_mode} - {NO_MODE} <= REGULAR_MODES and file.status != "T"
    lines = (file.additions, file.deletions) if regular or file.binary else (0, 0)
    return _of(file.path, file.status, lines, (file.old_mode, file.new_mode))


def _reviewed(file: FileChange) -> FileRow:
    lfs = file.lfs is not None
    lines = (None, None) if file.binary or lfs else (file.additions, file.deletions)
    return _of(file.path, _LETTERS[file.status], lines, (file.old_mode, file.new_mode), file.old_path, lfs=lfs)


def _of(
    path: bytes,
    status: str,
    lines: tuple[int | None, int | None],
    modes: tuple[str, str],
    old_path: bytes | None = None,
    *,
    lfs: bool = False,
) -> FileRow:
    text, coded = path_text(path)
    old_text, old_coded = ("", False) if old_path is None else path_text(old_path)
    old_mode, new_mode = ("" if mode == NO_MODE else mode for mode in modes)
    return FileRow(text, status, *lines, old_mode, new_mode, coded, old_text, old_coded, lfs)


def path_text(path: bytes) -> tuple[str, bool]:
    """A path as text without loss, and whether it had to be percent-coded."""
    try:
        return path.decode(), False
    except UnicodeDecodeError:
        return quote_from_bytes(path, safe=PATH_SAFE), True
