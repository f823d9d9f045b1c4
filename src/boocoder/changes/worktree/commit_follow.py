"""Brings a session's worktree onto the commit that its change was applied as."""

from __future__ import annotations

import asyncio
import logging

from boocoder.broker.outbox import Outbox
from boocoder.changes.diff.statistics import measure
from boocoder.changes.worktree.conflict_resolution import CAME_IN, CAME_IN_NOTE, measured_anew
from boocoder.changes.worktree.write import write_worktree
from boocoder.db.conversation import sessions
from boocoder.db.conversation.agent_notes import add_note
from boocoder.db.core.pool import Database
from boocoder.db.files import applies, changes
from boocoder.db.files.applies import AppliedCommit
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.user.commit import contains, read_reference, tree_of
from boocoder.git.worktree.session_head import move_head
from boocoder.model.ids import SessionId
from boocoder.model.session import SnapshotKind
from boocoder.model.task import ChangeState
from boocoder.service import TaskSupervisor
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import TURN_WAIT_S, WorktreeLocks

log = logging.getLogger(__name__)

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop


class CommitFollower:
    """Moves the HEAD, index, files and base of a session onto the commit that the user applied.

    The files are merged with the commit's tree, so commits of the user's come in, too; what was not applied stays as
    uncommitted edits. Where both sides changed the same lines, nothing is done: the next change is measured against
    what was applied, as for an apply to files.

    Args:
        snapshots: takes the worktree before and after.
        locks: excludes turns and other writers.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        snapshots: Snapshots,
        locks: WorktreeLocks,
        failpoints: Failpoints | None = None,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._failpoints = failpoints or Failpoints()
        self._supervisor = TaskSupervisor("follow")

    async def stop(self) -> None:
        """Wait for writes in progress."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def follow(self, session_id: SessionId) -> bool:
        """Follow the newest apply as a commit, now or when the turn that runs has ended. It never raises our errors.

        Returns:
            Whether the session is on the commit now.
        """
        try:
            return await self._with_lock(session_id, wait_s=0.0)
        except Conflict as error:
            if error.code == "session_busy":
                self._supervisor.spawn(self._later(session_id), f"session {session_id}")
            return False
        except BoocoderError as error:
            log.warning("worktree not moved onto the commit", extra={"session_id": session_id}, exc_info=error)
            return False

    async def _later(self, session_id: SessionId) -> None:
        try:
            await self._with_lock(session_id, wait_s=TURN_WAIT_S)
        except BoocoderError as error:
            log.info("worktree not moved onto the commit", extra={"session_id": session_id, "why": error.text})

    async def _with_lock(self, session_id: SessionId, *, wait_s: float) -> bool:
        async with self._locks.exclusive(session_id, "update", wait_s=wait_s):
            async with self._database.connection() as conn:
                applied = await applies.applied_commit(conn, session_id)
            if applied is None:
                return False
            place = await self._snapshots.place(session_id)
            checkout = place.shadow.checkout
            now = await read_reference(checkout, applied.on_ref)
            if not place.ready or now is None or not await contains(checkout, applied.commit, now):
                return False
            return await asyncio.shield(self._supervisor.spawn(self._follow(place, applied), f"session {session_id}"))

    async def _follow(self, place: SnapshotSource, applied: AppliedCommit) -> bool:
        shadow, session_id = place.shadow, place.row.session_id
        tree = await tree_of(shadow.checkout, applied.commit)
        before = await self._snapshots.tree_now(place)
        merged = await shadow.merge(base=applied.tree, ours=before, theirs=tree)
        if merged.tree is None or (merged.tree != before and not await self._write(place, before, merged.tree)):
            return False
        await shadow.keep(f"refs/boocoder/{session_id}/base", tree)
        await move_head(shadow.worktrees, place.path, applied.commit, reason="boocoder: the change was applied")
        await self._store(place, applied, tree, merged.tree, written=merged.tree != before)
        return True

    async def _write(self, place: SnapshotSource, before: str, after: str) -> bool:
        session_id = place.row.session_id
        await place.shadow.keep(f"refs/boocoder/{session_id}/base-merged", after, beside=before)
        note = "Before the commit that you applied came in."
        await self._snapshots.take(session_id, kind=SnapshotKind.BEFORE_UPDATE, note=note)
        conflicts = await write_worktree(
            self._database,
            self._locks,
            place,
            before=before,
            after=after,
            failpoints=self._failpoints,
            operation="follow",
        )
        return not conflicts

    async def _store(
        self, place: SnapshotSource, applied: AppliedCommit, base_tree: str, tree: str, *, written: bool
    ) -> None:
        session_id = place.row.session_id
        since = None
        if written:
            since = (await self._snapshots.take(session_id, kind=SnapshotKind.CHANGED, note=CAME_IN_NOTE)).taken_at
        measured = await measure(place.shadow, base_tree=base_tree, tree=tree)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await sessions.lock_session(conn, session_id)
            await self._locks.hold(conn, session_id)
            if written:
                await changes.end_update(conn, session_id)
                await add_note(conn, session_id, CAME_IN)
            await changes.move_base(conn, session_id, base_commit=applied.commit, base_tree=base_tree, since=since)
            pending = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
            drafts: list[frames.Frame] = []
            if pending and (pending[0].base_tree != base_tree or pending[0].tree != tree):
                _, drafts = await measured_anew(conn, pending[0], measured)
            if written:
                text = f"The session goes on from commit {applied.commit[:10]}, with your newer commits."
                drafts.append(frames.NoticeFrame(session_id=session_id, code="base_moved", text=text))
            await transaction.append(session_id, drafts)
