"""Looks whether this host can serve a project: its repository is at the path, and is the same one as elsewhere."""

from __future__ import annotations

from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.db.registry import host_projects, projects
from boocoder.db.registry.host_projects import HostProject, ProjectState
from boocoder.errors import BoocoderError, Conflict
from boocoder.git.project import Checkout, require_checkout
from boocoder.git.project_identity import has_commit, root_commits
from boocoder.git.shadow.presence import is_checkout
from boocoder.git.transfer.packs import known_tips
from boocoder.model.ids import HostId, ProjectId


class ProjectCheck:
    """Finds out which projects this host can serve, and stores it."""

    def __init__(self, *, database: Database, host_id: HostId) -> None:
        self._database = database
        self._host_id = host_id

    async def check(self, project: HostProject) -> ProjectState:
        """Look at a project's path and store what is there.

        The first host that finds a history there decides which repository the project is.

        Raises:
            Unavailable: the database is not there.
        """
        state = await self._state(project)
        tips = await self._tips(project) if state is ProjectState.READY else None
        async with self._database.connection() as conn:
            await host_projects.put_host_project(conn, self._host_id, project.id, state, project.path, tips)
        return state

    async def check_one(self, project_id: ProjectId) -> ProjectState:
        """As `check`, for a project by its id; MISSING for one that does not exist."""
        async with self._database.connection() as conn:
            found = await host_projects.list_host_projects(conn, self._host_id, project_id)
        return await self.check(found[0]) if found else ProjectState.MISSING

    async def require_same(self, root: Path) -> None:
        """Refuse to add what is another repository than the project that other hosts have at this path.

        Where no other host has that project, it is the repository that is here from now on.

        Args:
            root: of a checkout on this host.

        Raises:
            Conflict: project_other_repository.
            GitError: git failed.
        """
        async with self._database.connection() as conn:
            project = await host_projects.find_host_project(conn, self._host_id, str(root))
        if project is None or project.state is ProjectState.READY or not project.roots:
            return
        checkout = await require_checkout(root)
        if await self._is_same(project, checkout):
            return
        async with self._database.transaction() as conn:
            elsewhere = await host_projects.list_ready_hosts(conn, self._host_id, project.id)
            if not elsewhere:
                await host_projects.set_roots(conn, project.id, await root_commits(checkout), replace=True)
                return
        raise Conflict(
            "project_other_repository",
            f"The repository at {root} is not that of the project with this path on {elsewhere[0].name}: it begins "
            "with another commit.",
            "Move it to another path, and add it from there.",
        )

    async def _state(self, project: HostProject) -> ProjectState:
        path = Path(project.path)
        if not is_checkout(path):
            return ProjectState.MISSING
        try:
            checkout = await require_checkout(path)
            if checkout.root != path:
                return ProjectState.MISSING
            if not project.roots and await self._adopt(project.id, checkout):
                return ProjectState.READY
            same = await self._is_same(await self._reread(project), checkout)
        except (BoocoderError, OSError):  # a repository that cannot be read serves nobody; its turns say why
            return ProjectState.MISSING
        return ProjectState.READY if same else ProjectState.OTHER_REPOSITORY

    async def _tips(self, project: HostProject) -> list[str] | None:
        try:
            return await known_tips(await require_checkout(Path(project.path)))
        except (BoocoderError, OSError):  # unknown: other hosts store nothing for this one until its next look
            return None

    async def _adopt(self, project_id: ProjectId, checkout: Checkout) -> bool:
        """Let this repository be the project's; False if another host was quicker."""
        roots = await root_commits(checkout)
        if not roots:
            return True
        async with self._database.connection() as conn:
            return await host_projects.set_roots(conn, project_id, roots)

    async def _reread(self, project: HostProject) -> HostProject:
        if project.roots:
            return project
        async with self._database.connection() as conn:
            return (await host_projects.list_host_projects(conn, self._host_id, project.id))[0]

    async def _is_same(self, project: HostProject, checkout: Checkout) -> bool:
        """By the first commits; a shallow clone lacks them, and is known by a commit that a session began at."""
        if await has_commit(checkout, project.roots):
            return True
        async with self._database.connection() as conn:
            commits = await projects.list_base_commits(conn, project.id)
        return await has_commit(checkout, commits)
