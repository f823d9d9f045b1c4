"""Reverts rejected units in the agent's worktree, after a snapshot. The user's checkout is not touched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.partial_tree import partial_tree
from boocoder.changes.diff.statistics import ChangeMeasure, measure, path_text
from boocoder.changes.diff.tree_diff import Unit
from boocoder.changes.pending import store_measured
from boocoder.changes.review.service import Review, ReviewService
from boocoder.changes.worktree.write import close_update, write_worktree
from boocoder.db.conversation.agent_notes import add_note
from boocoder.db.core.pool import Database
from boocoder.db.files import changes
from boocoder.db.files.changes import Change
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict as FileConflict
from boocoder.model.ids import ChangeId, SessionId
from boocoder.model.session import SnapshotKind
from boocoder.model.task import ChangeState
from boocoder.service import TaskSupervisor
from boocoder.wire.review import RevertResult
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import WorktreeLocks

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
SHOWN_FILES = 10  # in one sentence


class Reverter:
    """Undoes rejected units in worktrees of this host.

    Args:
        reviews: knows which units are rejected.
        snapshots: takes the worktree before and after.
        locks: locks the worktree against turns and other writers.
        outbox: stores and publishes what changed.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        reviews: ReviewService,
        snapshots: Snapshots,
        locks: WorktreeLocks,
        failpoints: Failpoints,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._reviews = reviews
        self._snapshots = snapshots
        self._locks = locks
        self._failpoints = failpoints
        self._supervisor = TaskSupervisor("undo")

    async def stop(self) -> None:
        """Wait for writes in progress; the next start undoes others from the journal."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def revert(self, change_id: ChangeId, units: Sequence[str] = ()) -> RevertResult:
        """Take rejected units out of the worktree. Once begun it goes to its end, also if the caller is cancelled.

        Args:
            change_id: the session's pending change.
            units: ids of rejected units; all rejected ones if empty.

        Raises:
            NotFound: there is no such change.
            Conflict: `session_busy`, a turn or another operation uses the worktree; `change_not_pending`;
                `nothing_rejected`; `units_not_rejected`; `units_belong_together`; `worktree_not_there`;
                `undo_conflicts`, the worktree was changed at these places since. Nothing was touched.
            GitError: git failed; nothing was touched.
        """
        undoing = self._supervisor.spawn(self._outcome(change_id, units), f"undo {change_id}")
        outcome = await asyncio.shield(undoing)
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def _outcome(self, change_id: ChangeId, units: Sequence[str]) -> RevertResult | BoocoderError:
        try:
            async with self._database.connection() as conn:
                change = await changes.get_change(conn, change_id)
            async with self._locks.exclusive(change.session_id, "undo"):
                return await self._revert(change_id, units)
        except BoocoderError as error:
            return error

    async def _revert(self, change_id: ChangeId, units: Sequence[str]) -> RevertResult:
        review = await self._reviews.get(change_id)
        change = review.change
        chosen = _chosen(review, units)
        place = await self._snapshots.place(change.session_id)
        files = [file.diff for file in review.files]
        leaving = {unit.id for unit in chosen}
        kept = {unit.id for file in files for unit in file.units} - leaving
        wanted = await partial_tree(place.shadow, change.base_tree, change.tree, files, kept)
        note = f"Before reverting {_count(len(chosen))} of change {change_id}."
        before = await self._snapshots.take(change.session_id, kind=SnapshotKind.BEFORE_UNDO, note=note)
        after = await self._merged(place, change, before.tree, wanted)
        paths = tuple(dict.fromkeys(path_text(unit.path)[0] for unit in chosen))
        conflicts = await write_worktree(
            self._database,
            self._locks,
            place,
            before=before.tree,
            after=after,
            failpoints=self._failpoints,
            operation="undo",
        )
        if conflicts:
            raise _conflict_error(conflicts)
        try:
            pending = await self._store(place, change, paths)
        except (BoocoderError, OSError):
            await close_update(self._database, change.session_id)
            raise
        await place.shadow.drop(_ref(change.session_id))
        if pending is not None:
            await self._reviews.publish_counts(pending)
        return RevertResult(len(chosen), paths, before.id, pending)

    async def _merged(self, place: SnapshotSource, change: Change, now: str, wanted: str) -> str:
        """The worktree without the units; it may contain more than the change, such as manual edits."""
        merged = await place.shadow.merge(base=change.tree, ours=now, theirs=wanted)
        if merged.tree is None:
            raise _conflict_error(merged.conflicts)
        await place.shadow.keep(_ref(change.session_id), merged.tree, beside=now)
        return merged.tree

    async def _store(self, place: SnapshotSource, change: Change, paths: Sequence[str]) -> ChangeId | None:
        """Record the new snapshot, the measured change and the note to the agent in one transaction."""
        session_id = change.session_id
        text = f"Reverted rejected parts in the agent's worktree: {_names(paths)}."
        after = await self._snapshots.take(session_id, kind=SnapshotKind.CHANGED, note=text)
        measured = await self._measured(place, after.tree)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await self._locks.hold(conn, session_id)
            await changes.end_update(conn, session_id)
            drafts = await store_measured(conn, session_id, measured, task_id=change.task_id, agent=change.agent)
            drafts.append(frames.NoticeFrame(session_id=session_id, code="parts_taken_back", text=text))
            await add_note(conn, session_id, note_to_agent(paths))
            await transaction.append(session_id, drafts)
            waiting = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
        return waiting[0].id if waiting else None

    async def _measured(self, place: SnapshotSource, tree: str) -> ChangeMeasure:
        async with self._database.connection() as conn:
            base_tree = await changes.decided_tree(conn, place.row.session_id) or place.row.base_tree
        return await measure(place.shadow, base_tree=base_tree, tree=tree)


def _ref(session_id: SessionId) -> str:
    """Keeps the tree that is being written until the write is done."""
    return f"refs/boocoder/{session_id}/undo"


def note_to_agent(paths: Sequence[str]) -> str:
    """The note in the agent's next prompt."""
    return (
        f"[Since your last turn the user reverted parts of your change that they rejected, in: {_names(paths)}. "
        "The files are as they are now on purpose: read them again before you edit them.]"
    )


def _chosen(review: Review, units: Sequence[str]) -> tuple[Unit, ...]:
    if review.change.state is not ChangeState.PENDING:
        text = f"Change {review.change.id} is {review.change.state.value}."
        raise Conflict("change_not_pending", text, "Look at the session's newest change.")
    rejected = review.units("rejected")
    if not rejected:
        text = f"No part of change {review.change.id} is rejected."
        raise Conflict("nothing_rejected", text, "Reject the parts to revert first.")
    wanted = set(units)
    missing = sorted(wanted - {unit.id for unit in rejected})
    if missing:
        text = f"These units are not rejected: {', '.join(missing[:SHOWN_FILES])}."
        raise Conflict("units_not_rejected", text, "Reject them first; look at the change again if it has moved on.")
    return tuple(unit for unit in rejected if not wanted or unit.id in wanted)


def _conflict_error(conflicts: Sequence[FileConflict]) -> Conflict:
    shown = "; ".join(f"{path_text(one.path)[0]} {one.text}" for one in conflicts[:SHOWN_FILES])
    text = f"The worktree was edited at the same places, nothing was written: {shown}."
    return Conflict("undo_conflicts", text, "Let the agent do it: send it the rejected parts.")


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN_FILES} more" * (len(paths) > SHOWN_FILES)
    return ", ".join(paths[:SHOWN_FILES]) + more


def _count(units: int) -> str:
    return "a rejected unit" if units == 1 else f"{units} rejected units"
