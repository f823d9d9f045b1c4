"""Conflicts of a change with both sides: the text of base, user and agent where their edits overlap.

It reads git objects only.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.changes.diff.statistics import path_text
from boocoder.errors import Conflict as ConflictError
from boocoder.errors import GitError
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.diff.tree_diff import blob_sizes
from boocoder.git.lfs.pointer import parse_pointer
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.ids import new_id
from boocoder.wire.problems import ConflictRegion

SHOWN_CONFLICTS = 10  # in one sentence; the whole list is in `conflicts`
FILES_MAX = 50  # with their sides; more are not read one by one
REGIONS_MAX = 20  # of one file
SIDE_MAX_CHARS = 4_000  # of one side of one region: a screen or two
FILE_MAX_BYTES = 1024 * 1024  # of one side of a file; of larger ones only the sizes are shown
_MARK = 61  # longer than any real line of these characters


@dataclass(frozen=True, slots=True)
class ConflictFile:
    """One conflicting file.

    Args:
        conflict: which, and why.
        regions: both sides; empty where there is no text to compare.
        base_size, ours_size, theirs_size: bytes; None where there is no file, or none was compared.
        more: how many further regions there are.
    """

    conflict: MergeConflict
    regions: tuple[ConflictRegion, ...] = ()
    base_size: int | None = None
    ours_size: int | None = None
    theirs_size: int | None = None
    more: int = 0


class ApplyConflict(ConflictError):
    """The change conflicts with the user's files; nothing was written.

    Args:
        files: file by file, with both sides.
    """

    def __init__(self, files: Sequence[ConflictFile]) -> None:
        shown = "; ".join(f"{path_text(one.conflict.path)[0]} {one.conflict.text}" for one in files[:SHOWN_CONFLICTS])
        more = len(files) - SHOWN_CONFLICTS
        super().__init__(
            "apply_conflicts",
            f"The change conflicts with your files, nothing was written: {shown}{f'; and {more} more' * (more > 0)}.",
            "Move or commit your own edits of these files, or let the agent resolve it, then apply again.",
        )
        self.files = tuple(files)

    @property
    def conflicts(self) -> tuple[MergeConflict, ...]:
        """Which files, and why."""
        return tuple(one.conflict for one in self.files)


async def conflict_of(shadow: ShadowRepository, conflicts: Iterable[MergeConflict]) -> ApplyConflict:
    """The error that names conflicts and shows both sides of the first FILES_MAX files."""
    listed = list(conflicts)
    ids = {name for one in listed[:FILES_MAX] for _, name in one.stages}
    sizes = await blob_sizes(shadow.git, ids)
    shown = [await _with_sides(shadow, one, sizes) for one in listed[:FILES_MAX]]
    return ApplyConflict([*shown, *(ConflictFile(one) for one in listed[FILES_MAX:])])


async def _with_sides(shadow: ShadowRepository, conflict: MergeConflict, sizes: dict[str, int]) -> ConflictFile:
    ids = dict(conflict.stages)
    base, ours, theirs = (sizes.get(ids.get(stage, "")) for stage in (1, 2, 3))
    found: list[ConflictRegion] = []
    if ours is not None and theirs is not None and max(base or 0, ours, theirs) <= FILE_MAX_BYTES:
        found = await _regions(shadow, ids)
    return ConflictFile(conflict, tuple(found[:REGIONS_MAX]), base, ours, theirs, max(len(found) - REGIONS_MAX, 0))


@dataclass(frozen=True, slots=True)
class MergedBlock:
    """A block that both sides changed, with its bytes and as it is shown."""

    region: ConflictRegion
    ours: bytes
    theirs: bytes


async def _regions(shadow: ShadowRepository, ids: dict[int, str]) -> list[ConflictRegion]:
    return [piece.region for piece in await merged_pieces(shadow, ids) if isinstance(piece, MergedBlock)]


async def merged_pieces(shadow: ShadowRepository, ids: dict[int, str]) -> list[bytes | MergedBlock]:
    """A merge of three contents in order: merged text, and the blocks where both sides meet. Empty where none meet.

    Args:
        ids: 1 base, 2 ours, 3 theirs -> id of the content; the base may be missing.
    """
    place = shadow.git_dir / "staging" / new_id().hex
    place.mkdir(parents=True)
    try:
        for stage, name in ((2, "ours"), (1, "base"), (3, "theirs")):
            content = await shadow.blob(ids[stage]) if stage in ids else b""
            if parse_pointer(content) is not None:  # of Git LFS: lines of it mean nothing
                return []
            (place / name).write_bytes(content)
        return await _merge_files(shadow, place)
    except GitError:  # a submodule, or a missing object: the reason is shown without sides
        return []
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


async def _merge_files(shadow: ShadowRepository, place: Path) -> list[bytes | MergedBlock]:
    """By markers that no content has."""
    names = [str(place / name) for name in ("ours", "base", "theirs")]
    done = await shadow.git.result("merge-file", "-p", "-q", "--diff3", f"--marker-size={_MARK}", *names)
    if not 0 < done.returncode <= 127:  # binary, or they merge after all
        return []
    return _parse(done.stdout)


def _parse(merged: bytes) -> list[bytes | MergedBlock]:
    found: list[bytes | MergedBlock] = []
    sides: list[list[bytes]] = []
    line, begun = 1, 1
    for text in _lines(merged):
        mark = text[:_MARK]
        if mark == b"<" * _MARK:
            sides, begun = [[]], line
        elif sides and mark in (b"|" * _MARK, b"=" * _MARK):
            sides.append([])
        elif sides and mark == b">" * _MARK:
            found.append(_block(begun, sides))
            sides = []
        elif sides:
            sides[-1].append(text)
            line += len(sides) == 1
        else:
            found.append(text)
            line += 1
    return found


def _lines(text: bytes) -> list[bytes]:
    """Lines as git counts them: a lone CR ends none."""
    lines = [one + b"\n" for one in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [one for one in lines if one]


def _block(line: int, sides: list[list[bytes]]) -> MergedBlock:
    ours, base, theirs = (b"".join(side) for side in [*sides, [], []][:3])
    texts = [one.decode("utf-8", "backslashreplace") for one in (base, ours, theirs)]
    shown = [one[:SIDE_MAX_CHARS] for one in texts]
    region = ConflictRegion(line, shown[0], shown[1], shown[2], cut=texts != shown)
    return MergedBlock(region, ours, theirs)
