"""What stands against a change, with both sides to look at: base, the user's and the agent's text where they meet.

It reads objects only; it touches no checkout and decides nothing.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.changes.measure import path_text
from boocoder.errors import Conflict as ConflictError
from boocoder.errors import GitError
from boocoder.git.merge import Conflict
from boocoder.git.shadow import ShadowRepository
from boocoder.git.tree_diff import blob_sizes
from boocoder.model.ids import new_id

SHOWN_CONFLICTS = 10  # in one sentence; the whole list is in `conflicts`
FILES_MAX = 50  # with their sides; past that nobody reads them one by one
REGIONS_MAX = 20  # of one file
SIDE_MAX_CHARS = 4_000  # of one side of one region: a screen or two
FILE_MAX_BYTES = 1024 * 1024  # of one side of a file; beyond, only the sizes are told
_MARK = 61  # longer than any line of such characters that people write


@dataclass(frozen=True, slots=True)
class Region:
    """One place where both sides changed the same lines.

    Args:
        line: 1-based line of the user's file where it begins.
        base, ours, theirs: the text there before, in the checkout, and in the change; bytes that are no UTF-8 are
            escaped.
        cut: whether one of them is longer than shown.
    """

    line: int
    base: str
    ours: str
    theirs: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ConflictFile:
    """One file that stands against a change.

    Args:
        conflict: which, and why.
        regions: both sides; empty where there is no text to compare.
        base_size, ours_size, theirs_size: bytes; None where there is no file, or none was compared.
        more: how many further regions there are.
    """

    conflict: Conflict
    regions: tuple[Region, ...] = ()
    base_size: int | None = None
    ours_size: int | None = None
    theirs_size: int | None = None
    more: int = 0


class ApplyConflict(ConflictError):
    """What the user has stands against the change; nothing was touched.

    Args:
        files: file by file, with both sides.
    """

    def __init__(self, files: Sequence[ConflictFile]) -> None:
        shown = "; ".join(f"{path_text(one.conflict.path)[0]} {one.conflict.text}" for one in files[:SHOWN_CONFLICTS])
        more = len(files) - SHOWN_CONFLICTS
        super().__init__(
            "apply_conflicts",
            f"The change does not fit what you have, nothing was touched: {shown}{f'; and {more} more' * (more > 0)}.",
            "Move or commit your own edits of these files, or let the agent resolve it, then apply again.",
        )
        self.files = tuple(files)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Which files, and why."""
        return tuple(one.conflict for one in self.files)


async def conflict_of(shadow: ShadowRepository, conflicts: Iterable[Conflict]) -> ApplyConflict:
    """The error that names conflicts and shows both sides of the first FILES_MAX files."""
    listed = list(conflicts)
    ids = {name for one in listed[:FILES_MAX] for _, name in one.stages}
    sizes = await blob_sizes(shadow.git, ids)
    shown = [await _with_sides(shadow, one, sizes) for one in listed[:FILES_MAX]]
    return ApplyConflict([*shown, *(ConflictFile(one) for one in listed[FILES_MAX:])])


async def _with_sides(shadow: ShadowRepository, conflict: Conflict, sizes: dict[str, int]) -> ConflictFile:
    ids = dict(conflict.stages)
    base, ours, theirs = (sizes.get(ids.get(stage, "")) for stage in (1, 2, 3))
    found: list[Region] = []
    if ours is not None and theirs is not None and max(base or 0, ours, theirs) <= FILE_MAX_BYTES:
        found = await _regions(shadow, ids)
    return ConflictFile(conflict, tuple(found[:REGIONS_MAX]), base, ours, theirs, max(len(found) - REGIONS_MAX, 0))


async def _regions(shadow: ShadowRepository, ids: dict[int, str]) -> list[Region]:
    """Where the sides meet, by a merge of the three contents with markers that no content has."""
    place = shadow.git_dir / "staging" / new_id().hex
    place.mkdir(parents=True)
    try:
        for stage, name in ((2, "ours"), (1, "base"), (3, "theirs")):
            (place / name).write_bytes(await shadow.blob(ids[stage]) if stage in ids else b"")
        return await _merge_files(shadow, place)
    except GitError:  # no file but a submodule, or a content that is gone: the reason is told all the same
        return []
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


async def _merge_files(shadow: ShadowRepository, place: Path) -> list[Region]:
    names = [str(place / name) for name in ("ours", "base", "theirs")]
    done = await shadow.git.result("merge-file", "-p", "-q", "--diff3", f"--marker-size={_MARK}", *names)
    if not 0 < done.returncode <= 127:  # binary, or they merge after all
        return []
    return _parse(done.stdout)


def _parse(merged: bytes) -> list[Region]:
    found: list[Region] = []
    sides: list[list[bytes]] = []
    line, begun = 1, 1
    for text in _lines(merged):
        mark = text[:_MARK]
        if mark == b"<" * _MARK:
            sides, begun = [[]], line
        elif sides and mark in (b"|" * _MARK, b"=" * _MARK):
            sides.append([])
        elif sides and mark == b">" * _MARK:
            found.append(_region(begun, sides))
            sides = []
        elif sides:
            sides[-1].append(text)
            line += len(sides) == 1
        else:
            line += 1
    return found


def _lines(text: bytes) -> list[bytes]:
    """Lines as git counts them: a lone CR ends none."""
    return [one + b"\n" for one in text.split(b"\n")]


def _region(line: int, sides: list[list[bytes]]) -> Region:
    ours, base, theirs = (b"".join(side).decode("utf-8", "backslashreplace") for side in [*sides, [], []][:3])
    cut = max(len(ours), len(base), len(theirs)) > SIDE_MAX_CHARS
    return Region(line, base[:SIDE_MAX_CHARS], ours[:SIDE_MAX_CHARS], theirs[:SIDE_MAX_CHARS], cut)
