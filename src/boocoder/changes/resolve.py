"""Brings what the user has now into a session's worktree, so that its agent can resolve what stands against its change.

The user's checkout is only read. The worktree is written behind a journal; what was cut short is undone at the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from boocoder.changes.apply import resume_apply, write_plan
from boocoder.changes.conflicts import conflict_of
from boocoder.changes.journal import Publisher
from boocoder.changes.measure import ChangeMeasure, measure, path_text
from boocoder.changes.pending import put_change
from boocoder.db import changes, chats, events, sessions, tasks
from boocoder.db.changes import Change, WorktreeUpdate
from boocoder.db.notes import add_note
from boocoder.db.pool import Connection, Database
from boocoder.db.worktrees import SnapshotKind
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.merge import Conflict as FileConflict
from boocoder.git.merge import ConflictKind
from boocoder.git.project import Head
from boocoder.model.ids import ChangeId, HostId, SessionId, TaskId, new_id
from boocoder.model.task import ChangeState
from boocoder.service import Supervisor
from boocoder.worktrees.holds import Holds
from boocoder.worktrees.snapshots import Place, Snapshots

log = logging.getLogger(__name__)

STOP_GRACE_S = 10.0  # as long as the whole service takes to stop
NAMED_FILES = 100  # in the agent's prompt


class Onto(StrEnum):
    """What the worktree is brought up to."""

    CHECKOUT = "checkout"  # with the user's uncommitted and untracked files
    HEAD = "head"


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of it.

    Args:
        change_id: the session's pending change now; None where the user has all of it.
        task_id: the task that asks the agent to resolve; None where nothing met.
        conflicts: the files that both sides changed in the same places, as text.
        files: how many files of the worktree were written.
    """

    change_id: ChangeId | None
    task_id: TaskId | None
    conflicts: tuple[str, ...]
    files: int


@dataclass(frozen=True, slots=True)
class _Merge:
    """The worktree as it was, as it will be, and what the user has."""

    before: str
    after: str
    theirs: str
    head: Head
    conflicts: tuple[FileConflict, ...]


class Resolver:
    """Updates worktrees of this host.

    Args:
        broker: told of what changed, after the commit.
        snapshots: takes the worktree before and after.
        holds: keeps turns and other writers away meanwhile.
        host_id: with it, `resume_all` leaves the sessions of other hosts alone.
        failpoints: places to die in tests.
    """

    def __init__(
        self,
        *,
        database: Database,
        broker: Publisher,
        snapshots: Snapshots,
        holds: Holds,
        host_id: HostId | None = None,
        failpoints: Failpoints | None = None,
    ) -> None:
        self._database = database
        self._broker = broker
        self._snapshots = snapshots
        self._holds = holds
        self._host_id = host_id
        self._failpoints = failpoints or Failpoints()
        self._supervisor = Supervisor("resolve")

    async def stop(self) -> None:
        """Let what is being written end; what does not in time is undone from the journal at the next start."""
        await self._supervisor.stop(STOP_GRACE_S)

    async def resolve(self, change_id: ChangeId, onto: Onto = Onto.CHECKOUT) -> Resolved:
        """Merge what the user has into the worktree, and queue a task for the agent where both changed the same.

        The session's change is measured against what the user has from then on. Once begun it goes to its end, also
        if the caller is cancelled.

        Raises:
            NotFound: there is no such change.
            Conflict: `change_not_pending`; `session_busy`, a turn runs or somebody else has the worktree;
                `session_without_worktree`, `worktree_not_there`; ApplyConflict, files of the worktree that no
                snapshot knows are in the way. Nothing was touched.
            GitError: git failed; nothing was touched.
        """
        outcome = await asyncio.shield(self._supervisor.spawn(self._outcome(change_id, onto), f"resolve {change_id}"))
        if isinstance(outcome, BoocoderError):
            raise outcome
        return outcome

    async def _outcome(self, change_id: ChangeId, onto: Onto) -> Resolved | BoocoderError:
        try:
            session_id = (await self._change(change_id)).session_id
            async with self._holds.hold_worktree(session_id, "resolve"):
                return await self._resolve(await self._change(change_id), onto)
        except BoocoderError as error:
            return error

    async def _change(self, change_id: ChangeId) -> Change:
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
        if change.state is not ChangeState.PENDING:
            text = f"Change {change_id} is {change.state.value}, so nothing stands against it."
            raise Conflict("change_not_pending", text, "Look at the session's newest change.")
        return change

    async def _resolve(self, change: Change, onto: Onto) -> Resolved:
        place = await self._snapshots.place(change.session_id)
        note = f"Before what you have was brought in for change {change.id}."
        before = await self._snapshots.take(change.session_id, kind=SnapshotKind.BEFORE_UPDATE, note=note)
        merge = await self._merge(place, change, before.tree, onto)
        files = await place.shadow.changed_files(merge.before, merge.after, counts=False)
        await self._write(place, merge)
        after = await self._snapshots.take(change.session_id, kind=SnapshotKind.CHANGED, note=CAME_IN_NOTE)
        measured = await measure(place.shadow, base_tree=merge.theirs, tree=after.tree)
        change_id, task_id = await self._store(place, change, merge, measured)
        names = tuple(dict.fromkeys(path_text(one.path)[0] for one in merge.conflicts))
        return Resolved(change_id, task_id, names, len(files))

    async def _merge(self, place: Place, change: Change, before: str, onto: Onto) -> _Merge:
        session_id, shadow = change.session_id, place.shadow
        head = await shadow.head()
        theirs = head.tree
        kept = f"refs/boocoder/{session_id}/base"
        if onto is Onto.CHECKOUT:
            index = place.index.with_name(f"resolve-{place.project_id}.index")
            taken = await shadow.take_snapshot(shadow.checkout.root, index=index, ref=f"{kept}-next", base=head.tree)
            theirs = taken.tree
        async with self._database.connection() as conn:
            base = await changes.decided_tree(conn, session_id) or change.base_tree
        merged = await shadow.merge(base=base, ours=before, theirs=theirs)
        after = merged.tree or merged.marked
        assert after is not None
        await shadow.keep(kept, theirs, beside=head.tree)
        await shadow.keep(f"{kept}-merged", after, beside=before)
        return _Merge(before, after, theirs, head, merged.conflicts)

    async def _write(self, place: Place, merge: _Merge) -> None:
        session_id = place.row.session_id
        async with self._database.transaction() as conn:
            if not await changes.begin_update(conn, session_id, merge.before, merge.after):
                text = f"The worktree of session {session_id} is being written."
                raise Conflict("session_busy", text, "Try again in a moment.")
        self._failpoints.hit("resolve.after_begin")
        try:
            conflicts = await write_plan(
                place.shadow, checkout=place.path, index=place.index, pre_tree=merge.before, post_tree=merge.after
            )
        except (BoocoderError, OSError):
            await self._close(session_id)  # raised before the first file was written
            raise
        if conflicts:
            await self._close(session_id)
            raise await conflict_of(place.shadow, conflicts)
        self._failpoints.hit("resolve.after_files")

    async def _close(self, session_id: SessionId) -> None:
        async with self._database.transaction() as conn:
            await changes.end_update(conn, session_id)

    async def _store(
        self, place: Place, change: Change, merge: _Merge, measured: ChangeMeasure
    ) -> tuple[ChangeId | None, TaskId | None]:
        """The base that moved, the change against it, and the agent's task, in one transaction."""
        session_id, task_id = change.session_id, None
        async with self._database.transaction() as conn:
            await sessions.lock_session(conn, session_id)
            await changes.end_update(conn, session_id)
            commit = merge.head.commit or place.row.base_commit
            await changes.move_base(conn, session_id, base_commit=commit, base_tree=merge.theirs)
            change_id, drafts = await _measured_anew(conn, change, measured)
            drafts.append(_notice(session_id, merge.conflicts))
            if merge.conflicts:
                task_id = await _queue(conn, place, change, merge.conflicts)
                pending = (await tasks.count_tasks(conn, session_id)).pending
                drafts.append(
                    frames.QueueChanged(session_id=session_id, task_id=task_id, state="pending", pending=pending)
                )
            else:
                await add_note(conn, session_id, CAME_IN)
            first = await events.append_frames(conn, session_id, drafts)
        self._broker.commit(session_id, first, first + len(drafts) - 1, drafts)
        await place.shadow.drop(f"refs/boocoder/{session_id}/base-merged")
        return change_id, task_id

    async def resume_all(self) -> None:
        """Undo every writing of a worktree that a crash cut short. Called once, before any turn runs."""
        async with self._database.connection() as conn:
            cut_short = await changes.list_updates(conn)
        for one in cut_short:
            try:
                await self._undo(one)
            except (BoocoderError, OSError):
                log.exception("a worktree cannot be put back", extra={"session_id": str(one.session_id)})

    async def _undo(self, one: WorktreeUpdate) -> None:
        async with self._database.connection() as conn:
            session = await sessions.get_session(conn, one.session_id)
        if self._host_id is not None and session.host_id not in (None, self._host_id):
            return
        place = await self._snapshots.place(one.session_id)
        if Path(one.path).is_dir():
            await resume_apply(
                place.shadow, checkout=place.path, index=place.index, pre_tree=one.post_tree, post_tree=one.pre_tree
            )
        await self._close(one.session_id)


CAME_IN_NOTE = "What you have came in."
CAME_IN = (
    "[Since your last turn the user's newer files were merged into this worktree. "
    "Read files again before you edit them.]"
)


async def _measured_anew(
    conn: Connection, change: Change, measured: ChangeMeasure
) -> tuple[ChangeId | None, list[frames.Frame]]:
    """The session's pending change against its new base, and the frame that tells it."""
    if measured.base_tree == measured.tree:
        withdrawn = await changes.withdraw_change(conn, change.session_id)
        return None, [
            frames.ChangeUpdated(
                session_id=change.session_id, change_id=withdrawn or change.id, state="withdrawn", agent=change.agent
            )
        ]
    change_id, told = await put_change(conn, change.session_id, measured, task_id=change.task_id, agent=change.agent)
    return change_id, [told]


async def _queue(conn: Connection, place: Place, change: Change, conflicts: Sequence[FileConflict]) -> TaskId:
    """The task that asks the agent to resolve, in the chat that made the change."""
    made_by = await tasks.get_task(conn, change.task_id)
    chat = await chats.get_chat(conn, made_by.chat_id)
    task_id = TaskId(new_id())
    await tasks.insert_task(
        conn,
        task_id,
        project_id=place.project_id,
        session_id=change.session_id,
        chat_id=chat.id,
        prompt=prompt_of(conflicts),
        agent=chat.agent or made_by.agent,
        model=chat.model if chat.agent else made_by.model,
        mode=chat.mode if chat.agent else made_by.mode,
        thinking=chat.thinking if chat.agent else made_by.thinking,
    )
    return task_id


_MOVED = "it was moved, or is a file on one side and a directory on the other"
_WHAT_MET = {  # "here" is the worktree
    ConflictKind.BOTH_MODIFIED: "both sides changed it; it has conflict markers, or is yours where it is not text",
    ConflictKind.BOTH_ADDED: "both sides added it; it has conflict markers, or is yours where it is not text",
    ConflictKind.DELETED_HERE: "you deleted it, the user changed it; the user's version is there",
    ConflictKind.DELETED_THERE: "the user deleted it, you changed it; your version is there",
}


def prompt_of(conflicts: Sequence[FileConflict]) -> str:
    """What the agent is asked to do."""
    kinds = {one.path: one.kind for one in conflicts}
    lines = [
        f"- {path_text(path)[0]}: {_WHAT_MET.get(kind, _MOVED)}" for path, kind in list(kinds.items())[:NAMED_FILES]
    ]
    more = [f"- and {len(kinds) - NAMED_FILES} more; search for conflict markers"] * (len(kinds) > NAMED_FILES)
    return "\n".join(
        [
            "The user's files changed while you worked. Their newer state was merged into this worktree, and in these",
            "files both sides met:",
            "",
            *lines,
            *more,
            "",
            "Between <<<<<<< and ======= stands your version, between ======= and >>>>>>> the user's. Edit each of",
            "these files so that it keeps the intent of both sides, remove all conflict markers, and change nothing",
            "else. Then say in a few words how you resolved each file.",
        ]
    )


def _notice(session_id: SessionId, conflicts: Sequence[FileConflict]) -> frames.Notice:
    text = "What you have now was merged into the session's worktree; nothing stands against the change any more."
    if conflicts:
        names = list(dict.fromkeys(path_text(one.path)[0] for one in conflicts))
        text = f"What you have now was merged into the session's worktree; the agent resolves: {_names(names)}."
    return frames.Notice(session_id=session_id, code="base_brought_in", text=text)


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + f" and {len(names) - 10} more" * (len(names) > 10)
