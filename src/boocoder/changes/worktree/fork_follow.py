"""Measures the forks of a session anew once its change was applied, or that was undone: they show their own work."""

from __future__ import annotations

import asyncio
import logging
import time

from boocoder.broker.outbox import Outbox
from boocoder.changes.diff.statistics import measure
from boocoder.changes.worktree.conflict_resolution import measured_anew
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, changes
from boocoder.db.files.snapshots import base_at
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.ids import SessionId
from boocoder.model.task import ChangeState
from boocoder.service import TaskSupervisor
from boocoder.worktrees.history.snapshot_base import base_without_applied
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import TURN_WAIT_S, WorktreeLocks

log = logging.getLogger(__name__)

BUSY_RETRY_S = 1.0
STOP_GRACE_S = 10.0  # as long as the whole service takes to stop


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
        """Follow the newest apply of a session, or its undo, in each fork now or when the turn that runs has ended.

        It waits for no turn, and never raises our errors. What was followed already stays as it is.
        """
        async with self._database.connection() as conn:
            forks = await applies.list_forks(conn, session_id)
        for fork in forks:
            await self.follow_parent(session_id, fork.session_id)

    async def follow_parent(self, parent: SessionId, child: SessionId) -> None:
        """As `follow`, for one fork of the session."""
        try:
            await self._with_lock(parent, child, wait_s=0.0)
        except Conflict as error:
            if error.code != "session_busy":
                log.warning("fork not measured anew", extra={"session_id": child, "why": error.text})
            else:
                self._supervisor.spawn(self._later(parent, child), f"session {child}")
        except BoocoderError as error:
            log.warning("fork not measured anew", extra={"session_id": child}, exc_info=error)

    async def _later(self, parent: SessionId, child: SessionId) -> None:
        give_up_at = time.monotonic() + TURN_WAIT_S
        while True:
            try:
                await self._with_lock(parent, child, wait_s=TURN_WAIT_S)
            except BoocoderError as error:
                if (
                    error.code == "session_busy" and time.monotonic() < give_up_at
                ):  # its next turn was claimed meanwhile
                    await asyncio.sleep(BUSY_RETRY_S)
                    continue
                log.warning("fork not measured anew", extra={"session_id": child, "why": error.text})
            return

    async def _with_lock(self, parent: SessionId, child: SessionId, *, wait_s: float) -> None:
        """Measure one fork anew; its own forks come after its lock is released, so that their turns hold nothing up."""
        async with self._locks.exclusive(child, "update", wait_s=wait_s):
            await self._follow_parent(parent, child)
        await self.follow(child)

    async def _follow_parent(self, parent: SessionId, child: SessionId) -> None:
        async with self._database.connection() as conn:
            applied = await applies.last_applied(conn, parent)
            forks = await applies.list_forks(conn, parent)
            fork = next((one for one in forks if one.session_id == child), None)
            base = await base_at(conn, parent, fork.taken_at) if fork is not None else None
        if fork is None or fork.first_tree is None or base is None:
            return
        place = await self._snapshots.place(child)
        first = await base_without_applied(place.shadow, applied, base, tree=fork.tree, taken_at=fork.taken_at)
        if first is None or first == fork.first_tree:
            return
        new = await _brought_along(place.shadow, fork.base_tree, old=fork.first_tree, new=first)
        if new is not None:
            await place.shadow.keep(f"refs/boocoder/{child}/base", new, beside=fork.tree)
            await self._store(place, child, new, first)

    async def _store(self, place: SnapshotSource, session_id: SessionId, base_tree: str, first_tree: str) -> None:
        async with self._database.connection() as conn:
            known = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
        measured = await measure(place.shadow, base_tree=base_tree, tree=known[0].tree) if known else None
        text = (
            "What you have applied of the session that this one was forked from is different now. This session's change"
            " holds what you do not have."
        )
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await sessions.lock_session(conn, session_id)
            await changes.replace_base(conn, session_id, base_tree=base_tree, first_tree=first_tree)
            pending = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
            drafts: list[frames.Frame] = []
            if pending and measured is not None:
                _, drafts = await measured_anew(conn, pending[0], measured)
            drafts.append(frames.NoticeFrame(session_id=session_id, code="base_moved", text=text))
            await transaction.append(session_id, drafts)


async def _brought_along(shadow: ShadowRepository, base_tree: str, *, old: str, new: str) -> str | None:
    """A base with what its first one was moved by; None where both changed the same lines."""
    if base_tree == old:
        return new
    return (await shadow.merge(base=old, ours=base_tree, theirs=new)).tree
