"""Computes the files and units of a change from two trees; units have a stable identity."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from boocoder.changes.diff.flags import LFS_TEXT, Flag, FlagKind
from boocoder.changes.diff.hunks import VerifiedHunks, file_diff, has_lines, needs_base, verify_hunks
from boocoder.changes.diff.model import FileChange, FileStatus, Unit, UnitKind
from boocoder.changes.diff.streaming import StreamingSplitter
from boocoder.errors import GitError
from boocoder.git.diff.patch import PatchedFile, RawChange
from boocoder.git.diff.patch_stream import PatchWatcher
from boocoder.git.diff.tree_diff import (
    NO_MODE,
    SUBMODULE_MODE,
    SYMLINK_MODE,
    blob_sizes,
    patched_files,
    renamed_files,
)
from boocoder.git.lfs.contents import every_store
from boocoder.git.shadow.objects import read_blobs
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.limits import REVIEW_DIFF_MAX_BYTES, REVIEW_FILE_MAX_BYTES

T = TypeVar("T")

__all__ = ["FileChange", "FileStatus", "Flag", "FlagKind", "Unit", "UnitKind", "structured_diff"]

_READ_FILES = 500  # contents read at once, so that a large change is not in memory twice
_READ_MAX_BYTES = 64 * 1024 * 1024  # of those; past it they are read in halves
_PATHS_MAX = 200  # more would not fit on a command line everywhere
_BINARY_LOOK_BYTES = 8_000  # as far as git looks for a NUL byte


async def structured_diff(
    shadow: ShadowRepository, base_tree: str, tree: str, *, paths: Sequence[bytes] = ()
) -> tuple[FileChange, ...]:
    """The difference between two trees, file by file in git's order.

    Args:
        shadow: holds both trees.
        base_tree, tree: ids of two trees.
        paths: only these files, by their new or old path, or all below these directories; all if empty. The units
            are the same as in the whole.

    Raises:
        GitError: git failed, or an object is missing.
    """
    if base_tree == tree:
        return ()
    return await _TreeDiffReader(shadow, base_tree, tree).files(paths)


class _TreeDiffReader:
    """Reads one change."""

    def __init__(self, shadow: ShadowRepository, base_tree: str, tree: str) -> None:
        self._git = shadow.git
        self._attributes = bool(shadow.settings.attributes.strip())
        self._trees = base_tree, tree
        self._too_much = False
        self._early = StreamingSplitter(self._read_early)

    async def files(self, paths: Sequence[bytes]) -> tuple[FileChange, ...]:
        """Read, prove, split."""
        patched, error = await asyncio.gather(self._patches(paths), self._early.run(), return_exceptions=True)
        if isinstance(patched, BaseException):
            raise patched
        if error is not None:
            raise error
        done = {} if self._too_much else self._early.done
        rest = await self._split([one for one in patched if one.raw.path not in done])
        files = [done.get(one.raw.path) or rest[one.raw.path] for one in patched]
        if any(file.lfs is not None for file in files):
            files = await asyncio.to_thread(lambda: [self._with_lfs_flag(file) for file in files])
        return tuple(files)

    def _with_lfs_flag(self, file: FileChange) -> FileChange:
        """Attributes, which an agent can write, put a file into Git LFS: it must not hide lines unnoticed."""
        new = None if file.lfs is None else file.lfs.new
        if new is None or self._git.contents is None or not every_store(self._git).is_text(new):
            return file
        return replace(file, flags=(LFS_TEXT, *file.flags))

    async def _read_early(self, ids: set[str]) -> dict[str, bytes]:
        try:
            return await read_blobs(self._git, ids, max_bytes=_READ_MAX_BYTES)
        except GitError as error:
            if error.code != "git_output_too_large":
                raise
        return {}

    async def _split(self, patched: Sequence[PatchedFile]) -> dict[bytes, FileChange]:
        """Path -> file, for those that could not be split early."""
        if not patched:
            return {}
        proven = await self._proven(patched)
        targets = await read_blobs(self._git, {one.raw.new_id for one in patched if one.raw.new_mode == SYMLINK_MODE})
        sizes = await blob_sizes(self._git, _unknown_sizes(patched, proven))

        def split() -> dict[bytes, FileChange]:
            return {
                one.raw.path: file_diff(
                    one, proven.get(place), sizes, target=targets.get(one.raw.new_id), unread=self._too_much
                )
                for place, one in enumerate(patched)
            }

        return await asyncio.to_thread(split)

    async def _patches(self, paths: Sequence[bytes]) -> list[PatchedFile]:
        """Git's output; without lines if there are too many."""
        try:
            patched = await self._patches_of(paths)
            return await self._unhidden(patched) if self._attributes else patched
        except GitError as error:
            if error.code != "git_output_too_large":
                raise
        finally:
            self._early.begin(())
        self._too_much = True
        return [PatchedFile(raw) for raw in _among(await renamed_files(self._git, *self._trees), paths)]

    async def _patches_of(self, paths: Sequence[bytes]) -> list[PatchedFile]:
        if not paths:
            return await self._patch(watcher=self._early)
        wanted = _among(await renamed_files(self._git, *self._trees), paths)
        if not wanted:
            return []
        both = sorted({path for raw in wanted for path in (raw.base_path, raw.path)})
        if len(both) <= _PATHS_MAX:
            patched = await self._patch(both)
            if [one.raw for one in patched] == wanted:
                return patched
        names = {raw.path for raw in wanted}  # with fewer files git pairs renames in another way
        return [one for one in await self._patch() if one.raw.path in names]

    async def _patch(
        self, paths: Sequence[bytes] = (), *, as_text: bool = False, watcher: PatchWatcher | None = None
    ) -> list[PatchedFile]:
        return await patched_files(
            self._git,
            *self._trees,
            paths=paths,
            text_max_bytes=REVIEW_FILE_MAX_BYTES,
            as_text=as_text,
            max_bytes=REVIEW_DIFF_MAX_BYTES,
            watcher=watcher,
        )

    async def _unhidden(self, patched: list[PatchedFile]) -> list[PatchedFile]:
        """Show the lines of text files that the repository's attributes call binary: an agent can write those."""
        dark = [one.raw for one in patched if one.binary]
        sizes = await blob_sizes(self._git, (one for raw in dark for one in (raw.old_id, raw.new_id)))
        small = [
            raw for raw in dark if max(sizes.get(raw.old_id, 0), sizes.get(raw.new_id, 0)) <= REVIEW_FILE_MAX_BYTES
        ]
        hidden: list[RawChange] = []
        for some in _chunks(small, _READ_FILES):
            found = await self._contents({one for raw in some for one in (raw.old_id, raw.new_id) if one.strip("0")})
            text = {one for one, content in found.items() if b"\0" not in content[:_BINARY_LOOK_BYTES]}
            hidden += [raw for raw in some if {raw.old_id, raw.new_id} <= {*text, "0" * len(raw.old_id)}]
        seen: dict[RawChange, PatchedFile] = {}
        for some in _chunks(hidden, _PATHS_MAX // 2):
            both = sorted({path for raw in some for path in (raw.base_path, raw.path)})
            seen |= {one.raw: one for one in await self._patch(both, as_text=True)}
        return [seen.get(one.raw, one) if one.binary else one for one in patched]

    async def _proven(self, patched: Sequence[PatchedFile]) -> dict[int, VerifiedHunks]:
        """Place in `patched` -> proof, for every file whose hunks make exactly its new content."""
        made: dict[int, VerifiedHunks] = {}
        texts = [(place, one) for place, one in enumerate(patched) if has_lines(one)]
        for some in _chunks(texts, _READ_FILES):
            bases = await self._contents({one.raw.old_id for _, one in some if needs_base(one)})
            made |= await asyncio.to_thread(_prove_all, some, bases)
        return made

    async def _contents(self, ids: set[str]) -> dict[str, bytes]:
        """As `read_blobs`, in halves where it is too much; what is too large alone is left out."""
        try:
            return await read_blobs(self._git, ids, max_bytes=_READ_MAX_BYTES)
        except GitError as error:
            if error.code != "git_output_too_large":
                raise
        listed = sorted(ids)
        if len(listed) == 1:
            return {}
        middle = len(listed) // 2
        return await self._contents({*listed[:middle]}) | await self._contents({*listed[middle:]})


def _prove_all(some: Iterable[tuple[int, PatchedFile]], bases: dict[str, bytes]) -> dict[int, VerifiedHunks]:
    proofs = ((place, verify_hunks(one, bases.get(one.raw.old_id))) for place, one in some)
    return {place: proof for place, proof in proofs if proof is not None}


def _unknown_sizes(patched: Sequence[PatchedFile], proven: dict[int, VerifiedHunks]) -> set[str]:
    unknown: set[str] = set()
    for place, one in enumerate(patched):
        if place not in proven:
            sides = ((one.raw.old_mode, one.raw.old_id), (one.raw.new_mode, one.raw.new_id))
            unknown |= {name for mode, name in sides if mode not in (NO_MODE, SUBMODULE_MODE)}
    return unknown


def _among(raws: Iterable[RawChange], paths: Sequence[bytes]) -> list[RawChange]:
    """The files that are, or were, at one of the paths or below it."""
    if not paths:
        return list(raws)
    wanted = {path.rstrip(b"/") for path in paths}
    return [raw for raw in raws if any(above in wanted for side in (raw.path, raw.base_path) for above in _above(side))]


def _above(path: bytes) -> Iterator[bytes]:
    """The path and every directory above it."""
    while path:
        yield path
        path = path.rpartition(b"/")[0]


def _chunks(items: Sequence[T], count: int) -> Iterator[Sequence[T]]:
    return (items[start : start + count] for start in range(0, len(items), count))
