"""Writes a change into a checkout: merges in memory, then writes the files, or finishes an interrupted write.

The user's index, HEAD and refs are never touched. `changes.apply.applier` keeps the journal.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from boocoder.changes.apply.files.safe_fs import SafeDirectory
from boocoder.changes.apply.files.tree_writer import TreeWriter
from boocoder.changes.apply.unseen_modes import with_unseen_modes
from boocoder.errors import BoocoderError, Conflict
from boocoder.git.diff.merge import MergeConflict
from boocoder.git.diff.tree_diff import ChangedFile
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.snapshot import SkippedPath
from boocoder.git.user.sparse import sparse_paths
from boocoder.model.ids import new_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApplyPlan:
    """What applying a change would do.

    Args:
        pre_tree: the user's checkout as it is, with uncommitted and untracked files.
        post_tree: as it will be.
        files: how the two differ.
        submodules: submodules among them; they are not written.
        skipped: files of the checkout that could not be looked at.
    """

    pre_tree: str
    post_tree: str
    files: tuple[ChangedFile, ...]
    submodules: tuple[bytes, ...] = ()
    skipped: tuple[SkippedPath, ...] = ()


async def plan_apply(
    shadow: ShadowRepository, *, checkout: Path, index: Path, base_tree: str, tree: str, ref: str
) -> ApplyPlan | list[MergeConflict]:
    """Compute what applying a change does; nothing in the checkout is touched.

    Args:
        checkout: root of the user's checkout.
        index: a private index for it, kept between calls.
        base_tree, tree: the change.
        ref: prefix under which the checkout before (`/pre`) and after (`/post`) are kept.

    Returns:
        The plan, or every conflict with what the user has there.

    Raises:
        GitError: git failed.
    """
    head = await shadow.head()
    before = await shadow.take_snapshot(checkout, index=index, ref=f"{ref}/pre", base=head.tree)
    pre_tree = await with_unseen_modes(shadow, before.tree, applied=base_tree, head=head.tree)
    if pre_tree != before.tree:
        await shadow.keep(f"{ref}/pre", pre_tree, beside=before.tree)
    merged = await shadow.merge(base=base_tree, ours=pre_tree, theirs=tree)
    if merged.tree is None:
        return list(merged.conflicts)
    await shadow.keep(f"{ref}/post", merged.tree, beside=pre_tree)
    files = await shadow.changed_files(pre_tree, merged.tree, counts=False)
    async with _open_write(shadow, checkout, index, pre_tree, merged.tree, files) as write:
        conflicts = await write.judge()
    if conflicts:
        return conflicts
    submodules = tuple(file.path for file in files if file.is_submodule)
    return ApplyPlan(pre_tree, merged.tree, tuple(files), submodules, before.skipped)


async def write_plan(
    shadow: ShadowRepository,
    *,
    checkout: Path,
    index: Path,
    pre_tree: str,
    post_tree: str,
    then: Callable[[], Awaitable[None]] | None = None,
) -> list[MergeConflict]:
    """Write a plan into the checkout, all or nothing.

    Each path is looked at again right before it is written. A cancellation waits until the writing has ended.

    Args:
        then: a further step that must succeed; if it raises one of our errors, the files are restored first.

    Returns:
        Empty when all is written; else the conflicts, and the checkout is unchanged.
    """
    async with _open_write(shadow, checkout, index, pre_tree, post_tree) as write:
        conflicts = await write.judge() or await write.write()
        if conflicts or then is None:
            return conflicts
        try:
            await then()
        except (BoocoderError, OSError):
            await _in_thread(write.writer.take_back)
            raise
        return []


async def resume_apply(
    shadow: ShadowRepository, *, checkout: Path, index: Path, pre_tree: str, post_tree: str
) -> list[MergeConflict]:
    """Finish an interrupted write: every path that is as before becomes as after.

    Returns:
        The paths that match neither tree; they are left as they are.
    """
    async with _open_write(shadow, checkout, index, pre_tree, post_tree) as write:
        await write.judge()
        return await write.roll_forward()


@dataclass(frozen=True, slots=True)
class _TreeWrite:
    """One write of a checkout; the new files that it needs are written to a private directory first."""

    writer: TreeWriter
    shadow: ShadowRepository
    checkout: Path
    index: Path
    pre_tree: str
    post_tree: str
    staging: Path

    async def judge(self) -> list[MergeConflict]:
        await _in_thread(self.writer.look)
        differing = await self.shadow.differing(self.checkout, index=self.index, tree=self.pre_tree)
        await self._export(await _in_thread(lambda: self.writer.unclear(differing)))
        return await _in_thread(lambda: self.writer.judge(differing))

    async def write(self) -> list[MergeConflict]:
        await self._export(self.writer.pending())
        return await _in_thread(self.writer.write)

    async def roll_forward(self) -> list[MergeConflict]:
        await self._export(self.writer.pending())
        return await _in_thread(self.writer.roll_forward)

    async def _export(self, paths: Sequence[bytes]) -> None:
        """Write new files: pointers of Git LFS where the checkout has pointers, else contents."""
        pointers = await _in_thread(lambda: self.writer.pointers(paths))
        for some, stay in (([path for path in paths if path not in pointers], False), (sorted(pointers), True)):
            if some:
                await self.shadow.write_out(self.post_tree, some, self.staging, pointers_stay=stay)


@asynccontextmanager
async def _open_write(
    shadow: ShadowRepository,
    checkout: Path,
    index: Path,
    pre_tree: str,
    post_tree: str,
    files: Sequence[ChangedFile] | None = None,
) -> AsyncIterator[_TreeWrite]:
    """Open the checkout to bring it from one tree to another. `files` are how they differ, if that is known.

    Raises:
        Conflict: directory_missing.
    """
    if files is None:
        files = await shadow.changed_files(pre_tree, post_tree, counts=False)
    steps = [file for file in files if not file.is_submodule]
    staging = shadow.git_dir / "staging" / new_id().hex
    root = _open_root(checkout)
    try:
        (staging / "undo").mkdir(parents=True)
        writer = TreeWriter(
            root=root,
            steps=steps,
            staged=staging / "files",
            undo=staging / "undo",
            file_mode=shadow.settings.file_mode,
            symlinks=shadow.settings.symlinks,
            sparse=await sparse_paths(shadow.checkout) if checkout == shadow.checkout.root else (),
        )
        yield _TreeWrite(writer, shadow, checkout, index, pre_tree, post_tree, staging)
    finally:
        root.close()
        await _in_thread(lambda: shutil.rmtree(staging, ignore_errors=True))


def _open_root(checkout: Path) -> SafeDirectory:
    try:
        return SafeDirectory(checkout)
    except OSError as error:
        text = f"{checkout} is not a directory any more: {error.strerror}. Nothing was written."
        raise Conflict("directory_missing", text, "Put the directory back, then try again.") from error


async def _in_thread(work: Callable[[], T]) -> T:
    """Run short blocking work on files to its end, also while being cancelled, so that none is left half done."""
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
