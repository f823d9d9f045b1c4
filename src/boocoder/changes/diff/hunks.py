"""Splits a changed file into units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from boocoder.changes.diff.flags import flags_of
from boocoder.changes.diff.line_edits import blob_id, splice
from boocoder.changes.diff.model import ID_DIGITS, FileChange, FileStatus, LfsSides, Unit, UnitKind, unit_id
from boocoder.git.diff.patch import Hunk, PatchedFile, RawChange
from boocoder.git.diff.tree_diff import EXECUTABLE_MODE, NO_MODE
from boocoder.git.lfs.pointer import parse_pointer
from boocoder.model.limits import REVIEW_FILE_MAX_BYTES

REGULAR_MODES = frozenset(("100644", EXECUTABLE_MODE, "100664"))  # the last one is in trees of git's first years
_STATUSES: Mapping[str, FileStatus] = {
    "A": "added",
    "M": "modified",
    "D": "deleted",
    "T": "type_changed",
    "R": "renamed",
}


@dataclass(frozen=True, slots=True)
class VerifiedHunks:
    """A file whose hunks were replayed on the base's bytes and gave the new bytes.

    Args:
        old_size, new_size: bytes, of its content in Git LFS where it is there; 0 where there is no file.
        lfs: pointers of Git LFS on both sides; None where neither side is one.
    """

    old_size: int
    new_size: int
    lfs: LfsSides | None = None


def has_lines(patched: PatchedFile) -> bool:
    """Whether git showed lines of a regular file."""
    raw = patched.raw
    return bool(patched.hunks) and {raw.old_mode, raw.new_mode} - {NO_MODE} <= REGULAR_MODES


def needs_base(patched: PatchedFile) -> bool:
    """Whether `verify_hunks` takes the base's content: of a whole file the hunk has all of it."""
    return has_lines(patched) and patched.raw.status in ("M", "R")


def verify_hunks(patched: PatchedFile, base: bytes | None) -> VerifiedHunks | None:
    """Replay the hunks of a file and compare the result with the id of the new content.

    Args:
        patched: with `has_lines`.
        base: its content in the base, if `needs_base`.

    Returns:
        None if the hunks do not make exactly the new content.
    """
    raw = patched.raw
    if raw.status in ("A", "D"):
        hunk = patched.hunks[0]
        whole = b"".join(hunk.new_lines if raw.status == "A" else hunk.old_lines)
        wanted = raw.new_id if raw.status == "A" else raw.old_id
        if len(patched.hunks) > 1 or blob_id(whole, wanted) != wanted:
            return None
        return _verified(b"", whole) if raw.status == "A" else _verified(whole, b"")
    made = None if base is None else splice(base, patched.hunks)
    if base is None or made is None or blob_id(made, raw.new_id) != raw.new_id:
        return None
    return _verified(base, made)


def _verified(old: bytes, new: bytes) -> VerifiedHunks:
    if not (old.startswith(b"version ") or new.startswith(b"version ")):  # nearly every file
        return VerifiedHunks(len(old), len(new))
    sides = LfsSides(parse_pointer(old), parse_pointer(new))
    old_size, new_size = (len(side) if one is None else one.size for side, one in ((old, sides.old), (new, sides.new)))
    return VerifiedHunks(old_size, new_size, sides if sides.old or sides.new else None)


def file_diff(
    patched: PatchedFile, proven: VerifiedHunks | None, sizes: Mapping[str, int], *, target: bytes | None, unread: bool
) -> FileChange:
    """One file with its units.

    Args:
        patched: what git reported.
        proven: None if its content cannot be split.
        sizes: id -> bytes, for what is not proven.
        target: where a new symbolic link points to.
        unread: the change as a whole has too many lines to look at any.
    """
    raw = patched.raw
    if proven is None:
        old_size, new_size = sizes.get(raw.old_id), sizes.get(raw.new_id)
    else:
        old_size = None if raw.old_mode == NO_MODE else proven.old_size
        new_size = None if raw.new_mode == NO_MODE else proven.new_size
    in_lfs = proven is not None and proven.lfs is not None
    too_large = _regular(raw) and not in_lfs and (unread or max(old_size or 0, new_size or 0) > REVIEW_FILE_MAX_BYTES)
    hunks = () if proven is None or too_large or in_lfs else patched.hunks
    return FileChange(
        path=raw.path,
        old_path=raw.old_path,
        status=_STATUSES[raw.status],
        old_mode=raw.old_mode,
        new_mode=raw.new_mode,
        old_id=raw.old_id,
        new_id=raw.new_id,
        old_size=old_size,
        new_size=new_size,
        binary=patched.binary and not too_large,
        too_large=too_large,
        additions=sum(hunk.additions for hunk in hunks),
        deletions=sum(hunk.deletions for hunk in hunks),
        units=_units(raw, hunks),
        flags=flags_of(raw, hunks, target=target, binary=patched.binary, new_size=None if in_lfs else new_size),
        lfs=None if proven is None else proven.lfs,
    )


def _regular(raw: RawChange) -> bool:
    return raw.old_mode in REGULAR_MODES or raw.new_mode in REGULAR_MODES


def _units(raw: RawChange, hunks: tuple[Hunk, ...]) -> tuple[Unit, ...]:
    if raw.status in ("A", "D", "T"):
        return (_whole_unit(raw, hunks),)
    made: list[Unit] = []
    base_path = raw.base_path
    if raw.old_path is not None:
        made.append(Unit(rename_id(raw.old_path, raw.path), UnitKind.RENAME, raw.path))
    if raw.old_mode != raw.new_mode:
        made.append(Unit(mode_id(base_path, raw.old_mode, raw.new_mode), UnitKind.MODE, raw.path))
    if hunks:
        made += [_hunk_unit(raw, base_path, hunk) for hunk in hunks]
    elif raw.old_id != raw.new_id:
        made.append(Unit(content_id(base_path, raw.old_id, raw.new_id), UnitKind.FILE, raw.path))
    return tuple(made)


def _whole_unit(raw: RawChange, hunks: tuple[Hunk, ...]) -> Unit:
    """A file that comes, goes or becomes something else; a text file shows its lines."""
    about = (raw.status, raw.old_mode, raw.new_mode, raw.old_id, raw.new_id)
    parts = [part.encode() for part in about]
    if not hunks:
        return Unit(unit_id(b"file", raw.base_path, *parts), UnitKind.FILE, raw.path)
    one = hunks[0]
    name = unit_id(b"whole", raw.base_path, *parts)
    return Unit(name, UnitKind.HUNK, raw.path, one.old_start, one.old_lines, one.new_start, one.new_lines)


def _hunk_unit(raw: RawChange, base_path: bytes, hunk: Hunk) -> Unit:
    old_start, old_lines, new_start, new_lines, _, _, same = hunk
    name = hunk_id(base_path, old_start, old_lines, new_lines)
    return Unit(name, UnitKind.HUNK, raw.path, old_start, old_lines, new_start, new_lines, same)


def hunk_id(base_path: bytes, old_start: int, old_lines: tuple[bytes, ...], new_lines: tuple[bytes, ...]) -> str:
    """The identity of lines that take the place of others in a file that stays."""
    old, new = b"".join(old_lines), b"".join(new_lines)
    place = b"hunk %d %d %d %d\n" % (old_start, len(base_path), len(old), len(new))
    return sha256(place + base_path + old + new).hexdigest()[:ID_DIGITS]  # `unit_id` by hand: it is made most often


def rename_id(old_path: bytes, path: bytes) -> str:
    """The identity of a rename, independent of other changes in the file."""
    return unit_id(b"rename", old_path, path)


def mode_id(base_path: bytes, old_mode: str, new_mode: str) -> str:
    """The identity of a mode that changes."""
    return unit_id(b"mode", base_path, old_mode.encode(), new_mode.encode())


def content_id(base_path: bytes, old_id: str, new_id: str) -> str:
    """The identity of a content that is replaced as a whole in a file that stays."""
    return unit_id(b"file", base_path, old_id.encode(), new_id.encode())
