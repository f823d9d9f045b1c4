"""Checks that block a worktree's removal: unsaved work and running processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass

from boocoder.db.files.worktrees import Snapshot
from boocoder.git.shadow.snapshot import SkipReason
from boocoder.git.submodules.contents import submodule_contents
from boocoder.git.worktree.unsaved import DirectorySize, changed_since, extent
from boocoder.model.ids import new_id
from boocoder.process.cwd_scan import processes_inside
from boocoder.worktrees.history.snapshots import SnapshotResult, SnapshotSource

SHOWN = 3  # of one kind, in one sentence


@dataclass(frozen=True, slots=True)
class RemovalBlocker:
    """Why a worktree is kept.

    Args:
        code: pinned, has_work, process_inside, not_in_snapshot, nested_repository or restless.
        text: a part of a sentence.
        forcible: whether a person may say that it does not matter.
    """

    code: str
    text: str
    forcible: bool = False


async def busy_processes(place: SnapshotSource) -> list[RemovalBlocker]:
    """Processes whose working directory or open file is in the worktree."""
    found = await asyncio.to_thread(processes_inside, place.path)
    if not found:
        return []
    names = ", ".join(f"{one.program or 'a process'} ({one.pid})" for one in found[:SHOWN])
    return [RemovalBlocker("process_inside", f"{names} works in it")]


async def unsaved_work(place: SnapshotSource, taken: SnapshotResult) -> list[RemovalBlocker]:
    """What of the worktree the newest snapshot does not hold, found by reading every file again.

    Args:
        taken: that snapshot.

    Raises:
        GitError: git failed.
    """
    reasons: list[RemovalBlocker] = []
    skipped = [one for one in taken.skipped if one.reason is not SkipReason.SUBMODULE_EDITS]
    if skipped:
        names = _names([one.path for one in skipped])
        reasons.append(
            RemovalBlocker("not_in_snapshot", f"no snapshot holds {names} ({skipped[0].reason})", forcible=True)
        )
    nested = (await asyncio.to_thread(extent, os.fsencode(place.path), taken.submodules)).nested
    if nested:
        text = f"it holds repositories of their own: {_names(nested)}"
        reasons.append(RemovalBlocker("nested_repository", text, forcible=True))
    differing = await _differing(place, taken.snapshot) - {one.path for one in taken.skipped}
    if differing:
        reasons.append(RemovalBlocker("restless", f"{_names(differing)} changed while it was read"))
    return reasons


async def _differing(place: SnapshotSource, snapshot: Snapshot) -> set[bytes]:
    fresh = place.index.with_name(f"{place.index.stem}-{new_id().hex}.index")
    found = await changed_since(place.shadow, place.path, index=fresh, tree=snapshot.tree)
    inside = await submodule_contents(place.shadow.git, place.path, place.index, cache=fresh)
    return found if inside.tree == place.shadow.kept_inside(snapshot.kept_by) else {*found, *inside.kept}


async def size_of(place_path: bytes) -> DirectorySize:
    """How much disk a worktree takes; read in a thread."""
    return await asyncio.to_thread(extent, place_path)


def _names(paths: Sequence[bytes] | set[bytes]) -> str:
    names = sorted(path.decode("utf-8", "backslashreplace") for path in paths)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
