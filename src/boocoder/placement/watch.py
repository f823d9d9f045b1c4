"""Keeps what this host can serve up to date: looks at its projects, and for agents that waiting tasks name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.db.registry import host_projects
from boocoder.db.registry.host_projects import HostProject, ProjectState
from boocoder.errors import BoocoderError
from boocoder.model.ids import HostId, ProjectId
from boocoder.placement.project_check import ProjectCheck
from boocoder.service import TaskSupervisor

log = logging.getLogger(__name__)

LOOK_EVERY_S = 15.0  # one stat(2) a project; a folder that appears or goes says nothing by itself
AGENTS_EVERY_S = 60.0  # looking for a program costs little, trying one costs seconds of a processor
CHECKS_AT_ONCE = 2  # each starts two or three git processes

_Place = tuple[int, int]
_Seen = dict[ProjectId, tuple[str, _Place | None]]


class PlacementWatch:
    """Stores which projects this host can serve, at start, when one changes, and every `look_every_s`.

    A `service.Service`.

    Args:
        check: looks at one project.
        find_agent: looks again for an agent of this name, or tries it.
        on_found: called when this host can do more than before: a task may wait for it.
        look_every_s: seconds between two looks at all projects.
    """

    def __init__(
        self,
        *,
        database: Database,
        host_id: HostId,
        check: ProjectCheck,
        find_agent: Callable[[str], Awaitable[object]],
        on_found: Callable[[], None],
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._database = database
        self._host_id = host_id
        self._check = check
        self._find_agent = find_agent
        self._on_found = on_found
        self._look_every_s = look_every_s
        self._changed: set[ProjectId] = set()
        self._missed = False
        self._wake = asyncio.Event()
        self._seen: _Seen = {}
        self._gate = asyncio.Semaphore(CHECKS_AT_ONCE)
        self._supervisor = TaskSupervisor("placement")

    async def start(self) -> None:
        """Begin with a look at every project, in the background."""
        self._supervisor.spawn(self._look_loop(), "projects")
        self._supervisor.spawn(self._agent_loop(), "agents")

    async def stop(self) -> None:
        """Stop looking. Safe twice and before start."""
        await self._supervisor.stop()

    def project_changed(self, project_id: ProjectId) -> None:
        """A project was added, moved, or is another repository now."""
        self._changed.add(project_id)
        self._wake.set()

    def look_again(self) -> None:
        """Notifications may have been missed."""
        self._missed = True
        self._wake.set()

    async def _look_loop(self) -> None:
        first = True
        while True:
            self._wake.clear()
            changed, missed = self._changed, self._missed
            self._changed, self._missed = set(), False
            try:
                await self._look(changed, missed=missed, first=first)
                first = False
            except BoocoderError as error:
                log.warning("did not look at the projects", extra={"code": error.code})
                self._changed |= changed
                self._missed |= missed
            try:
                async with asyncio.timeout(self._look_every_s):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _look(self, changed: set[ProjectId], *, missed: bool, first: bool) -> None:
        async with self._database.connection() as conn:
            listed = await host_projects.list_host_projects(conn, self._host_id)
        places = await asyncio.to_thread(lambda: {one.id: (one.path, _place(Path(one.path))) for one in listed})
        todo = [one for one in listed if first or self._is_stale(one, places, changed=missed or one.id in changed)]
        found = await asyncio.gather(*(self._check_one(one) for one in todo))
        self._seen = places
        if any(found):
            self._on_found()

    def _is_stale(self, project: HostProject, places: _Seen, *, changed: bool) -> bool:
        """Whether another folder is there than at the last look, or none was ever judged."""
        if project.state is not ProjectState.READY and (changed or project.state is ProjectState.UNKNOWN):
            return True
        if self._seen.get(project.id, places[project.id]) != places[project.id]:
            return True
        return project.state is ProjectState.READY and not project.roots  # it may have its first commit now

    async def _check_one(self, project: HostProject) -> bool:
        """Whether the project can be served, and could not before."""
        async with self._gate:
            state = await self._check.check(project)
        return state is ProjectState.READY and project.state is not ProjectState.READY

    async def _agent_loop(self) -> None:
        while True:
            await asyncio.sleep(AGENTS_EVERY_S)
            try:
                async with self._database.connection() as conn:
                    names = await host_projects.list_missing_agents(conn, self._host_id)
                for name in names:
                    await self._find_agent(name)
            except BoocoderError as error:
                log.warning("did not look for agents", extra={"code": error.code})


def _place(path: Path) -> _Place | None:
    """Device and inode of what makes a folder a checkout; None where there is none."""
    try:
        found = (path / ".git").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
