"""Measures the forks of a session anew once the user applied its change, so that they show their own work alone."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from boocoder.broker.outbox import Outbox
from boocoder.changes.diff.statistics import measure
from boocoder.changes.worktree.conflict_resolution import measured_anew
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, changes
from boocoder.db.files.applies import ForkedSession
from boocoder.db.files.snapshots import base_at
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.ids import SessionId
from boocoder.model.task import ChangeState
from boocoder.service import TaskSupervisor
from boocoder.worktrees.history.fork_base import applied_part
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import TURN_WAIT_S, WorktreeLocks

log = logging.getLogger(__name__)

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop


@dataclass(frozen=True, slots=True)
class _BaseStep:
    """What a session's change was measured against, and is from now on."""

    old: str
    new: str


class ForkFollower:
    """Moves the bases of a session's forks, and of their forks, onto what the user applied of the session.

    Their files stay. A fork that has applied something itself is left alone, as is one whose base cannot be moved
    without conflicts.

    Args:
        locks: excludes turns and other writers.
    """

    def __init__(self, *, database: Database, outbox: Outbox, snapshots: Snapshots, locks: WorktreeLocks) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._supervisor = TaskSupervisor("forks")

    async def stop(self) -> None:
        """Wait for moves in progress."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def follow(self, session_id: SessionId) -> None:
        """Follow the newest apply of a session, in each fork now or when the turn that runs has ended.

        It never raises our errors.
        """
        async with self._database.connection() as conn:
            forks = await applies.list_forks(conn, session_id)
        for fork in forks:
            await self._try(session_id, fork.session_id, wait_s=0.0)

    async def _try(self, parent: SessionId, child: SessionId, *, wait_s: float) -> None:
        try:
            async with self._locks.exclusive(child, "update", wait_s=wait_s):
                await self._follow_parent(parent, child)
        except Conflict as error:
            if error.code == "session_busy" and not wait_s:
                self._supervisor.spawn(self._try(parent, child, wait_s=TURN_WAIT_S), f"session {child}")
        except BoocoderError as error:
            log.warning("fork not measured anew", extra={"session_id": child}, exc_info=error)

    async def _follow_parent(self, parent: SessionId, child: SessionId) -> None:
        async with self._database.connection() as conn:
            applied = await applies.last_applied(conn, parent)
        fork = await self._fork(parent, child)
        if applied is None or fork is None:
            return
        async with self._database.connection() as conn:
            base = await base_at(conn, parent, fork.taken_at)
        place = await self._snapshots.place(child)
        part = await applied_part(place.shadow, applied, tree=fork.tree, taken_at=fork.taken_at, base=base)
        if part is not None:
            await self._move(place, fork, _BaseStep(applied.base_tree if fork.moved else fork.base_tree, part))

    async def _fork(self, parent: SessionId, child: SessionId) -> ForkedSession | None:
        async with self._database.connection() as conn:
            forks = await applies.list_forks(conn, parent)
        return next((one for one in forks if one.session_id == child), None)

    async def _move(self, place: SnapshotSource, fork: ForkedSession, moved: _BaseStep) -> None:
        new = await _brought_along(place.shadow, fork.base_tree, moved)
        if new is None or new == fork.base_tree:
            return
        await place.shadow.keep(f"refs/boocoder/{fork.session_id}/base", new, beside=fork.tree)
        await self._store(place, fork, new)
        async with self._database.connection() as conn:
            below = await applies.list_forks(conn, fork.session_id)
        for one in below:
            await self._move_below(fork.session_id, one.session_id, _BaseStep(fork.base_tree, new))

    async def _move_below(self, parent: SessionId, child: SessionId, moved: _BaseStep) -> None:
        async with self._locks.exclusive(child, "update", wait_s=TURN_WAIT_S):
            fork = await self._fork(parent, child)
            if fork is not None:
                await self._move(await self._snapshots.place(child), fork, moved)

    async def _store(self, place: SnapshotSource, fork: ForkedSession, base_tree: str) -> None:
        session_id = fork.session_id
        async with self._database.connection() as conn:
            known = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
        measured = await measure(place.shadow, base_tree=base_tree, tree=known[0].tree) if known else None
        text = (
            "The change that this session was forked from was applied. This session's change holds its own work alone."
        )
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await sessions.lock_session(conn, session_id)
            await changes.replace_base(conn, session_id, base_tree)
            pending = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
            drafts: list[frames.Frame] = []
            if pending and measured is not None:
                _, drafts = await measured_anew(conn, pending[0], measured)
            drafts.append(frames.NoticeFrame(session_id=session_id, code="base_moved", text=text))
            await transaction.append(session_id, drafts)


async def _brought_along(shadow: ShadowRepository, base_tree: str, moved: _BaseStep) -> str | None:
    """A base with the parent's step; None where both changed the same lines."""
    if base_tree == moved.old:
        return moved.new
    return (await shadow.merge(base=moved.old, ours=base_tree, theirs=moved.new)).tree
