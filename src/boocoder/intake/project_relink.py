"""Finds projects whose repository has moved, and stores its new path."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from boocoder.db.core.pool import Database
from boocoder.db.registry import projects
from boocoder.errors import Conflict
from boocoder.git.project import WORKTREE_MARK, Checkout, inspect_project, require_checkout
from boocoder.git.project_identity import is_same_repository
from boocoder.git.shadow.presence import is_checkout
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.model.ids import ProjectId
from boocoder.wire.projects import Project


async def with_presence(found: Iterable[Project]) -> list[Project]:
    """The projects, each with whether its repository is where it was."""
    listed = list(found)
    moved = await asyncio.to_thread(lambda: [not is_checkout(Path(one.path)) for one in listed])
    return [msgspec.structs.replace(one, moved=gone) for one, gone in zip(listed, moved, strict=True)]


class ProjectRelinker:
    """Follows projects to where their repositories are.

    Args:
        shadows: learn the new places.
    """

    def __init__(self, *, database: Database, shadows: ShadowRegistry) -> None:
        self._database = database
        self._shadows = shadows

    async def relink(self, project_id: ProjectId, path: Path) -> Project:
        """Use the repository at `path` for a project from now on. Sessions, changes and worktrees stay.

        Args:
            path: in the checkout that was moved, or in another one of the same repository.

        Raises:
            NotFound: project_not_found.
            InvalidInput: as `inspect_project`.
            Conflict: project_other_repository; project_path_taken, another project with sessions is there.
            GitError: git failed.
        """
        async with self._database.connection() as conn:
            before = await projects.get_project(conn, project_id)
        root = (await inspect_project(path)).root
        if not await self._is_repository_of(project_id, await require_checkout(root)):
            raise Conflict(
                "project_other_repository",
                f"The repository at {root} has none of the commits that the sessions of {before.name} began with.",
                f"Name the folder that {before.path} was moved to, or add {root} as a project of its own.",
            )
        async with self._database.transaction() as conn:
            project = await projects.relink_project(conn, project_id, root)
        self._shadows.relink(project_id, Path(before.path), root)
        await asyncio.to_thread(_mark_sessions, self._shadows.git_dir_of(project_id), root)
        return project

    async def require_new(self, root: Path) -> None:
        """Refuse to add what is the repository of a project that has lost it.

        Args:
            root: of a checkout.

        Raises:
            Conflict: project_moved_here.
            GitError: git failed.
        """
        async with self._database.connection() as conn:
            listed = await projects.list_projects(conn, removed=True)
        if any(one.path == str(root) for one in listed):
            return
        checkout = await require_checkout(root)
        for one in await with_presence(listed):
            if one.moved and await self._is_repository_of(one.id, checkout, surely=True):
                raise Conflict(
                    "project_moved_here",
                    f"{root} is the repository of project {one.name}, which was at {one.path}.",
                    f"Go on with its sessions: boocoder projects relink {str(one.id)[:8]} {root}. "
                    f"Or add it as another project: boocoder projects add --separate {root}",
                )

    async def _is_repository_of(self, project_id: ProjectId, checkout: Checkout, *, surely: bool = False) -> bool:
        """Whether a checkout is that of a project; one without a session could be any unless `surely`."""
        async with self._database.connection() as conn:
            commits = await projects.list_base_commits(conn, project_id)
        if not commits:
            return not surely
        return await is_same_repository(self._shadows.git_dir_of(project_id), checkout, commits)


def _mark_sessions(git_dir: Path, root: Path) -> None:
    """Let the repositories of the project's sessions name the place of the user's."""
    for mark in git_dir.glob(f"sessions/*/{WORKTREE_MARK}"):
        fresh = mark.with_name(f"{WORKTREE_MARK}.new")
        fresh.unlink(missing_ok=True)
        fresh.write_bytes(os.fsencode(root) + b"\n")
        fresh.replace(mark)
