"""Makes a session's worktree, once, or again where it is gone, and sets it up. It knows no turn and no change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from boocoder.db import kept, starts, worktrees
from boocoder.db.pool import Database
from boocoder.db.project_settings import get_project_settings
from boocoder.db.starts import Start
from boocoder.db.worktrees import SetupState, WorktreeRow, WorktreeState
from boocoder.errors import GitError
from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.shadow import ShadowRepository, Worktree
from boocoder.git.shadows import Shadows
from boocoder.model.ids import SessionId
from boocoder.model.turn import StopSignal
from boocoder.service import Supervisor
from boocoder.worktrees.hiding import unhide
from boocoder.worktrees.incomplete import lacking
from boocoder.worktrees.restore import make_again
from boocoder.worktrees.setup import Emit, NotReady, SetupPlace, WorktreeSetup
from boocoder.worktrees.start import start_notices, starting_point

_TO_SET_UP = (SetupState.RUNNING, SetupState.FAILED)


@dataclass(frozen=True, slots=True)
class Made:
    """A worktree that was made just now.

    Args:
        notices: what the person should know about it.
        setup_state: whether files are to be copied or a command is to be run before an agent gets it.
    """

    worktree: Worktree
    notices: tuple[Notice, ...]
    setup_state: SetupState


class Worktrees:
    """Makes the worktrees of this host.

    Args:
        setup: makes new ones ready.
        root: directory of all worktrees; their names are session ids.
        indexes: directory of the private git indexes, one a session, which make snapshots quick.
    """

    def __init__(
        self,
        *,
        database: Database,
        shadows: Shadows,
        setup: WorktreeSetup,
        root: Path,
        indexes: Path,
        failpoints: Failpoints,
    ) -> None:
        self._database = database
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
            if row is not None and row.state is WorktreeState.READY and Path(row.path).is_dir():
                worktree, setup_state = worktree_of(row), row.setup_state
            else:
                made = await self._make(session_id, row)
                worktree, setup_state = made.worktree, made.setup_state
                for notice in made.notices:
                    await emit(notice)
            if not needs_setup(setup_state):
                return worktree
            return await self._set_up(session_id, worktree, emit=emit, stop=stop)

    async def _row(self, session_id: SessionId) -> WorktreeRow | None:
        async with self._database.connection() as conn:
            return await worktrees.get_worktree(conn, session_id)

    async def _make(self, session_id: SessionId, known: WorktreeRow | None) -> Made:
        async with self._database.connection() as conn:
            start = await starts.get_start(conn, session_id)
        shadow = await self._shadows.of(start.project_id, Path(start.project_path))
        if known is not None:
            return await self._again(shadow, known)
        path = self._root / str(session_id)
        if path.exists():  # an earlier try was cut short
            await shadow.remove_worktree(path)
        worktree, notices = await self._new(session_id, shadow, start, path)
        self._failpoints.hit("worktree.after_add")
        notices += await lacking(shadow, worktree)
        async with self._database.transaction() as conn:
            await worktrees.put_worktree(
                conn,
                session_id,
                path=worktree.path,
                base_commit=worktree.base_commit,
                base_tree=worktree.base_tree,
                state=WorktreeState.READY,
            )
            setup_state = await starts.begin_setup(conn, session_id)
        return Made(worktree, tuple(notices), setup_state)

    async def _new(
        self, session_id: SessionId, shadow: ShadowRepository, start: Start, path: Path
    ) -> tuple[Worktree, list[Notice]]:
        point = await starting_point(shadow, start, session_id, indexes=self._indexes)
        aside = Supervisor(f"worktree:{session_id}")
        try:
            counting = aside.spawn(_count_dirty(shadow, start), "count")
            made = await shadow.add_worktree(path, commit=point.commit, tree=point.tree)
            dirty = await counting
        finally:
            await aside.stop()
        return made, await start_notices(shadow, start, point, made, dirty)

    async def _again(self, shadow: ShadowRepository, known: WorktreeRow) -> Made:
        """With the files of the newest snapshot; the base stays what it was."""
        session_id, setup_state = known.session_id, known.setup_state
        notices: list[Notice] = []
        await asyncio.to_thread(unhide, Path(known.path))  # a removal that was cut short may have all files
        there = Path(known.path).is_dir()
        if not there:
            async with self._database.connection() as conn:
                newest = await worktrees.latest_snapshot(conn, session_id)
            again = await make_again(shadow, known, newest, index=self.index_of(session_id))
            self._failpoints.hit("restore.after_files")
            notices = [Notice(again.code, again.text, NoticeLevel.WARNING), *await lacking(shadow, worktree_of(known))]
        async with self._database.transaction() as conn:
            await kept.put_back(conn, session_id)
            if not there:
                setup_state = await starts.begin_setup(conn, session_id)
        return Made(worktree_of(known), tuple(notices), setup_state)

    async def _set_up(
        self, session_id: SessionId, worktree: Worktree, *, emit: Emit, stop: StopSignal
    ) -> Worktree | NotReady:
        async with self._database.connection() as conn:
            start = await starts.get_start(conn, session_id)
            settings = await get_project_settings(conn, start.project_id)
        shadow = await self._shadows.of(start.project_id, Path(start.project_path))
        place = SetupPlace(session_id, worktree, shadow, self.index_of(session_id))
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
