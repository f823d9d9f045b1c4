"""Takes worktrees away that nobody needs: measures them in the background, chooses, removes, tidies up.

It decides when; whether nothing would be lost is `worktrees.removal`'s business.
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

from boocoder.db import kept
from boocoder.db.kept import KeptWorktree
from boocoder.db.pool import Database
from boocoder.db.worktrees import WorktreeState
from boocoder.errors import BoocoderError
from boocoder.git.kept_objects import pack_objects
from boocoder.git.shadows import Shadows
from boocoder.model.ids import HostId, ProjectId, SessionId
from boocoder.service import Supervisor
from boocoder.upkeep.reap_choice import Doomed, ReapLimits, choose
from boocoder.worktrees.keeping import size_of
from boocoder.worktrees.removal import Reaped, Remover, WorktreeKept

log = logging.getLogger(__name__)

REMEASURE = timedelta(days=1)  # of one that nobody uses: its size can hardly have changed
FIRST_S = 60.0  # a service that just started has better things to do


@dataclass(frozen=True, slots=True)
class ReapSettings:
    """When and how much.

    Args:
        every_s: time between looks; 0.0 for never by itself.
        limits: what is allowed to stay.
    """

    every_s: float = 600.0
    limits: ReapLimits = field(default_factory=ReapLimits)


class Reaper:
    """Looks now and then. A `service.Service`.

    Args:
        root: the directory of the worktrees, whose disk is watched.
    """

    def __init__(
        self,
        *,
        database: Database,
        remover: Remover,
        shadows: Shadows,
        root: Path,
        host_id: HostId,
        settings: ReapSettings,
    ) -> None:
        self._database = database
        self._remover = remover
        self._shadows = shadows
        self._root = root
        self._host_id = host_id
        self._settings = settings
        self._supervisor = Supervisor("reaper")
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
            log.warning("worktrees not looked after", exc_info=error)

    async def _sweep(self) -> None:
        async with self._at_work:
            await self._remover.sweep()

    async def _look(self) -> None:
        await self.reap()
        await self._tidy()

    async def reap(self, *, dry_run: bool = False) -> list[Reaped]:
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
            doomed = choose(
                await self._rows(), self._settings.limits, now=datetime.now(UTC), free_bytes=await self._free()
            )
            if dry_run:
                return [Reaped(one.session_id, one.why, one.size_bytes) for one in doomed]
            self._kept_for.clear()
            return [await self._remove(one) for one in doomed]

    async def _remove(self, one: Doomed) -> Reaped:
        try:
            await self._remover.remove(one.session_id, one.why)
        except WorktreeKept as error:
            kept_for = "; ".join(reason.text for reason in error.reasons)
        except BoocoderError as error:
            kept_for = error.text
        else:
            log.info("worktree removed", extra={"session_id": one.session_id, "why": one.why})
            return Reaped(one.session_id, one.why, one.size_bytes)
        self._kept_for[one.session_id] = kept_for
        log.info("worktree kept", extra={"session_id": one.session_id, "why": kept_for})
        return Reaped(one.session_id, one.why, one.size_bytes, kept_for)

    async def _rows(self) -> Sequence[KeptWorktree]:
        async with self._database.connection() as conn:
            return await kept.list_kept(conn, self._host_id)

    async def _free(self) -> int:
        self._root.mkdir(parents=True, exist_ok=True)
        return (await asyncio.to_thread(shutil.disk_usage, self._root)).free

    async def _measure(self) -> None:
        """Measure what was used since, one after the other, so that nobody else waits for the disk."""
        for row in await self._rows():
            if row.state is not WorktreeState.READY or row.running:
                continue
            stale = row.measured_at is None or row.measured_at < row.used_at
            if stale or (row.measured_at and datetime.now(UTC) - row.measured_at > REMEASURE):
                measured = await size_of(os.fsencode(row.path))
                async with self._database.connection() as conn:
                    await kept.put_size(conn, row.session_id, measured.size_bytes)

    async def _tidy(self) -> None:
        """Pack the snapshots of projects in which nothing runs."""
        async with self._database.connection() as conn:
            rows = await kept.list_kept(conn, self._host_id, gone=True)
        busy = {row.project_id for row in rows if row.running}
        seen: set[ProjectId] = set()
        for row in rows:
            if row.project_id not in busy and row.project_id not in seen:
                seen.add(row.project_id)
                opened = self._shadows.opened(row.project_id)
                if opened is not None:
                    await pack_objects(opened.git)
