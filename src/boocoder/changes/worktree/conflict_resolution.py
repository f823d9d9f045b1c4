"""Merges the user's current files into a session's worktree, so that its agent can resolve the conflicts.

The user's checkout is only read. The worktree is written behind a journal; the next start undoes an interrupted write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.changes.apply.conflict_choices import FileChoice, resolved_tree
from boocoder.changes.apply.conflicts import conflict_of
from boocoder.changes.apply.plan import resume_apply
from boocoder.changes.diff.statistics import ChangeMeasure, measure, path_text
from boocoder.changes.pending import put_change
from boocoder.changes.worktree.incoming import IncomingFiles, base_on, committed_files, labels_of
from boocoder.changes.worktree.resolution_task import queue_resolution
from boocoder.changes.worktree.write import close_update, write_worktree
from boocoder.db.conversation import sessions
from boocoder.db.conversation.agent_notes import add_note
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import changes
from boocoder.db.files.changes import Change, WorktreeUpdate
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.diff.merge import MergeConflict as FileConflict
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.worktree.session_head import move_head
from boocoder.model.ids import ChangeId, HostId, SessionId, TaskId
from boocoder.model.session import SnapshotKind
from boocoder.model.task import ChangeState
from boocoder.service import TaskSupervisor
from boocoder.wire.changes import ResolveResult
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource
from boocoder.worktrees.locks import WorktreeLocks

log = logging.getLogger(__name__)

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop


class MergeSource(StrEnum):
    """What is merged into the worktree."""

    CHECKOUT = "checkout"  # with the user's uncommitted and untracked files
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class _WorktreeMerge:
    """The worktree as it was, as it will be, and what its change is measured against then."""

    before: str
    after: str
    base: str
    incoming: IncomingFiles
    conflicts: tuple[FileConflict, ...]


class ConflictResolver:
    """Updates worktrees of this host.

    Args:
        outbox: stores and publishes what changed.
        snapshots: takes the worktree before and after.
        locks: locks the worktree against turns and other writers.
        host_id: with it, `resume_all` leaves the sessions of other hosts alone.
        failpoints: places to die in tests.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        snapshots: Snapshots,
        locks: WorktreeLocks,
        host_id: HostId | None = None,
        failpoints: Failpoints | None = None,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._host_id = host_id
        self._failpoints = failpoints or Failpoints()
        self._supervisor = TaskSupervisor("resolve")

    async def stop(self) -> None:
        """Wait for writes in progress; the next start undoes others from the journal."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def resolve(
        self, change_id: ChangeId, onto: MergeSource = MergeSource.CHECKOUT, choices: Sequence[FileChoice] = ()
    ) -> ResolveResult:
        """Merge what the user has into the worktree; conflicts become what was chosen, else a task for the agent.

        The session's change is measured against what the user has from then on. Once started it runs to its end, also
        if the caller is cancelled.

        Raises:
            NotFound: there is no such change.
            Conflict: `conflict_changed`, `conflict_not_text`: see `resolved_tree`; `change_not_pending`;
                `session_busy`, a turn or another operation uses the worktree;
                `session_without_worktree`, `worktree_not_there`; ApplyConflict, files of the worktree that no
                snapshot knows are in the way. Nothing was touched.
            GitError: git failed; nothing was touched.
        """
        session_id = (await self._change(change_id)).session_id

        async def merge() -> ResolveResult:
            change = await self._change(change_id)
            place = await self._snapshots.place(session_id)
            head = await place.shadow.head()
            incoming = IncomingFiles(head.commit, head.tree, checkout=onto is MergeSource.CHECKOUT)
            return await self._resolve(place, change, incoming, choices)

        return await self._locked(session_id, merge, f"resolve {change_id}")

    async def update(self, session_id: SessionId, ref: str | None = None) -> ResolveResult:
        """Bring a session onto the newest commit of its branch; conflicts become a task for the agent.

        Committed files come in; the user's uncommitted ones do not. What the agent did stays as uncommitted edits.

        Args:
            ref: branch, tag or commit; None for the branch that the session was started from, else what the user has
                checked out.

        Raises:
            NotFound: there is no such session.
            InvalidInput: `start_unknown`, there is no such ref.
            Conflict, GitError: as `resolve`.
        """

        async def merge() -> ResolveResult:
            place = await self._snapshots.place(session_id)
            async with self._database.connection() as conn:
                pending = await changes.list_changes(conn, session_id=session_id, state=ChangeState.PENDING, limit=1)
            incoming = await committed_files(self._database, place, ref)
            if incoming.commit == place.row.base_commit:
                return ResolveResult(pending[0].id if pending else None, None, (), 0, incoming.commit)
            return await self._resolve(place, pending[0] if pending else None, incoming, ())

        return await self._locked(session_id, merge, f"update {session_id}")

    async def _locked(
        self, session_id: SessionId, merge: Callable[[], Awaitable[ResolveResult]], name: str
    ) -> ResolveResult:
        """Merge with the worktree locked, to the end, also if the caller is cancelled."""

        async def outcome() -> ResolveResult | BoocoderError:
            try:
                async with self._locks.exclusive(session_id, "resolve"):
                    return await merge()
            except BoocoderError as error:
                return error

        ended = await asyncio.shield(self._supervisor.spawn(outcome(), name))
        if isinstance(ended, BoocoderError):
            raise ended
        return ended

    async def _change(self, change_id: ChangeId) -> Change:
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
        if change.state is not ChangeState.PENDING:
            text = f"Change {change_id} is {change.state.value}, so it has no conflicts to resolve."
            raise Conflict("change_not_pending", text, "Look at the session's newest change.")
        return change

    async def _resolve(
        self, place: SnapshotSource, change: Change | None, incoming: IncomingFiles, choices: Sequence[FileChoice]
    ) -> ResolveResult:
        session_id = place.row.session_id
        note = "Before your newer files were merged in."
        before = await self._snapshots.take(session_id, kind=SnapshotKind.BEFORE_UPDATE, note=note)
        merge = await self._merge(place, before.tree, incoming, choices)
        files = await place.shadow.changed_files(merge.before, merge.after, counts=False)
        await self._write(place, merge)
        after = await self._snapshots.take(session_id, kind=SnapshotKind.CHANGED, note=CAME_IN_NOTE)
        measured = await measure(place.shadow, base_tree=merge.base, tree=after.tree)
        change_id, task_id = await self._store(place, change, merge, measured, since=after.taken_at)
        names = tuple(dict.fromkeys(path_text(one.path)[0] for one in merge.conflicts))
        return ResolveResult(change_id, task_id, names, len(files), incoming.commit)

    async def _merge(
        self, place: SnapshotSource, before: str, incoming: IncomingFiles, choices: Sequence[FileChoice]
    ) -> _WorktreeMerge:
        session_id, shadow = place.row.session_id, place.shadow
        kept = f"refs/boocoder/{session_id}/base"
        async with self._database.connection() as conn:
            old_base = await changes.decided_tree(conn, session_id) or place.row.base_tree
            title = (await sessions.get_session(conn, session_id)).title
        if incoming.checkout:
            index = place.index.with_name(f"resolve-{place.project_id}.index")
            taken = await shadow.take_snapshot(
                shadow.checkout.root, index=index, ref=f"{kept}-next", base=incoming.tree
            )
            base = taken.tree
        else:
            base = await base_on(place, old_base, incoming.tree)
        labels = await labels_of(place.shadow, title)
        merged = await shadow.merge(base=old_base, ours=before, theirs=base, labels=labels)
        after = merged.tree or merged.marked
        assert after is not None
        conflicts = merged.conflicts
        if choices:
            after, conflicts = await resolved_tree(
                shadow, marked=after, conflicts=conflicts, choices=choices, agent_tree=before, user_tree=base
            )
        await shadow.keep(kept, base, beside=incoming.tree)
        await shadow.keep(f"{kept}-merged", after, beside=before)
        return _WorktreeMerge(before, after, base, incoming, conflicts)

    async def _write(self, place: SnapshotSource, merge: _WorktreeMerge) -> None:
        conflicts = await write_worktree(
            self._database,
            self._locks,
            place,
            before=merge.before,
            after=merge.after,
            failpoints=self._failpoints,
            operation="resolve",
        )
        if conflicts:
            raise await conflict_of(place.shadow, conflicts)

    async def _store(
        self,
        place: SnapshotSource,
        change: Change | None,
        merge: _WorktreeMerge,
        measured: ChangeMeasure,
        *,
        since: datetime,
    ) -> tuple[ChangeId | None, TaskId | None]:
        """The base that moved, the change against it, and the agent's task, in one transaction."""
        session_id, change_id, task_id = place.row.session_id, None, None
        drafts: list[frames.Frame] = []
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await sessions.lock_session(conn, session_id)
            await self._locks.hold(conn, session_id)
            await changes.end_update(conn, session_id)
            commit = merge.incoming.commit or place.row.base_commit
            await changes.move_base(conn, session_id, base_commit=commit, base_tree=merge.base, since=since)
            if change is not None:
                change_id, drafts = await measured_anew(conn, change, measured)
            drafts.append(_notice(session_id, merge.conflicts))
            if merge.conflicts:
                task_id, queued = await queue_resolution(conn, place, change, merge.conflicts)
                drafts.append(queued)
            else:
                await add_note(conn, session_id, CAME_IN)
            await transaction.append(session_id, drafts)
        await place.shadow.drop(f"refs/boocoder/{session_id}/base-merged")
        await _move_head(place, commit)
        return change_id, task_id

    async def resume_all(self) -> None:
        """Undo every write of a worktree that a crash interrupted. Call it once, before any turn runs."""
        async with self._database.connection() as conn:
            cut_short = await changes.list_updates(conn)
        for one in cut_short:
            try:
                await self._undo(one)
            except (BoocoderError, OSError):
                log.exception("interrupted write of a worktree not undone", extra={"session_id": str(one.session_id)})

    async def _undo(self, one: WorktreeUpdate) -> None:
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, one.session_id)
        if self._host_id is not None and session.host_id not in (None, self._host_id):
            return
        place = await self._snapshots.place(one.session_id)
        if is_real_directory(Path(one.path)):
            await resume_apply(
                place.shadow, checkout=place.path, index=place.index, pre_tree=one.post_tree, post_tree=one.pre_tree
            )
        await close_update(self._database, one.session_id)


async def _move_head(place: SnapshotSource, commit: str) -> None:
    try:
        await move_head(place.shadow.worktrees, place.path, commit, reason="boocoder: the user's commits came in")
    except BoocoderError as error:  # the files are right; git in the worktree compares them with an older commit
        log.warning("HEAD of a session not moved", extra={"session_id": place.row.session_id}, exc_info=error)


CAME_IN_NOTE = "What you have came in."
CAME_IN = (
    "[Since your last turn the user's newer files were merged into this worktree. "
    "Read files again before you edit them.]"
)


async def measured_anew(
    conn: Connection, change: Change, measured: ChangeMeasure
) -> tuple[ChangeId | None, list[frames.Frame]]:
    """The session's pending change against its new base, and its frame."""
    if measured.base_tree == measured.tree:
        withdrawn = await changes.withdraw_change(conn, change.session_id)
        return None, [
            frames.ChangeUpdatedFrame(
                session_id=change.session_id, change_id=withdrawn or change.id, state="withdrawn", agent=change.agent
            )
        ]
    change_id, updated = await put_change(conn, change.session_id, measured, task_id=change.task_id, agent=change.agent)
    return change_id, [updated]


def _notice(session_id: SessionId, conflicts: Sequence[FileConflict]) -> frames.NoticeFrame:
    text = "Your current files were merged into the session's worktree; the change has no conflicts."
    if conflicts:
        names = list(dict.fromkeys(path_text(one.path)[0] for one in conflicts))
        text = f"Your current files were merged into the session's worktree; the agent resolves: {_names(names)}."
    return frames.NoticeFrame(session_id=session_id, code="base_brought_in", text=text)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + f" and {len(names) - 10} more" * (len(names) > 10)
