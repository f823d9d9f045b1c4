"""Merges a newer commit of a published branch's base into the session's worktree, conflicts as a task for its agent.

What the session's change is measured against stays: the branch gets the merge, see `changes.publish.branch_merge`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.conflicts import conflict_of
from boocoder.changes.worktree.incoming import labels_of
from boocoder.changes.worktree.resolution_task import queue_resolution
from boocoder.changes.worktree.write import write_worktree
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes
from boocoder.errors import BoocoderError
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.commit import merge_base, read_reference, tree_of
from boocoder.model.ids import SessionId, TaskId
from boocoder.model.session import SnapshotKind
from boocoder.service import TaskSupervisor
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import WorktreeLocks

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop

Also = Callable[[Connection, TaskId], Awaitable[None]]
"""What is written in the transaction of the task; an error that it raises undoes the task."""


async def branch_conflicts(shadow: ShadowRepository, ref: str, commit: str) -> bool:
    """Whether a branch and a commit of the user's repository cannot be merged without a person.

    Args:
        ref: full name of the branch.
    """
    checkout = shadow.checkout
    ours = await read_reference(checkout, ref)
    base = None if ours is None else await merge_base(checkout, ours, commit)
    if ours is None or base is None or base == commit:
        return False
    each = [await tree_of(checkout, one) for one in (base, ours, commit)]
    return (await shadow.merge(base=each[0], ours=each[1], theirs=each[2])).tree is None


class BaseMerger:
    """Merges commits of bases into worktrees of this host."""

    def __init__(
        self, *, database: Database, outbox: Outbox, snapshots: Snapshots, locks: WorktreeLocks, failpoints: Failpoints
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._failpoints = failpoints
        self._supervisor = TaskSupervisor("base-merges")

    async def stop(self) -> None:
        """Wait for merges in progress. Safe twice."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def merge(self, session_id: SessionId, ref: str, commit: str, *, also: Also) -> TaskId | None:
        """Merge a commit into a session's worktree, and queue the task that resolves the conflicts.

        Once started it runs to its end, also if the caller is cancelled.

        Args:
            ref: full name of the session's published branch.
            also: called within the transaction of the task.

        Returns:
            The task; None where there are no conflicts with the worktree, which is then as it was.

        Raises:
            NotFound: there is no such session.
            Conflict: as `ConflictResolver.update`. Nothing was touched.
            GitError: git failed; nothing was touched.
        """

        async def outcome() -> TaskId | BoocoderError | None:
            try:
                async with self._locks.exclusive(session_id, "resolve"):
                    return await self._merge(session_id, ref, commit, also)
            except BoocoderError as error:
                return error

        ended = await asyncio.shield(self._supervisor.spawn(outcome(), f"merge {session_id}"))
        if isinstance(ended, BoocoderError):
            raise ended
        return ended

    async def _merge(self, session_id: SessionId, ref: str, commit: str, also: Also) -> TaskId | None:
        place = await self._snapshots.place(session_id)
        shadow, checkout = place.shadow, place.shadow.checkout
        ours = await read_reference(checkout, ref)
        base = None if ours is None else await merge_base(checkout, ours, commit)
        if base is None:
            return None
        note = "Before the newer commits of the branch's base were merged in."
        before = await self._snapshots.take(session_id, kind=SnapshotKind.BEFORE_UPDATE, note=note)
        merged = await shadow.merge(
            base=await tree_of(checkout, base),
            ours=before.tree,
            theirs=await tree_of(checkout, commit),
            labels=await labels_of(shadow, ref.removeprefix("refs/heads/")),
        )
        if merged.tree is not None:
            return None
        assert merged.marked is not None
        kept = f"refs/boocoder/{session_id}/base-merged"
        await shadow.keep(kept, merged.marked, beside=before.tree)
        await self._write(place, before.tree, merged.marked)
        await self._snapshots.take(session_id, kind=SnapshotKind.CHANGED, note="Newer commits came in.")
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await sessions.lock_session(conn, session_id)
            await self._locks.hold(conn, session_id)
            await changes.end_update(conn, session_id)
            task_id, queued = await queue_resolution(conn, place, None, merged.conflicts)
            await also(conn, task_id)
            text = "Newer commits of the branch's base were merged into the worktree; the agent resolves the conflicts."
            notice = frames.NoticeFrame(session_id=session_id, code="base_brought_in", text=text)
            await transaction.append(session_id, [notice, queued])
        await shadow.drop(kept)
        return task_id

    async def _write(self, place: SnapshotSource, before: str, after: str) -> None:
        in_the_way = await write_worktree(
            self._database,
            self._locks,
            place,
            before=before,
            after=after,
            failpoints=self._failpoints,
            operation="resolve",
        )
        if in_the_way:
            raise await conflict_of(place.shadow, in_the_way)
