"""Sets a session's files back to a snapshot, after taking a snapshot of the present ones.

The journal is one column, written before the first file and cleared with the row that names the new state. A rewind
that was cut short is done again from what the files are then: a snapshot of them first, so that nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation.agent_notes import add_note
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import snapshots as snapshot_rows
from boocoder.db.files import worktree_locks
from boocoder.db.files.worktrees import Snapshot, insert_snapshot
from boocoder.errors import BoocoderError, Conflict, GitError, Unavailable
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel
from boocoder.failpoints import Failpoints
from boocoder.git.diff.tree_diff import NO_MODE, ChangedFile
from boocoder.git.shadow.snapshot import SUBMODULE_REASONS
from boocoder.model.ids import HostId, SessionId, SnapshotId, new_id
from boocoder.model.session import SnapshotKind
from boocoder.service import TaskSupervisor
from boocoder.worktrees.create.blocking_paths import find_blocking_files, touched
from boocoder.worktrees.history.snapshots import SnapshotResult, Snapshots, SnapshotSource, require_ready, require_trees
from boocoder.worktrees.locks import WorktreeLocks

log = logging.getLogger(__name__)

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
FINISH_S = 60.0  # for a database that is being restarted
FINISH_RETRY_S = 0.5
SHOWN_PATHS = 5  # in one sentence

StoreChange = Callable[[Connection], Awaitable[Sequence[frames.Frame]]]
Remeasure = Callable[[SnapshotSource, str], Awaitable[StoreChange]]
"""Measures the session's pending change against a tree; what it returns stores that inside a transaction."""


@dataclass(frozen=True, slots=True)
class RewindReport:
    """What a rewind did.

    Args:
        target: the snapshot that the files are as in now.
        before: the snapshot of what they were; a rewind to it undoes this one.
        files: how many differ between the two.
    """

    target: Snapshot
    before: Snapshot
    files: int


@dataclass(frozen=True, slots=True)
class _RewindRecord:
    """What is stored when the files are written."""

    before: Snapshot
    target: Snapshot
    snapshot_id: SnapshotId
    ref: str
    files: int

    @property
    def for_person(self) -> str:
        return (
            f"The files were set back to {describe(self.target)}; {_files(self.files)} changed."
            f" To undo it, rewind to {self.before.id}."
        )

    @property
    def for_agent(self) -> str:
        return (
            f"The person has set the files of this workspace back to {describe(self.target)}: {_files(self.files)}"
            " changed. Read a file again before you rely on it."
        )


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
        taken = await self._take_before(place, target, resumed=resumed)
        before = taken.snapshot
        changed = await place.shadow.changed_files(before.tree, target.tree, counts=False)
        _refuse_skipped(taken, changed)
        await self._begin(target)
        self._failpoints.hit("rewind.after_mark")
        await self._write(place, before, target)
        self._failpoints.hit("rewind.after_files")
        await self._finish(place, before, target, len(changed))
        return RewindReport(target, before, len(changed))

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

    async def _write(self, place: SnapshotSource, before: Snapshot, target: Snapshot) -> None:
        """Write the files; if that fails, put back what was there."""
        try:
            await place.shadow.rewrite(place.path, index=place.index, old=before.tree, new=target.tree)
        except GitError as error:
            await self._put_back(place, before)
            raise GitError(
                "rewind_failed", f"The files were not set back, they are as before: {error.text}", error.cure
            ) from error

    async def _put_back(self, place: SnapshotSource, before: Snapshot) -> None:
        try:
            now = await self._snapshots.tree_now(place)
            if now != before.tree:
                await place.shadow.rewrite(place.path, index=place.index, old=now, new=before.tree)
        finally:
            async with self._database.connection() as conn:
                await worktree_locks.end_rewind(conn, before.session_id)

    async def _finish(self, place: SnapshotSource, before: Snapshot, target: Snapshot, files: int) -> None:
        """Store and publish the new state; retried while the database is unavailable."""
        snapshot_id = SnapshotId(new_id())
        ref = f"refs/boocoder/{target.session_id}/{snapshot_id}"
        if files:
            await place.shadow.keep(ref, target.tree, beside=target.tree, inside_of=before.kept_by)
        ending = _RewindRecord(before, target, snapshot_id, ref, files)
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

    async def _store(self, place: SnapshotSource, ending: _RewindRecord) -> None:
        """The new state, what it makes of the change, and who has to know: one transaction, which ends the journal."""
        target, session_id = ending.target, ending.target.session_id
        store_change = await self._measured(place, target)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await self._locks.hold(conn, session_id)
            await worktree_locks.end_rewind(conn, session_id)
            if ending.files:  # else the snapshot before is the new state as well
                await _insert(conn, ending)
                await add_note(conn, session_id, ending.for_agent)
            changes = await store_change(conn) if store_change else []
            rewound = frames.session_notice(session_id, "rewound", ending.for_person)
            await transaction.append(session_id, [rewound, *changes])

    async def _measured(self, place: SnapshotSource, target: Snapshot) -> StoreChange | None:
        try:
            return await self._remeasure(place, target.tree)
        except GitError as error:  # the files are as asked for; the next turn measures again
            log.warning("change not measured", extra={"session_id": target.session_id}, exc_info=error)
            return None

    async def _give_up(self, session_id: SessionId, error: BoocoderError) -> None:
        async with self._database.connection() as conn:
            await worktree_locks.end_rewind(conn, session_id)
        text = f"A rewind was cut short and could not be finished: {error.text} Look at the session's snapshots."
        failed = frames.session_notice(session_id, "rewind_failed", text, NoticeLevel.WARNING)
        await self._outbox.append(session_id, [failed])


async def _insert(conn: Connection, ending: _RewindRecord) -> None:
    """The row of the new state."""
    target = ending.target
    await insert_snapshot(
        conn,
        ending.snapshot_id,
        target.session_id,
        task_id=target.task_id,
        kind=SnapshotKind.CHANGED,
        tree=target.tree,
        ref=ending.ref,
        note=f"set back to {describe(target)}",
    )


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


def describe(snapshot: Snapshot) -> str:
    """A snapshot in words."""
    at = snapshot.taken_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    match snapshot.kind:
        case SnapshotKind.TURN_END:
            return f"the end of the turn of {at}"
        case SnapshotKind.INTERRUPTED:
            return f"the interrupted turn of {at}"
        case SnapshotKind.TURN_START:
            return f"the start of the turn of {at}"
        case _:
            return f"the snapshot of {at}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
