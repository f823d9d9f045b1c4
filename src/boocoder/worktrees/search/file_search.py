"""Finds files of a session's worktree, or of a project's checkout, by a few letters of their path."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.registry import projects
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.ids import ProjectId, SessionId
from boocoder.model.session import WorktreeState
from boocoder.wire.worktrees import FoundFiles
from boocoder.worktrees.search.fuzzy import best_paths

LISTED_S = 4.0  # a listing is reused while a person types; a new file is found soon
LISTINGS_MAX = 8  # of directories, in memory; one of 50,000 files takes some 5 MB


@dataclass(frozen=True, slots=True)
class _Listing:
    at: float
    paths: list[str]


class FileSearch:
    """Searches names; a directory is listed at most every LISTED_S.

    Args:
        shadows: the projects' shadow repositories.
    """

    def __init__(self, *, database: Database, shadows: ShadowRegistry) -> None:
        self._database = database
        self._shadows = shadows
        self._listings: dict[Path, _Listing] = {}
        self._locks: dict[Path, asyncio.Lock] = {}

    async def in_session(self, session_id: SessionId, query: str, limit: int) -> FoundFiles:
        """Files of the session's worktree; of its project's checkout while it has none.

        Raises:
            NotFound: session_not_found.
            InvalidInput, GitError: the project's repository cannot be used.
        """
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, session_id)
            row = await worktrees.get_worktree(conn, session_id)
        there = row is not None and row.state is WorktreeState.READY and is_real_directory(Path(row.path))
        return await self._find(session.project_id, Path(row.path) if row and there else None, query, limit)

    async def in_project(self, project_id: ProjectId, query: str, limit: int) -> FoundFiles:
        """Files of the project's checkout.

        Raises:
            NotFound: project_not_found.
            InvalidInput, GitError: the project's repository cannot be used.
        """
        return await self._find(project_id, None, query, limit)

    async def _find(self, project_id: ProjectId, worktree: Path | None, query: str, limit: int) -> FoundFiles:
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, project_id)
        shadow = await self._shadows.of(project.id, Path(project.path))
        paths = await self._listed(shadow, worktree or shadow.checkout.root)
        found = await asyncio.to_thread(best_paths, paths, query, limit)  # 50,000 names take some 40 ms
        return FoundFiles(tuple(found), len(paths))

    async def _listed(self, shadow: ShadowRepository, directory: Path) -> list[str]:
        async with self._locks.setdefault(directory, asyncio.Lock()):
            known = self._listings.pop(directory, None)
            if known is None or time.monotonic() - known.at > LISTED_S:
                known = _Listing(time.monotonic(), await shadow.file_list(directory))
            self._listings[directory] = known
        while len(self._listings) > LISTINGS_MAX:
            oldest = next(iter(self._listings))
            del self._listings[oldest]
            if not self._locks[oldest].locked():
                del self._locks[oldest]
        return known.paths
