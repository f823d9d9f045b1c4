"""Removes a session's worktree once a snapshot holds all of it.

Tombstone first, then the teardown, then the files, by a step that can be done again at any time: `sweep` does what
was cut short. A worktree whose tombstone is written and whose files are all there is looked at once more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import worktree_gc
from boocoder.db.files.worktrees import Snapshot
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.object_retention import own_kept
from boocoder.git.shadow.private_index import drop_index
from boocoder.git.shadow.real_directory import is_real_directory
from boocoder.git.worktree.unsaved import IgnoredPath, ignored_files, measure_ignored
from boocoder.model.ids import HostId, SessionId
from boocoder.model.session import SnapshotKind, WorktreeState
from boocoder.wire.worktrees import WorktreeUsage
from boocoder.worktrees.history.snapshots import SnapshotResult, Snapshots, SnapshotSource
from boocoder.worktrees.locks import WorktreeLocks
from boocoder.worktrees.remove.checks import RemovalBlocker, busy_processes, unsaved_work
from boocoder.worktrees.remove.trash import discard_trash, restore_from_trash, trash_path

log = logging.getLogger(__name__)

LEAVE_POLL_S = 0.1
IGNORED_SHOWN = 5
MIB = 1024 * 1024

Forget = Callable[[Path], Awaitable[None]]
"""Ends the agents that wait in a worktree before it is removed. Never raises."""
Teardown = Callable[[SessionId], Awaitable[str]]
"""Runs what a project wants done before a worktree goes, and says what went wrong. Never raises."""


class RemovalRefused(Conflict):
    """A worktree is not taken away.

    Args:
        reasons: at least one.
    """

    def __init__(self, session_id: SessionId, reasons: Sequence[RemovalBlocker]) -> None:
        forcible = all(reason.forcible for reason in reasons)
        cure = "Save that, or remove the worktree with --force." if forcible else "Try again when that is over."
        if any(reason.code == "pinned" for reason in reasons):
            cure = f"Unpin it first: boocoder worktrees unpin {session_id}"
        text = f"The worktree of session {session_id} is kept: {'; '.join(reason.text for reason in reasons)}."
        super().__init__("worktree_kept", text, cure)
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """What was taken away.

    Args:
        snapshot: that holds the files; None where they were gone before.
        ignored: what is not in it because patterns ignore it, the largest first.
    """

    session_id: SessionId
    snapshot: Snapshot | None
    ignored: tuple[IgnoredPath, ...] = ()


class Remover:
    """Removes worktrees of this host.

    Args:
        forget: called first, so that agents that wait in a worktree end.
        teardown: run after the tombstone.
        leave_s: how long processes may take to leave a worktree after that.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        snapshots: Snapshots,
        locks: WorktreeLocks,
        host_id: HostId,
        forget: Forget,
        teardown: Teardown,
        failpoints: Failpoints,
        leave_s: float = 2.0,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._locks = locks
        self._host_id = host_id
        self._forget = forget
        self._teardown = teardown
        self._failpoints = failpoints
        self._leave_s = leave_s

    async def remove(
        self, session_id: SessionId, why: str, *, force: bool = False, for_good: bool = False
    ) -> RemovalResult:
        """Take the session's worktree away; its next turn makes it again. Harmless where it is gone.

        Args:
            why: a part of a sentence, such as "idle for 14 days".
            force: also with files that no snapshot can hold.
            for_good: the session goes as well, so that no snapshot is needed where the project's repository is gone.

        Raises:
            NotFound: session_not_found.
            WorktreeKept: pinned, at work, or holding what would be lost.
            Conflict: session_busy, session_elsewhere, session_without_worktree.
            GitError: git failed; the files are there.
        """
        async with self._locks.exclusive(session_id, "removal"):
            place = await self._snapshots.place(session_id, absent=for_good)
            if place.row.state is WorktreeState.GONE:
                return RemovalResult(session_id, await self._snapshots.latest(session_id))
            await self._require_free(place)
            if not place.shadow.is_present:
                return await self._discard(place, why)
            await asyncio.to_thread(restore_from_trash, place.path)
            await self._give_own_repository(place)
            taken = await self._save(place, why, force=force) if is_real_directory(place.path) else None
            ignored = await self._ignored(place) if taken is not None else ()
            await self._mark_removing(place, why)
            self._failpoints.hit("removal.after_tombstone")
            return await self._clear(place, why, ignored, force=force)

    async def _discard(self, place: SnapshotSource, why: str) -> RemovalResult:
        """Take a worktree away without a snapshot, which would need objects of a repository that is gone."""
        await self._mark_removing(place, why)
        await asyncio.to_thread(restore_from_trash, place.path)
        if is_real_directory(place.path):
            place.path.rename(trash_path(place.path))
        return await self._end(place, why)

    async def _give_own_repository(self, place: SnapshotSource) -> None:
        """Commits and stash of a worktree that an earlier version linked to the user's repository stay, too."""
        worktrees = place.shadow.worktrees
        if is_real_directory(place.path) and await asyncio.to_thread(worktrees.is_linked, place.path):
            await worktrees.prepare(place.path, commit=place.row.base_commit)

    async def sweep(self) -> int:
        """Finish removals that were cut short; returns how many were."""
        async with self._database.connection() as conn:
            rows = await worktree_gc.list_usage(conn, self._host_id)
        done = 0
        for row in rows:
            if row.state is WorktreeState.REMOVING:
                done += await self._sweep(row)
        return done

    async def _sweep(self, row: WorktreeUsage) -> bool:
        try:
            async with self._locks.exclusive(row.session_id, "removal"):
                place = await self._snapshots.place(row.session_id)
                if place.row.state is not WorktreeState.REMOVING:
                    return False
                if row.has_work and is_real_directory(place.path):
                    await self._put_back(place)
                    return False
                await self._clear(place, row.removed_why, ())
        except BoocoderError as error:
            log.warning("removal not finished", extra={"session_id": row.session_id, "why": error.text})
            return False
        return True

    async def _require_free(self, place: SnapshotSource) -> None:
        """Raises:
        WorktreeKept: it is pinned, has tasks, or a process works in it.
        """
        session_id = place.row.session_id
        async with self._database.connection() as conn:
            rows = await worktree_gc.list_usage(conn, self._host_id, gone=True)
        row = next(row for row in rows if row.session_id == session_id)
        reasons = [RemovalBlocker("pinned", "it is pinned")] if row.pinned else []
        if row.has_work:
            reasons.append(RemovalBlocker("has_work", "its session has tasks that wait or run"))
        if not reasons:
            await self._forget(place.path)
            reasons += await self._at_work(place)
        if reasons:
            raise RemovalRefused(session_id, reasons)

    async def _at_work(self, place: SnapshotSource) -> list[RemovalBlocker]:
        """Processes inside, after waiting for those that were asked to end."""
        deadline = time.monotonic() + self._leave_s
        while True:
            reasons = await busy_processes(place)
            if not reasons or time.monotonic() >= deadline:
                return reasons
            await asyncio.sleep(LEAVE_POLL_S)

    async def _save(self, place: SnapshotSource, why: str, *, force: bool) -> SnapshotResult:
        """A snapshot that is known to hold every file.

        Raises:
            WorktreeKept: it does not.
        """
        taken = await self._snapshots.take_whole(
            place, kind=SnapshotKind.BEFORE_REMOVAL, note=f"before the worktree was removed: {why}"
        )
        reasons = await unsaved_work(place, taken)
        if force:
            reasons = [reason for reason in reasons if not reason.forcible]
        if reasons:
            raise RemovalRefused(place.row.session_id, reasons)
        return taken

    async def _ignored(self, place: SnapshotSource) -> tuple[IgnoredPath, ...]:
        paths = await ignored_files(place.shadow, place.path, index=place.index)
        return tuple(await asyncio.to_thread(measure_ignored, place.path, paths))

    async def _mark_removing(self, place: SnapshotSource, why: str) -> None:
        async with self._database.connection() as conn:
            written = place.row.state is WorktreeState.REMOVING or await worktree_gc.begin_removal(
                conn, place.row.session_id, why
            )
        if not written:
            raise RemovalRefused(place.row.session_id, [RemovalBlocker("has_work", "its session got a task just now")])

    async def _clear(
        self, place: SnapshotSource, why: str, ignored: Sequence[IgnoredPath], *, force: bool = False
    ) -> RemovalResult:
        """From the tombstone to the end; puts the worktree back if the removal is blocked after all."""
        trouble = ""
        await asyncio.to_thread(restore_from_trash, place.path)
        if is_real_directory(place.path):
            try:
                trouble = await self._teardown(place.row.session_id)
                await self._save_what_came_since(place, why, force=force)
                await self._own(place)
                await self._hide(place)
            except BoocoderError:
                await self._put_back(place)
                raise
        return await self._end(place, why, ignored, trouble)

    async def _end(
        self, place: SnapshotSource, why: str, ignored: Sequence[IgnoredPath] = (), trouble: str = ""
    ) -> RemovalResult:
        """Delete what is left of a worktree whose files are aside."""
        session_id = place.row.session_id
        await asyncio.to_thread(discard_trash, place.path)
        await place.shadow.remove_worktree(place.path)
        drop_index(place.index)
        await place.shadow.drop(f"refs/boocoder/{session_id}/now")
        self._failpoints.hit("removal.after_files")
        newest = await self._snapshots.latest(session_id)
        async with self._database.connection() as conn:
            ended = await worktree_gc.end_removal(conn, session_id)
        if ended:
            text = _removal_text(why, newest, ignored, trouble)
            await self._outbox.append(session_id, [frames.session_notice(session_id, "worktree_removed", text)])
        return RemovalResult(session_id, newest, tuple(ignored))

    async def _own(self, place: SnapshotSource) -> None:
        """All objects that the worktree has protected, its base included, are ours from now on."""
        refs = f"refs/boocoder/{place.row.session_id}/"
        await place.shadow.keep(f"{refs}base", place.row.base_tree)
        await own_kept(place.shadow.git, must=refs)

    async def _hide(self, place: SnapshotSource) -> None:
        """Rename the worktree aside, then check whether it was written to just before.

        Raises:
            WorktreeKept: it was; the files are back.
        """
        hidden = trash_path(place.path)
        place.path.rename(hidden)
        newest = await self._snapshots.latest(place.row.session_id)
        if not await self._snapshots.is_now(place, newest, path=hidden):
            raise RemovalRefused(place.row.session_id, [RemovalBlocker("restless", "its files changed just now")])

    async def _save_what_came_since(self, place: SnapshotSource, why: str, *, force: bool) -> None:
        reasons = await busy_processes(place)
        if reasons:
            raise RemovalRefused(place.row.session_id, reasons)
        newest = await self._snapshots.latest(place.row.session_id)
        if not await self._snapshots.is_now(place, newest):
            await self._save(place, why, force=force)

    async def _put_back(self, place: SnapshotSource) -> None:
        await asyncio.to_thread(restore_from_trash, place.path)
        async with self._database.connection() as conn:
            await worktree_gc.put_back(conn, place.row.session_id)

    async def pin(self, session_id: SessionId, *, pinned: bool) -> None:
        """Have the session's worktree left alone, or not.

        Raises:
            NotFound: session_not_found.
        """
        async with self._database.transaction() as conn:
            await sessions.get_session(conn, session_id)
            await worktree_gc.pin_session(conn, session_id, pinned=pinned)


def _removal_text(why: str, newest: Snapshot | None, ignored: Sequence[IgnoredPath], trouble: str) -> str:
    text = f"The worktree was removed: {why}. The next turn makes it again"
    text += f" from snapshot {newest.id}." if newest is not None else " from its base."
    if ignored:
        shown = ", ".join(f"{_name(one)} ({one.size_bytes / MIB:.1f} MiB)" for one in ignored[:IGNORED_SHOWN])
        more = f" and {len(ignored) - IGNORED_SHOWN} more" if len(ignored) > IGNORED_SHOWN else ""
        text += f" Ignored files are not kept: {shown}{more}."
    return f"{text} {trouble}".rstrip()


def _name(one: IgnoredPath) -> str:
    return one.path.decode("utf-8", "backslashreplace")
