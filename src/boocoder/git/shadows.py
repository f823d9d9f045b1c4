"""The shadow repositories of this host, one a project, opened once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boocoder.git.shadow import ShadowRepository
from boocoder.model.ids import ProjectId


class Shadows:
    """Opens shadow repositories when they are first needed.

    Args:
        root: the directory that holds them.
    """

    def __init__(self, *, root: Path) -> None:
        self._root = root
        self._open: dict[ProjectId, ShadowRepository] = {}
        self._lock = asyncio.Lock()

    async def of(self, project_id: ProjectId, project_path: Path) -> ShadowRepository:
        """The shadow repository of a project.

        Raises:
            GitError, InvalidInput: as `ShadowRepository.open`.
        """
        found = self._open.get(project_id)
        if found is not None:
            return found
        async with self._lock:
            if project_id not in self._open:
                shadow = ShadowRepository(git_dir=self._root / f"{project_id}.git", project=project_path)
                await shadow.open()
                self._open[project_id] = shadow
            return self._open[project_id]

    def opened(self, project_id: ProjectId) -> ShadowRepository | None:
        """The shadow repository of a project, if anybody has used it."""
        return self._open.get(project_id)
