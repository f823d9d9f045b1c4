"""Removes unused worktrees: measures them in the background, chooses, removes, cleans up.

It decides when; whether nothing would be lost is `worktrees.remove.removal`'s business.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.conversation.overflow_usage import delete_orphans
from boocoder.db.core.pool import Database
from boocoder.db.files import worktree_gc
from boocoder.db.files.snapshots import named_trees
from boocoder.errors import BoocoderError, GitError
from boocoder.git.lfs.cleanup import clean_contents
from boocoder.git.shadow.object_retention import pack_objects
from boocoder.git.shadow.objects import ShadowGit
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.transfer.packs import existing
from boocoder.maintenance.gc_policy import WorktreeLimits, WorktreeToRemove, choose
from boocoder.model.ids import HostId, ProjectId, SessionId
from boocoder.model.session import WorktreeState
from boocoder.process.sandbox.cache_cleanup import OwnedCaches
from boocoder.service import TaskSupervisor
from boocoder.wire.worktrees import PrunedWorktree, WorktreeUsage
from boocoder.worktrees.remove.checks import size_of
from boocoder.worktrees.remove.removal import RemovalRefused, Remover

log = logging.getLogger(__name__)

REMEASURE = timedelta(days=1)  # of an unused one: its size can hardly have changed
FIRST_S = 60.0  # leaves the disk to the starting service


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """When and how much.

    Args:
        every_s: time between looks; 0.0 for never by itself.
        limits: what is allowed to stay.
    """

    every_s: float = 600.0
    limits: WorktreeLimits = field(default_factory=WorktreeLimits)


class WorktreeCollector:
    """Looks now and then. A `service.Service`.

    Args:
        root: the directory of the worktrees, whose disk is watched.
        overflow: texts beyond what the database holds.
        clean_caches: bounds the build caches of agents; it blocks.
    """

    def __init__(
        self,
        *,
        database: Database,
        remover: Remover,
        shadows: ShadowRegistry,
        root: Path,
        overflow: OverflowFiles,
        host_id: HostId,
        settings: CollectorSettings,
        clean_caches: Callable[[], Sequence[OwnedCaches]] = tuple,
    ) -> None:
        self._clean_caches = clean_caches
        self._database = database
        self._remover = remover
        self._shadows = shadows
        self._root = root
        self._overflow = overflow
        self._host_id = host_id
        self._settings = settings
        self._supervisor = TaskSupervisor("worktree-gc")
        self._at_work = asyncio.Lock()
        self._kept_for: dict[SessionId, str] = {}

    async def start(self) -> None:
        """Finish in the background what was cut short, then look now and then."""
        self._supervisor.spawn(self._loop(), "look")

    async def stop(self) -> None:
        """Leave what is not finished to the next start."""
        await self._supervisor.stop()

    def why_kept(self, session_id: SessionId) -> str:
        """Why a worktree that had to go is still there, as found by the last look; "" if there is nothing to say."""
        return self._kept_for.get(session_id, "")

    async def _loop(self) -> None:
        pause_s = min(FIRST_S, self._settings.every_s)
        await self._guarded(self._sweep)
        while self._settings.every_s > 0:
            await asyncio.sleep(pause_s)
            await self._guarded(self._look)
            pause_s = self._settings.every_s

    async def _guarded(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except (BoocoderError, OSError) as error:
            log.warning("worktree collection failed", exc_info=error)

    async def _sweep(self) -> None:
        async with self._at_work:
            await self._remover.sweep()

    async def _look(self) -> None:
        await self.prune()
        for caches in await asyncio.to_thread(self._clean_caches):
            log.info("build caches deleted", extra={"owner": caches.owner, "bytes": caches.size_bytes})
        await self._tidy()

    async def prune(self, *, dry_run: bool = False) -> list[PrunedWorktree]:
        """Look now: measure, choose, remove.

        Args:
            dry_run: only say what would go.

        Raises:
            Unavailable: the database is away.
        """
        async with self._at_work:
            if not dry_run:
                await self._remover.sweep()
            await self._measure()
            chosen = choose(
                await self._rows(), self._settings.limits, now=datetime.now(UTC), free_bytes=await self._free()
            )
            if dry_run:
                return [PrunedWorktree(one.session_id, one.why, one.size_bytes) for one in chosen]
            self._kept_for.clear()
            return [await self._remove(one) for one in chosen]

    async def _remove(self, one: WorktreeToRemove) -> PrunedWorktree:
        try:
            await self._remover.remove(one.session_id, one.why)
        except RemovalRefused as error:
            kept_for = "; ".join(reason.text for reason in error.reasons)
        except BoocoderError as error:
            kept_for = error.text
        else:
            log.info("worktree removed", extra={"session_id": one.session_id, "why": one.why})
            return PrunedWorktree(one.session_id, one.why, one.size_bytes)
        self._kept_for[one.session_id] = kept_for
        log.info("worktree kept", extra={"session_id": one.session_id, "why": kept_for})
        return PrunedWorktree(one.session_id, one.why, one.size_bytes, kept_for)

    async def _rows(self) -> Sequence[WorktreeUsage]:
        async with self._database.connection() as conn:
            return await worktree_gc.list_usage(conn, self._host_id)

    async def _free(self) -> int:
        self._root.mkdir(parents=True, exist_ok=True)
        return (await asyncio.to_thread(shutil.disk_usage, self._root)).free

    async def _measure(self) -> None:
        """Measure the worktrees used since, one at a time, to leave the disk to others."""
        for row in await self._rows():
            if row.state is not WorktreeState.READY or row.running:
                continue
            stale = row.measured_at is None or row.measured_at < row.used_at
            if stale or (row.measured_at and datetime.now(UTC) - row.measured_at > REMEASURE):
                measured = await size_of(os.fsencode(row.path))
                async with self._database.connection() as conn:
                    await worktree_gc.put_size(conn, row.session_id, measured.size_bytes)

    async def _tidy(self) -> None:
        """Pack the snapshots of projects in which nothing runs, and delete texts of sessions that are gone."""
        async with self._database.connection() as conn:
            await delete_orphans(conn, self._overflow)
            rows = await worktree_gc.list_usage(conn, self._host_id, gone=True)
        busy = {row.project_id for row in rows if row.running}
        seen: set[ProjectId] = set()
        for row in rows:
            if row.project_id not in busy and row.project_id not in seen:
                seen.add(row.project_id)
                opened = self._shadows.opened(row.project_id)
                if opened is not None and opened.is_present:
                    await pack_objects(opened.git)
                    await opened.worktrees.clean_objects()
                    await self._clean_contents(row.project_id, opened.git)

    async def _clean_contents(self, project_id: ProjectId, git: ShadowGit) -> None:
        """Delete contents of Git LFS that nothing names any more; trees that other hosts hold do not count."""
        async with self._database.connection() as conn:
            trees = await named_trees(conn, project_id)
        try:
            done = await clean_contents(git, await existing(git, trees))
        except GitError as error:  # such as a partial clone, whose missing files may name any content
            log.info("contents of Git LFS not looked at", extra={"project_id": project_id, "why": error.text})
            return
        if done.files:
            log.info("contents of Git LFS deleted", extra={"files": done.files, "bytes": done.size_bytes})
