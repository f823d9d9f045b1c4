"""Takes rejected units back out of the agent's worktree, after a snapshot of it. The user's checkout is not touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from boocoder.changes.apply import write_plan
from boocoder.changes.measure import ChangeMeasure, measure, path_text
from boocoder.changes.partial import partial_tree
from boocoder.changes.pending import store_measured
from boocoder.changes.review import Publisher, Review, ReviewService
from boocoder.changes.structured import Unit
from boocoder.db import changes, events
from boocoder.db.changes import Change
from boocoder.db.notes import add_note
from boocoder.db.pool import Database
from boocoder.db.worktrees import SnapshotKind
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.merge import Conflict as FileConflict
from boocoder.model.ids import ChangeId, SessionId, SnapshotId
from boocoder.model.task import ChangeState
from boocoder.service import Supervisor
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.snapshots import Place, Snapshots

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
SHOWN_FILES = 10  # in one sentence


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken out of the worktree.

    Args:
        units: how many.
        paths: files that were written or deleted, as text.
        snapshot_id: of the worktree as it was before; a rewind to it brings everything back.
        change_id: the session's pending change now; None where nothing of it is left.
    """

    units: int
    paths: tuple[str, ...]
    snapshot_id: SnapshotId
    change_id: ChangeId | None


class Undoer:
    """Undoes rejected units in worktrees of this host.

    Args:
        reviews: knows which units are rejected.
        snapshots: takes the worktree before and after.
        holds: keeps turns and other writers away meanwhile.
        broker: told of what changed, after the commit.
    """

    def __init__(
        self,
        *,
        database: Database,
        broker: Publisher,
        reviews: ReviewService,
        snapshots: Snapshots,
        holds: Holds,
        failpoints: Failpoints,
    ) -> None:
        self._database = database
        self._broker = broker
        self._reviews = reviews
        self._snapshots = snapshots
        self._holds = holds
        self._failpoints = failpoints
        self._supervisor = Supervisor("undo")

    async def stop(self) -> None:
        """Let what is being written end; what does not in time is finished from the journal at the next start."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def take_back(self, change_id: ChangeId, units: Sequence[str] = ()) -> TakenBack:
        """Take rejected units out of the worktree. Once begun it goes to its end, also if the caller is cancelled.

        Args:
            change_id: the session's pending change.
            units: ids of rejected units; all rejected ones if empty.

        Raises:
            NotFound: there is no such change.
            Conflict: `session_busy`, a turn runs or somebody else has the worktree; `change_not_pending`;
                `nothing_rejected`; `units_not_rejected`; `units_belong_together`; `worktree_not_there`;
                `undo_conflicts`, the worktree was changed at these places since. Nothing was touched.
            GitError: git failed; nothing was touched.
        """
        undoing = self._supervisor.spawn(self._outcome(change_id, units), f"undo {change_id}")
        outcome = await asyncio.shield(undoing)
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def _outcome(self, change_id: ChangeId, units: Sequence[str]) -> TakenBack | BoocoderError:
        try:
            async with self._database.connection() as conn:
                change = await changes.get_change(conn, change_id)
            async with self._holds.hold_worktree(change.session_id, "undo"):
                return await self._take_back(change_id, units)
        except BoocoderError as error:
            return error

    async def _take_back(self, change_id: ChangeId, units: Sequence[str]) -> TakenBack:
        review = await self._reviews.get(change_id)
        change = review.change
        chosen = _chosen(review, units)
        place = await self._snapshots.place(change.session_id)
        files = [file.diff for file in review.files]
        leaving = {unit.id for unit in chosen}
        kept = {unit.id for file in files for unit in file.units} - leaving
        wanted = await partial_tree(place.shadow, change.base_tree, change.tree, files, kept)
        note = f"Before {_count(len(chosen))} of change {change_id} went out of the worktree."
        before = await self._snapshots.take(change.session_id, kind=SnapshotKind.BEFORE_UNDO, note=note)
        after = await self._merged(place, change, before.tree, wanted)
        paths = tuple(dict.fromkeys(path_text(unit.path)[0] for unit in chosen))
        async with self._journal(place, before.tree, after):
            await self._write(place, before.tree, after)
            pending = await self._store(place, change, paths)
        if pending is not None:
            await self._reviews.tell(pending)
        return TakenBack(len(chosen), paths, before.id, pending)

    async def _merged(self, place: Place, change: Change, now: str, wanted: str) -> str:
        """The worktree without the units; it may hold more than the change, such as edits by hand."""
        merged = await place.shadow.merge(base=change.tree, ours=now, theirs=wanted)
        if merged.tree is None:
            raise _in_the_way(merged.conflicts)
        await place.shadow.keep(_ref(change.session_id), merged.tree, beside=now)
        return merged.tree

    @asynccontextmanager
    async def _journal(self, place: Place, before: str, after: str) -> AsyncIterator[None]:
        """Should we die in the block, the next start puts the worktree back as it was. The block closes the journal;
        where it fails, it is closed here."""
        session_id = place.row.session_id
        async with self._database.transaction() as conn:
            if not await changes.begin_update(conn, session_id, before, after):
                text = f"The worktree of session {session_id} is being written."
                raise Conflict("session_busy", text, "Try again in a moment.")
        self._failpoints.hit("undo.after_begin")
        try:
            yield
        except (BoocoderError, OSError):
            async with self._database.transaction() as conn:
                await changes.end_update(conn, session_id)
            raise
        await place.shadow.drop(_ref(session_id))

    async def _write(self, place: Place, before: str, after: str) -> None:
        conflicts = await write_plan(
            place.shadow, checkout=place.path, index=place.index, pre_tree=before, post_tree=after
        )
        if conflicts:
            raise _in_the_way(conflicts)
        self._failpoints.hit("undo.after_files")

    async def _store(self, place: Place, change: Change, paths: Sequence[str]) -> ChangeId | None:
        """What the worktree is now, the change that it makes, and what the agent is told, in one transaction."""
        session_id = change.session_id
        text = f"Rejected parts were taken back from the agent's copy: {_names(paths)}."
        after = await self._snapshots.take(session_id, kind=SnapshotKind.CHANGED, note=text)
        measured = await self._measured(place, after.tree)
        async with self._database.transaction() as conn:
            await changes.end_update(conn, session_id)
            drafts = await store_measured(conn, session_id, measured, task_id=change.task_id, agent=change.agent)
            drafts.append(frames.Notice(session_id=session_id, code="parts_taken_back", text=text))
            await add_note(conn, session_id, told(paths))
            first = await events.append_frames(conn, session_id, drafts)
            waiting = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
        self._broker.commit(session_id, first, first + len(drafts) - 1, drafts)
        return waiting[0].id if waiting else None

    async def _measured(self, place: Place, tree: str) -> ChangeMeasure:
        async with self._database.connection() as conn:
            base_tree = await changes.decided_tree(conn, place.row.session_id) or place.row.base_tree
        return await measure(place.shadow, base_tree=base_tree, tree=tree)


def _ref(session_id: SessionId) -> str:
    """What keeps the tree that is being written, should we die meanwhile."""
    return f"refs/boocoder/{session_id}/undo"


def told(paths: Sequence[str]) -> str:
    """What the agent is told with its next prompt."""
    return (
        f"[Since your last turn the user took back parts of your change that they rejected, in: {_names(paths)}. "
        "The files are as they are now on purpose: read them again before you edit them.]"
    )


def _chosen(review: Review, units: Sequence[str]) -> tuple[Unit, ...]:
    if review.change.state is not ChangeState.PENDING:
        text = f"Change {review.change.id} is {review.change.state.value}."
        raise Conflict("change_not_pending", text, "Look at the session's newest change.")
    rejected = review.units("rejected")
    if not rejected:
        text = f"No part of change {review.change.id} is rejected."
        raise Conflict("nothing_rejected", text, "Reject what is to be taken back first.")
    wanted = set(units)
    missing = sorted(wanted - {unit.id for unit in rejected})
    if missing:
        text = f"These units are not rejected: {', '.join(missing[:SHOWN_FILES])}."
        raise Conflict("units_not_rejected", text, "Reject them first; look at the change again if it has moved on.")
    return tuple(unit for unit in rejected if not wanted or unit.id in wanted)


def _in_the_way(conflicts: Sequence[FileConflict]) -> Conflict:
    shown = "; ".join(f"{path_text(one.path)[0]} {one.text}" for one in conflicts[:SHOWN_FILES])
    text = f"The worktree holds something else at these places than the change left, nothing was touched: {shown}."
    return Conflict("undo_conflicts", text, "Let the agent do it: send it the rejected parts.")


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN_FILES} more" * (len(paths) > SHOWN_FILES)
    return ", ".join(paths[:SHOWN_FILES]) + more


def _count(units: int) -> str:
    return "a rejected unit" if units == 1 else f"{units} rejected units"
