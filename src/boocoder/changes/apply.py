"""Puts a change into the user's checkout: a merge in memory, then the writing, or the end of one that was cut short.

The user's index, HEAD and refs are never touched. The journal around it is kept by `changes.service`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from boocoder.changes.rooted import Rooted
from boocoder.changes.write_tree import TreeWriter
from boocoder.errors import BoocoderError
from boocoder.git.merge import Conflict
from boocoder.git.shadow import ShadowRepository
from boocoder.git.snapshot import Skipped
from boocoder.git.tree_diff import NO_MODE, ChangedFile
from boocoder.model.ids import new_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApplyPlan:
    """What applying a change would do.

    Args:
        pre_tree: the user's checkout as it is, with uncommitted and untracked files.
        post_tree: as it will be.
        files: how the two differ.
        submodules: those of them that are submodules; they are left to the user.
        skipped: files of the checkout that could not be looked at.
    """

    pre_tree: str
    post_tree: str
    files: tuple[ChangedFile, ...]
    submodules: tuple[bytes, ...] = ()
    skipped: tuple[Skipped, ...] = ()


async def plan_apply(
    shadow: ShadowRepository, *, checkout: Path, index: Path, base_tree: str, tree: str, ref: str
) -> ApplyPlan | list[Conflict]:
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
    merged = await shadow.merge(base=base_tree, ours=before.tree, theirs=tree)
    if merged.tree is None:
        return list(merged.conflicts)
    await shadow.keep(f"{ref}/post", merged.tree, beside=before.tree)
    files = await shadow.changed_files(before.tree, merged.tree, counts=False)
    async with _writer(shadow, checkout, before.tree, merged.tree) as writer:
        conflicts = await _judge(writer, shadow, checkout, index, before.tree)
    if conflicts:
        return conflicts
    submodules = tuple(file.path for file in files if file.is_submodule)
    return ApplyPlan(before.tree, merged.tree, tuple(files), submodules, before.skipped)


async def write_plan(
    shadow: ShadowRepository,
    *,
    checkout: Path,
    index: Path,
    pre_tree: str,
    post_tree: str,
    then: Callable[[], Awaitable[None]] | None = None,
) -> list[Conflict]:
    """Write a plan into the checkout, all or nothing.

    Each path is looked at again right before it is written. A cancellation waits until the writing has ended.

    Args:
        then: what has to succeed as well; where it raises one of our errors, the files are taken back first.

    Returns:
        Empty when all is written; else what stood against it, and the checkout is as it was.
    """
    async with _writer(shadow, checkout, pre_tree, post_tree) as writer:
        conflicts = await _judge(writer, shadow, checkout, index, pre_tree)
        conflicts = conflicts or await _in_thread(writer.write)
        if conflicts or then is None:
            return conflicts
        try:
            await then()
        except (BoocoderError, OSError):
            await _in_thread(writer.take_back)
            raise
        return []


async def resume_apply(
    shadow: ShadowRepository, *, checkout: Path, index: Path, pre_tree: str, post_tree: str
) -> list[Conflict]:
    """Finish a writing that was cut short: every path that is as before becomes as after.

    Returns:
        The paths that are neither; they are left as they are.
    """
    async with _writer(shadow, checkout, pre_tree, post_tree) as writer:
        await _judge(writer, shadow, checkout, index, pre_tree)
        return await _in_thread(writer.roll_forward)


async def _judge(
    writer: TreeWriter, shadow: ShadowRepository, checkout: Path, index: Path, pre_tree: str
) -> list[Conflict]:
    await _in_thread(writer.look)
    differing = await shadow.differing(checkout, index=index, tree=pre_tree)
    return await _in_thread(lambda: writer.judge(differing))


@asynccontextmanager
async def _writer(shadow: ShadowRepository, checkout: Path, pre_tree: str, post_tree: str) -> AsyncIterator[TreeWriter]:
    """A writer with the new files written out beside, in a directory of ours."""
    files = await shadow.changed_files(pre_tree, post_tree, counts=False)
    steps = [file for file in files if not file.is_submodule]
    staging = shadow.git_dir / "staging" / new_id().hex
    root = Rooted(checkout)
    try:
        (staging / "undo").mkdir(parents=True)
        await shadow.write_out(post_tree, [step.path for step in steps if step.new_mode != NO_MODE], staging)
        yield TreeWriter(
            root=root,
            steps=steps,
            staged=staging / "files",
            undo=staging / "undo",
            file_mode=shadow.settings.file_mode,
        )
    finally:
        root.close()
        await _in_thread(lambda: shutil.rmtree(staging, ignore_errors=True))


async def _in_thread(work: Callable[[], T]) -> T:
    """Run short blocking work on files to its end, also while being cancelled: half of it is never left behind."""
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
