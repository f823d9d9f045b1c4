"""Creates a session's worktree, or creates it again after a removal, and sets it up."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path

from boocoder.db.core.pool import Database
from boocoder.db.files import start_points, worktree_gc, worktrees
from boocoder.db.files.start_points import Start
from boocoder.db.files.worktrees import WorktreeRow
from boocoder.db.registry.host_projects import list_ready_hosts
from boocoder.db.registry.project_settings import get_project_settings
from boocoder.db.tasks.hosts import get_holder
from boocoder.errors import GitError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_worktrees import Worktree
from boocoder.model.ids import HostId, SessionId
from boocoder.model.session import SetupState, WorktreeState
from boocoder.model.turn import StopSignal
from boocoder.service import TaskSupervisor
from boocoder.worktrees.create.incomplete import missing_content_notices
from boocoder.worktrees.create.repair import branch_name, repair_notices
from boocoder.worktrees.create.setup import Emit, NotReady, SetupTarget, WorktreeSetup
from boocoder.worktrees.create.spares import SpareWorktrees
from boocoder.worktrees.create.start_point import StartingPoint, named, start_notices, starting_point
from boocoder.worktrees.remove.restore import recreate_worktree
from boocoder.worktrees.remove.trash import restore_from_trash

log = logging.getLogger(__name__)

_TO_SET_UP = (SetupState.RUNNING, SetupState.FAILED)


@dataclass(frozen=True, slots=True)
class CreatedWorktree:
    """A worktree that was made just now.

    Args:
        notices: what the person should know about it.
        setup_state: whether files are to be copied or a command is to be run before an agent gets it.
    """

    worktree: Worktree
    notices: tuple[Notice, ...]
    setup_state: SetupState


class WorktreeFactory:
    """Makes the worktrees of this host.

    Args:
        setup: makes new ones ready.
        root: directory of all worktrees; their names are session ids, or ids of those that were made ahead.
        indexes: directory of the private git indexes, one a session, which make snapshots quick.
        host_id: this host, so that a session says where it started if other hosts have clones of their own.
        spares: worktrees that were made ahead; None where none are.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: ShadowRegistry,
        setup: WorktreeSetup,
        root: Path,
        indexes: Path,
        failpoints: Failpoints,
        host_id: HostId | None = None,
        spares: SpareWorktrees | None = None,
    ) -> None:
        self._database = database
        self._spares = spares
        self._host_id = host_id
        self._shadows = shadows
        self._setup = setup
        self._root = root
        self._indexes = indexes
        self._failpoints = failpoints
        self._locks: dict[SessionId, asyncio.Lock] = {}

    def index_of(self, session_id: SessionId) -> Path:
        """The private git index of a session."""
        return self._indexes / f"{session_id}.index"

    async def ensure(self, session_id: SessionId, *, emit: Emit, stop: StopSignal) -> Worktree | NotReady:
        """The session's worktree, made and set up now as far as it is not.

        Args:
            emit: shows what is done as events of the turn.
            stop: ends the setup command.

        Returns:
            The worktree, or how the turn ends that cannot have it.

        Raises:
            InvalidInput: the project cannot have worktrees (gone, no repository, no commit), or start_unknown.
            GitError: git refused.
        """
        async with self._locks.setdefault(session_id, asyncio.Lock()):
            row = await self._row(session_id)
            if row is not None and row.state is WorktreeState.READY and is_real_directory(Path(row.path)):
                worktree, setup_state = worktree_of(row), row.setup_state
                await self.repair(session_id, worktree, emit=emit)
            else:
                made = await self._make(session_id, row)
                worktree, setup_state = made.worktree, made.setup_state
                for notice in made.notices:
                    await emit(notice)
            if not needs_setup(setup_state):
                return worktree
            return await self._set_up(session_id, worktree, emit=emit, stop=stop)

    async def repair(self, session_id: SessionId, worktree: Worktree, *, emit: Emit) -> None:
        """Make sure that git in the worktree uses the session's own repository, whatever an agent changed.

        Args:
            emit: shows what was repaired.

        Raises:
            GitError: git refused.
        """
        async with self._database.connection() as conn:
            start = await start_points.get_start(conn, session_id)
        shadow = await self._shadow(start)
        name = branch_name(start.title, session_id)
        for notice in repair_notices(
            await shadow.worktrees.prepare(worktree.path, commit=worktree.base_commit, branch=name)
        ):
            await emit(notice)

    async def _shadow(self, start: Start) -> ShadowRepository:
        """The project's shadow repository, which makes repositories as the project's settings say."""
        async with self._database.connection() as conn:
            settings = await get_project_settings(conn, start.project_id)
        shadow = await self._shadows.of(start.project_id, Path(start.project_path))
        shadow.worktrees.run_hooks = settings.git_hooks
        return shadow

    async def _row(self, session_id: SessionId) -> WorktreeRow | None:
        async with self._database.connection() as conn:
            return await worktrees.get_worktree(conn, session_id)

    async def _make(self, session_id: SessionId, known: WorktreeRow | None) -> CreatedWorktree:
        async with self._database.connection() as conn:
            start = await start_points.get_start(conn, session_id)
        shadow = await self._shadow(start)
        if known is not None:
            return await self._again(shadow, known)
        path = self._root / str(session_id)
        if os.path.lexists(path):  # an earlier try was cut short
            await shadow.remove_worktree(path)
        worktree, notices = await self._new(session_id, shadow, start, path)
        self._failpoints.hit("worktree.after_add")
        notices += await missing_content_notices(shadow, worktree)
        async with self._database.transaction() as conn:
            await worktrees.put_worktree(
                conn,
                session_id,
                path=worktree.path,
                base_commit=worktree.base_commit,
                base_tree=worktree.base_tree,
                state=WorktreeState.READY,
            )
            setup_state = await start_points.begin_setup(conn, session_id)
        if self._spares is not None:
            if self._spares.release(worktree.path) and needs_setup(setup_state):
                await self._spares.unload(worktree.path)
            self._spares.want(start.project_id)
        return CreatedWorktree(worktree, tuple(notices), setup_state)

    async def _new(
        self, session_id: SessionId, shadow: ShadowRepository, start: Start, path: Path
    ) -> tuple[Worktree, list[Notice]]:
        point = await starting_point(shadow, start, session_id, indexes=self._indexes)
        aside = TaskSupervisor(f"worktree:{session_id}")
        try:
            counting = aside.spawn(_count_dirty(shadow, start), "count")
            name = branch_name(start.title, session_id)
            made = await self._take_spare(shadow, start, point, name)
            if made is None:
                made = await shadow.add_worktree(path, commit=point.commit, tree=point.tree, branch=name)
            dirty = await counting
        finally:
            await aside.stop()
        return made, await start_notices(shadow, start, point, made, dirty) + await self._place_notices(start, made)

    async def _take_spare(
        self, shadow: ShadowRepository, start: Start, point: StartingPoint, branch: str
    ) -> Worktree | None:
        """The worktree that was made ahead, with a repository of now; None where there is none that fits."""
        if self._spares is None or start.start_from is not None or start.start_dirty or point.commit is None:
            return None
        spare = self._spares.take(start.project_id, point.commit)
        if spare is None:
            return None
        try:
            return await shadow.worktrees.add(spare.path, commit=point.commit, branch=branch, spare=spare)
        except (GitError, OSError) as error:
            log.warning("spare worktree not usable", extra={"path": str(spare.path)}, exc_info=error)
            self._spares.release(spare.path)
            return None

    async def _place_notices(self, start: Start, made: Worktree) -> list[Notice]:
        """Which clone the files are from, where the person cannot know."""
        if self._host_id is None or start.start_from is not None or start.start_dirty:
            return []
        async with self._database.connection() as conn:
            others = await list_ready_hosts(conn, self._host_id, start.project_id)
            holder = await get_holder(conn, self._host_id)
        names = named([host.name for host in others if host.alive])
        if holder is None or not names:
            return []
        place = f"{holder.name}, from commit {made.base_commit[:10]} of the clone there"
        return [Notice("started_on_host", f"The agent works on {place}. Other hosts have clones, too: {names}.")]

    async def _again(self, shadow: ShadowRepository, known: WorktreeRow) -> CreatedWorktree:
        """With the files of the newest snapshot; the base stays what it was."""
        session_id, setup_state = known.session_id, known.setup_state
        notices: list[Notice] = []
        await asyncio.to_thread(restore_from_trash, Path(known.path))  # a removal that was cut short may have all files
        there = is_real_directory(Path(known.path))
        if not there:
            async with self._database.connection() as conn:
                newest = await worktrees.latest_snapshot(conn, session_id)
            again = await recreate_worktree(shadow, known, newest, index=self.index_of(session_id))
            self._failpoints.hit("restore.after_files")
            notices = [
                Notice(again.code, again.text, NoticeLevel.WARNING),
                *await missing_content_notices(shadow, replace(worktree_of(known), pointers=again.pointers)),
            ]
        async with self._database.transaction() as conn:
            await worktree_gc.put_back(conn, session_id)
            if not there:
                setup_state = await start_points.begin_setup(conn, session_id)
        return CreatedWorktree(worktree_of(known), tuple(notices), setup_state)

    async def _set_up(
        self, session_id: SessionId, worktree: Worktree, *, emit: Emit, stop: StopSignal
    ) -> Worktree | NotReady:
        async with self._database.connection() as conn:
            start = await start_points.get_start(conn, session_id)
            settings = await get_project_settings(conn, start.project_id)
        shadow = await self._shadows.of(start.project_id, Path(start.project_path))
        place = SetupTarget(session_id, worktree, shadow, self.index_of(session_id))
        return await self._setup.run(place, settings, emit=emit, stop=stop)


async def _count_dirty(shadow: ShadowRepository, start: Start) -> int:
    """How many files the person may miss in the worktree; 0 where that was chosen."""
    if start.start_from is not None or start.start_dirty:
        return 0
    try:
        return len(await shadow.dirty_paths(staged=True))
    except GitError:  # a notice less
        return 0


def worktree_of(row: WorktreeRow) -> Worktree:
    """The worktree of a row."""
    return Worktree(Path(row.path), row.base_commit, row.base_tree)


def needs_setup(state: SetupState | None) -> bool:
    """Whether an agent must not get the worktree yet."""
    return state in _TO_SET_UP
