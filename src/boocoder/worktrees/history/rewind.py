"""Sets a session's files back to a snapshot, after taking a snapshot of the present ones.

What the session's change is measured against goes back with the files: commits that came in since, and what was applied
since, would else show as taken back by the session.

The journal is one column, written before the first file and cleared with the row that names the new state. A rewind
that was cut short is done again from what the files are then: a snapshot of them first, so that nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation.agent_notes import add_note
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes, worktree_locks
from boocoder.db.files import snapshots as snapshot_rows
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.db.files.worktrees import Snapshot
from boocoder.errors import BoocoderError, Conflict, GitError, Unavailable
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile
from boocoder.git.shadow.snapshot import SUBMODULE_REASONS
from boocoder.git.worktree.session_head import end_operation, has_commit, move_head
from boocoder.model.ids import HostId, SessionId, SnapshotId, new_id
from boocoder.model.session import SnapshotKind
from boocoder.service import TaskSupervisor
from boocoder.worktrees.create.blocking_paths import find_blocking_files, touched
from boocoder.worktrees.history.rewind_record import RewindRecord, insert_state
from boocoder.worktrees.history.snapshot_base import snapshot_base
from boocoder.worktrees.history.snapshots import (
    SnapshotResult,
    Snapshots,
    SnapshotSource,
    describe,
    require_ready,
    require_trees,
)
from boocoder.worktrees.locks import WorktreeLocks

log = logging.getLogger(__name__)

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
FINISH_S = 60.0  # for a database that is being restarted
FINISH_RETRY_S = 0.5
SHOWN_PATHS = 5  # in one sentence
UNKNOWN_CURE = "Choose a newer snapshot. The files of this one can be compared and read."

StoreChange = Callable[[Connection], Awaitable[Sequence[frames.Frame]]]


class Remeasure(Protocol):
    """Measures the session's pending change, of which it has `tree` now; what it returns stores that in a transaction.

    `base_tree` is what it is measured against; None for what it was measured against until now.
    """

    def __call__(self, source: SnapshotSource, tree: str, base_tree: str | None = None) -> Awaitable[StoreChange]: ...


@dataclass(frozen=True, slots=True)
class RewindReport:
    """What a rewind did.

    Args:
        target: the snapshot that the files are as in now.
        before: the snapshot of what they were; a rewind to it undoes this one.
        files: how many differ between the two.
        base: what the session's change is measured against again; None where that is as it was.
    """

    target: Snapshot
    before: Snapshot
    files: int
    base: SnapshotBase | None = None


class Rewinder:
    """Rewinds worktrees of this host.

    Args:
        remeasure: what the rewind makes of the session's change.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        snapshots: Snapshots,
        locks: WorktreeLocks,
        remeasure: Remeasure,
        host_id: HostId,
        failpoints: Failpoints,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._remeasure = remeasure
        self._host_id = host_id
        self._failpoints = failpoints
        self._supervisor = TaskSupervisor("rewind")

    async def stop(self) -> None:
        """Let what is being written end; what does not in time is done again at the next start."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def rewind(self, session_id: SessionId, snapshot_id: SnapshotId) -> RewindReport:
        """Set the session's files back to one of its snapshots. Once begun it goes to its end.

        Raises:
            NotFound: session_not_found, snapshot_not_found.
            Conflict: session_busy, session_elsewhere, session_without_worktree, worktree_not_there,
                snapshot_elsewhere, or rewind_blocked: a file that no snapshot can hold is in the way. Nothing was
                written.
            GitError: git failed; the text says whether files were written.
        """
        async with self._database.connection() as conn:
            target = await snapshot_rows.get_snapshot(conn, session_id, snapshot_id)
        outcome = await asyncio.shield(self._supervisor.spawn(self._outcome(target), f"session {session_id}"))
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def resume_all(self) -> int:
        """Do again what a crash cut short, before any turn may run; returns how many there were."""
        async with self._database.connection() as conn:
            left = await worktree_locks.list_rewinds(conn, self._host_id)
            targets = [await snapshot_rows.get_snapshot(conn, one.session_id, one.snapshot_id) for one in left]
        for target in targets:
            outcome = await self._outcome(target, resumed=True)
            if isinstance(outcome, BoocoderError):
                log.error("a rewind cannot be finished", extra={"session_id": target.session_id}, exc_info=outcome)
                await self._give_up(target.session_id, outcome)
        return len(targets)

    async def _outcome(self, target: Snapshot, *, resumed: bool = False) -> RewindReport | BoocoderError:
        try:
            async with self._locks.exclusive(target.session_id, "rewind"):
                return await self._rewind(target, resumed=resumed)
        except BoocoderError as error:
            return error

    async def _rewind(self, target: Snapshot, *, resumed: bool) -> RewindReport:
        place = await self._snapshots.place(target.session_id)
        require_ready(place)
        await require_trees(place, target.tree)
        base = await self._base(place, target)
        taken = await self._take_before(place, target, resumed=resumed)
        before = taken.snapshot
        changed = await place.shadow.changed_files(before.tree, target.tree, counts=False)
        _refuse_skipped(taken, changed)
        await self._begin(target)
        self._failpoints.hit("rewind.after_mark")
        left, ended = await self._write(place, before, target, base)
        self._failpoints.hit("rewind.after_files")
        snapshot_id = SnapshotId(new_id())
        inside = not place.shadow.same_inside(before.kept_by, target.kept_by)
        await self._finish(place, RewindRecord(before, target, snapshot_id, len(changed), base, left, ended, inside))
        return RewindReport(target, before, len(changed), base)

    async def _base(self, place: SnapshotSource, target: Snapshot) -> SnapshotBase | None:
        """What the session's change was measured against then; None where that is what it is measured against now."""
        base = await snapshot_base(
            self._database,
            place.shadow,
            target.session_id,
            tree=target.tree,
            taken_at=target.taken_at,
            cure=UNKNOWN_CURE,
        )
        async with self._database.connection() as conn:
            now = await changes.decided_tree(conn, target.session_id) or place.row.base_tree
        if base.tree == now:
            return None
        await require_trees(place, base.tree)
        return base

    async def _begin(self, target: Snapshot) -> None:
        async with self._database.transaction() as conn:
            held = await self._locks.hold(conn, target.session_id)
            if not await worktree_locks.begin_rewind(held, target.id):
                text = f"The worktree of session {target.session_id} was removed meanwhile; no file was written."
                raise Conflict("session_busy", text, "Try again in a moment.")

    async def _take_before(self, place: SnapshotSource, target: Snapshot, *, resumed: bool) -> SnapshotResult:
        """A snapshot of all that the rewind would overwrite, ignored files in its way included."""
        now = await self._snapshots.tree_now(place)
        stray = await _strays(place, now, target.tree)
        note = f"before the files were set back to {describe(target)}"
        if resumed:
            note += ", which had been cut short"
        taken = await self._snapshots.take_whole(
            place, kind=SnapshotKind.BEFORE_REWIND, note=note, also=tuple(sorted(stray))
        )
        left = await _strays(place, taken.snapshot.tree, target.tree)
        if left:
            raise _blocked(target.session_id, left)
        return taken

    async def _write(
        self, place: SnapshotSource, before: Snapshot, target: Snapshot, base: SnapshotBase | None
    ) -> tuple[str | None, str | None]:
        """Write the files and move HEAD; if that fails, put back what was there.

        Returns:
            The commit that HEAD moved away from, and what git had under way.
        """
        worktrees, head = place.shadow.worktrees, await place.shadow.worktrees.head_commit(place.path)
        try:
            await place.shadow.rewrite(place.path, index=place.index, old=before.tree, new=target.tree)
            ended = await end_operation(worktrees, place.path)
            if base is None or base.commit == place.row.base_commit:
                return None, ended
            if not await has_commit(worktrees, place.path, base.commit):  # the files are as asked for all the same
                return None, ended
            await move_head(worktrees, place.path, base.commit, reason="boocoder: the files were set back")
        except BoocoderError as error:
            await self._put_back(place, before, head)
            raise GitError(
                "rewind_failed", f"The files were not set back, they are as before: {error.text}", error.cure
            ) from error
        return head, ended

    async def _put_back(self, place: SnapshotSource, before: Snapshot, head: str | None) -> None:
        try:
            now = await self._snapshots.tree_now(place)
            if now != before.tree:
                await place.shadow.rewrite(place.path, index=place.index, old=now, new=before.tree)
            if head is not None and await place.shadow.worktrees.head_commit(place.path) != head:
                await move_head(place.shadow.worktrees, place.path, head, reason="boocoder: put back")
        finally:
            async with self._database.connection() as conn:
                await worktree_locks.end_rewind(conn, before.session_id)

    async def _finish(self, place: SnapshotSource, ending: RewindRecord) -> None:
        """Store and publish the new state; retried while the database is unavailable."""
        before, target, base = ending.before, ending.target, ending.base
        if ending.files:
            await place.shadow.keep(ending.ref, target.tree, beside=target.tree, inside_of=before.kept_by)
        if base is not None:
            await place.shadow.keep(f"refs/boocoder/{target.session_id}/base", base.tree, beside=target.tree)
        give_up_at = time.monotonic() + FINISH_S
        while True:
            try:
                await self._store(place, ending)
            except Unavailable:
                if time.monotonic() > give_up_at:
                    raise  # the journal is open: the next start does it again
                await asyncio.sleep(FINISH_RETRY_S)
            else:
                return

    async def _store(self, place: SnapshotSource, ending: RewindRecord) -> None:
        """The new state, what it makes of the change, and who has to know: one transaction, which ends the journal."""
        target, session_id, base = ending.target, ending.target.session_id, ending.base
        store_change = await self._measured(place, target, base)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await self._locks.hold(conn, session_id)
            await worktree_locks.end_rewind(conn, session_id)
            if base is not None:
                await changes.move_base(conn, session_id, base_commit=base.commit, base_tree=base.tree)
            if ending.files:  # else the snapshot before is the new state as well
                await insert_state(conn, ending)
            if ending.files or ending.left or ending.ended:
                await add_note(conn, session_id, ending.for_agent)
            made = await store_change(conn) if store_change else []
            rewound = frames.session_notice(session_id, "rewound", ending.for_person)
            await transaction.append(session_id, [rewound, *made])

    async def _measured(self, place: SnapshotSource, target: Snapshot, base: SnapshotBase | None) -> StoreChange | None:
        try:
            return await self._remeasure(place, target.tree, None if base is None else base.tree)
        except GitError as error:  # the files are as asked for; the next turn measures again
            log.warning("change not measured", extra={"session_id": target.session_id}, exc_info=error)
            return None

    async def _give_up(self, session_id: SessionId, error: BoocoderError) -> None:
        async with self._database.connection() as conn:
            await worktree_locks.end_rewind(conn, session_id)
        text = f"A rewind was cut short and could not be finished: {error.text} Look at the session's snapshots."
        failed = frames.session_notice(session_id, "rewind_failed", text, NoticeLevel.WARNING)
        await self._outbox.append(session_id, [failed])


async def _strays(place: SnapshotSource, now: str, target: str) -> set[bytes]:
    """Files on disk that are not in the present tree, at paths where the target has files."""
    changed = await place.shadow.changed_files(now, target, counts=False)
    wanted = [file.path for file in changed if file.old_mode == NO_MODE and not file.is_submodule]
    found = await asyncio.to_thread(find_blocking_files, bytes(place.path), wanted)
    if not found:
        return found
    return found - {entry.path for entry in await place.shadow.tree_entries(now)}


def _refuse_skipped(taken: SnapshotResult, changed: Sequence[ChangedFile]) -> None:
    """Raises:
    Conflict: rewind_blocked, a file that is not in the snapshot as it is would be written over.
    """
    skipped = [one.path for one in taken.skipped if one.reason not in SUBMODULE_REASONS]
    blocking = touched(skipped, {file.path for file in changed})
    if blocking:
        raise _blocked(taken.snapshot.session_id, blocking)


def _blocked(session_id: SessionId, paths: Sequence[bytes] | set[bytes]) -> Conflict:
    names = sorted(path.decode("utf-8", "backslashreplace") for path in paths)
    more = f" and {len(names) - SHOWN_PATHS} more" if len(names) > SHOWN_PATHS else ""
    text = (
        f"Files that no snapshot can hold are in the way, nothing was changed: {', '.join(names[:SHOWN_PATHS])}{more}."
    )
    return Conflict("rewind_blocked", text, f"Move them out of the worktree of session {session_id}, then try again.")
