"""Opens the shadow repositories of this host, one per project, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from boocoder.git.command import WriteLimit
from boocoder.git.shadow.presence import ProjectMoved
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.watch.watches import FileWatches
from boocoder.model.ids import ProjectId


class ShadowRegistry:
    """Opens shadow repositories when they are first needed.

    Args:
        root: the directory that holds them.
        excludes: ignore patterns beside the user's, for every project.
        limit: as for `SessionWorktrees`.
    """

    def __init__(self, *, root: Path, excludes: Sequence[str] = (), limit: WriteLimit | None = None) -> None:
        self._root = root
        self._limit = limit
        self._excludes = "".join(f"\n{pattern}" for pattern in excludes).encode()
        self._open: dict[ProjectId, ShadowRepository] = {}
        self._lock = asyncio.Lock()
        self._watches = FileWatches()
        self._relinked: dict[tuple[ProjectId, Path], Path] = {}

    async def stop(self) -> None:
        """Watch no files any longer. Safe twice."""
        await asyncio.to_thread(self._watches.close)

    def git_dir_of(self, project_id: ProjectId) -> Path:
        """The git directory of a project's shadow repository, there or not."""
        return self._root / f"{project_id}.git"

    async def of(self, project_id: ProjectId, project_path: Path, *, absent: bool = False) -> ShadowRepository:
        """The shadow repository of a project.

        Args:
            project_path: where the caller knows the project's repository; a turn may know an older place.
            absent: also while the user's repository is away, for what needs only our own objects.

        Raises:
            ProjectMoved: the user's repository is not there.
            GitError, InvalidInput: as `ShadowRepository.open`.
        """
        path = self._current(project_id, project_path)
        found = self._usable(project_id, path)
        if found is not None:
            return found
        async with self._lock:
            found = self._usable(project_id, path)
            if found is None:
                found = self._open[project_id] = await self._opened(project_id, path, absent=absent)
            return found

    def relink(self, project_id: ProjectId, before: Path, now: Path) -> None:
        """Use the project's new place from now on, also for callers that know the old one."""
        self._relinked[project_id, before] = now
        self._relinked.pop((project_id, now), None)

    def _current(self, project_id: ProjectId, path: Path) -> Path:
        while (project_id, path) in self._relinked:
            path = self._relinked[project_id, path]
        return path

    def _usable(self, project_id: ProjectId, path: Path) -> ShadowRepository | None:
        found = self._open.get(project_id)
        return found if found is not None and found.project == path and found.is_present else None

    async def _opened(self, project_id: ProjectId, path: Path, *, absent: bool) -> ShadowRepository:
        known = self._open.get(project_id)
        shadow = ShadowRepository(
            git_dir=self.git_dir_of(project_id),
            project=path,
            excludes=self._excludes,
            watches=self._watches,
            limit=self._limit,
        )
        if known is not None:
            shadow.share_locks(known)
        try:
            await shadow.open()
        except ProjectMoved:
            if not absent:
                raise
            if known is not None and known.project == path:
                return known
            await shadow.open(absent=True)
        return shadow

    def opened(self, project_id: ProjectId) -> ShadowRepository | None:
        """The shadow repository of a project, if it is open already."""
        return self._open.get(project_id)
