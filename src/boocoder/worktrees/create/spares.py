"""Keeps a worktree ready for the next session of each project in use, made from what is checked out now.

A spare belongs to the one process that runs with this host's id, so that taking one is a step of its event loop. A file
beside it says so from before it is made until a session has it; what a crash leaves is removed by the next start.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from boocoder.db.core.pool import Connection, Database
from boocoder.db.files.worktrees import is_session_path
from boocoder.db.registry import projects
from boocoder.db.registry.project_settings import get_project_settings
from boocoder.errors import BoocoderError, NotFound
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository, real_path
from boocoder.git.worktree.head_file import read_head
from boocoder.git.worktree.linked import remove_files
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import ProjectId, new_id
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

MAKE_AFTER_S = 3.0  # the session that has just taken one starts its agent meanwhile
LOOK_EVERY_S = 30.0  # one that a commit has made stale is replaced within this time


@dataclass(frozen=True, slots=True)
class SpareLimits:
    """What may be made ahead.

    Args:
        number: projects that have one, at most; those used last. 0: nothing is made ahead.
        idle_s: a project that had no new session for longer has none any more.
        free_bytes: with less free disk none is made.
    """

    number: int
    idle_s: float = 3600.0
    free_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SpareHooks:
    """What an agent does for a spare; both are best effort and never raise.

    Args:
        warm: has the default agent load what it needs in a project's new directory.
        forget: has every agent free what it holds for a directory.
    """

    warm: Callable[[ProjectId, Path], Awaitable[None]]
    forget: Callable[[Path], Awaitable[None]]


@dataclass(slots=True)
class _ProjectInUse:
    """By the clock: when it was used last, and from when on a spare may be made."""

    used_at: float
    due: float


class SpareWorktrees:
    """Makes, replaces and hands out the spare worktrees of this host.

    Args:
        root: directory of all worktrees.
        marks: directory of the files that name the spares.
        limits: how many there may be.
        hooks: what agents do for them.
        make_after_s: from a session's beginning to the making of the project's next one.
        look_every_s: how often they are compared with what is checked out.
        clock: in seconds, from any point on.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: ShadowRegistry,
        root: Path,
        marks: Path,
        limits: SpareLimits,
        hooks: SpareHooks,
        make_after_s: float = MAKE_AFTER_S,
        look_every_s: float = LOOK_EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._root = root
        self._marks = marks
        self._limits = limits
        self._hooks = hooks
        self._make_after_s = make_after_s
        self._look_every_s = look_every_s
        self._clock = clock
        self._spares: dict[ProjectId, Worktree] = {}
        self._in_use: dict[ProjectId, _ProjectInUse] = {}
        self._news = asyncio.Event()
        self._supervisor = TaskSupervisor("spare-worktrees")

    async def start(self) -> None:
        """Remove in the background what an earlier run left, then make what is wanted."""
        self._supervisor.spawn(self._run(), "make")

    async def stop(self) -> None:
        """Make no more; the next start removes those that wait. Safe twice and before `start`."""
        await self._supervisor.stop()

    def want(self, project_id: ProjectId, *, at_once: bool = False) -> None:
        """A project is in use: have a spare for its next session.

        Args:
            at_once: a person is about to open one; else the session that has just begun comes first.
        """
        if self._limits.number > 0:
            now = self._clock()
            self._in_use[project_id] = _ProjectInUse(now, now if at_once else now + self._make_after_s)
            self._news.set()

    def waiting(self, project_id: ProjectId) -> bool:
        """Whether a spare of the project is there."""
        return project_id in self._spares

    def __len__(self) -> int:
        return len(self._spares)

    def take(self, project_id: ProjectId, commit: str) -> Worktree | None:
        """The project's spare, for the caller alone; None where there is none of this commit.

        Args:
            commit: full id of what the session starts from.
        """
        spare = self._spares.pop(project_id, None)
        if spare is None:
            return None
        if spare.base_commit == commit and not spare.pointers and is_real_directory(spare.path):
            return spare  # contents of Git LFS that were missing may be here by now
        self._supervisor.spawn(self._drop(project_id, spare), "drop")
        return None

    def release(self, path: Path) -> bool:
        """A session's row names the worktree now: it is no spare any more. Harmless for other worktrees.

        Returns:
            Whether it was one.
        """
        try:
            (self._marks / path.name).unlink()
        except FileNotFoundError:
            return False
        return True

    async def unload(self, path: Path) -> None:
        """Files come into the worktree before its first turn: have every agent load it anew then."""
        await self._hooks.forget(path)

    async def look(self) -> None:
        """Remove spares that are stale or too many, and make those that are due. It never fails."""
        for project_id in tuple(self._in_use):
            await self._guarded(self._look(project_id))

    async def sweep(self) -> None:
        """Remove what an earlier run had made ahead and no session has taken. It never fails."""
        for mark in sorted(self._marks.glob("*")) if self._marks.is_dir() else ():
            await self._guarded(self._sweep_one(mark))

    async def _sweep_one(self, mark: Path) -> None:
        project_id = None
        with suppress(ValueError):  # empty after a power failure
            project_id = ProjectId(UUID(mark.read_text()))
        await self._remove(project_id, real_path(self._root / mark.name))

    async def _run(self) -> None:
        await self.sweep()
        while True:
            try:
                async with asyncio.timeout(self._pause()):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            await self.look()

    def _pause(self) -> float | None:
        """Until the next look; none where no project is in use."""
        if not self._in_use:
            return None
        now = self._clock()
        waits = [one.due - now for project_id, one in self._in_use.items() if project_id not in self._spares]
        return max(0.0, min([self._look_every_s, *waits]))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except (BoocoderError, OSError) as error:
            log.warning("spare worktree failed", exc_info=error)

    async def _look(self, project_id: ProjectId) -> None:
        """Drop the project's spare where it is too old or stale, and make one where it is due."""
        now = self._clock()
        used = self._in_use[project_id]
        if now - used.used_at > self._limits.idle_s or project_id not in self._newest():
            del self._in_use[project_id]
            return await self._drop_spare(project_id)
        if used.due > now and project_id not in self._spares:
            return None
        used.due = now + self._look_every_s  # of the next try, should this one fail
        try:
            shadow = await self._shadow(project_id)
        except NotFound:
            self._in_use.pop(project_id, None)
            return await self._drop_spare(project_id)
        commit = read_head(shadow.checkout.git_dir) or (await shadow.head()).commit
        spare = self._spares.get(project_id)
        if spare is not None and spare.base_commit != commit:
            await self._drop_spare(project_id)
        if commit is not None and project_id not in self._spares and await self._has_room():
            await self._make(project_id, shadow, commit)
        return None

    def _newest(self) -> list[ProjectId]:
        ordered = sorted(self._in_use, key=lambda one: self._in_use[one].used_at, reverse=True)
        return ordered[: self._limits.number]

    async def _has_room(self) -> bool:
        self._root.mkdir(parents=True, exist_ok=True)
        return (await asyncio.to_thread(shutil.disk_usage, self._root)).free >= self._limits.free_bytes

    async def _shadow(self, project_id: ProjectId) -> ShadowRepository:
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, project_id)
            settings = await get_project_settings(conn, project_id)
        shadow = await self._shadows.of(project_id, Path(project.path))
        shadow.worktrees.run_hooks = settings.git_hooks
        return shadow

    async def _make(self, project_id: ProjectId, shadow: ShadowRepository, commit: str) -> None:
        path = real_path(self._root / str(new_id()))
        self._marks.mkdir(parents=True, exist_ok=True)
        mark = self._marks / path.name
        mark.write_text(str(project_id))
        try:
            made = await shadow.worktrees.add(path, commit=commit)
        except BaseException:
            mark.unlink(missing_ok=True)  # `add` leaves nothing behind
            raise
        try:
            async with self._database.connection() as conn:
                settings = await get_project_settings(conn, project_id)
            if not settings.setup and not settings.copy_patterns:  # what they bring has to be there when an agent loads
                await self._hooks.warm(project_id, path)
        finally:  # else the next look would make another one, and leave this one to the next start
            self._spares[project_id] = made
        log.info("spare worktree made", extra={"project_id": project_id, "commit": commit})

    async def _drop_spare(self, project_id: ProjectId) -> None:
        spare = self._spares.pop(project_id, None)
        if spare is not None:
            await self._drop(project_id, spare)

    async def _drop(self, project_id: ProjectId, spare: Worktree) -> None:
        await self._guarded(self._hooks.forget(spare.path))
        await self._guarded(self._remove(project_id, spare.path))

    async def _remove(self, project_id: ProjectId | None, path: Path) -> None:
        """Remove a directory that is no session's, with its mark."""
        async with self._database.connection() as conn:
            taken = await is_session_path(conn, path)
            place = None if taken or project_id is None else await self._project_path(conn, project_id)
        if project_id is not None and place is not None:
            shadow = await self._shadows.of(project_id, place, absent=True)
            await shadow.worktrees.discard(path)
        elif not taken:
            await asyncio.to_thread(remove_files, path)
        self.release(path)

    async def _project_path(self, conn: Connection, project_id: ProjectId) -> Path | None:
        try:
            return Path((await projects.get_project(conn, project_id)).path)
        except NotFound:
            return None
