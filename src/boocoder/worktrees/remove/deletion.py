"""Deletes a session for good: its worktree, its rows, then its git directory, snapshots, long texts and attachments.

The rows go in one transaction, which leaves a note of the files that follow; `sweep` deletes those that a process which
died has left.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from boocoder.db.conversation import deletion, sessions
from boocoder.db.conversation.deletion import DeletedSession
from boocoder.db.conversation.overflow import OverflowFiles
from boocoder.db.core.pool import Database
from boocoder.db.files import worktrees
from boocoder.db.tasks.hosts import session_elsewhere
from boocoder.db.tasks.session_host import hold_session
from boocoder.errors import BoocoderError, Conflict
from boocoder.failpoints import Failpoints
from boocoder.git.shadow.private_index import drop_index
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.worktree.linked import remove_files
from boocoder.model.ids import HostId, SessionId
from boocoder.model.session import WorktreeState
from boocoder.wire.sessions import SessionBegun, SessionContents, SessionDeletion
from boocoder.worktrees.history.snapshots import Snapshots
from boocoder.worktrees.remove.removal import Remover

log = logging.getLogger(__name__)

SHOWN = 3  # titles in one sentence


class SessionDeleter:
    """Deletes sessions of this host.

    Args:
        remover: takes the worktree away first, after the project's teardown.
        overflow: texts beyond what the database holds.
        attachments: directory of this host's copies of files that people sent.
        agent_stores: directories in which an agent's own processes of a session keep a folder named after its worktree.
    """

    def __init__(
        self,
        *,
        database: Database,
        remover: Remover,
        snapshots: Snapshots,
        shadows: ShadowRegistry,
        overflow: OverflowFiles,
        attachments: Path,
        host_id: HostId,
        failpoints: Failpoints,
        agent_stores: tuple[Path, ...] = (),
    ) -> None:
        self._database = database
        self._remover = remover
        self._snapshots = snapshots
        self._shadows = shadows
        self._overflow = overflow
        self._attachments = attachments
        self._host_id = host_id
        self._failpoints = failpoints
        self._agent_stores = agent_stores

    async def preview(self, session_id: SessionId) -> SessionDeletion:
        """What would go.

        Raises:
            NotFound: session_not_found.
        """
        async with self._database.connection() as conn:
            found = await deletion.get_contents(conn, session_id)
            begun = await deletion.list_begun_from(conn, session_id)
        return SessionDeletion(found, tuple(begun))

    async def delete(self, session_id: SessionId, *, begun_from: bool = False) -> list[SessionId]:
        """Delete a session; what was deleted, in this order. There is no way back.

        Args:
            begun_from: before it the sessions that were forked from it or started by its agents.

        Raises:
            NotFound: session_not_found.
            Conflict: session_busy (tasks wait or run), session_pinned, session_used (others began from it),
                session_elsewhere.
            RemovalRefused: a process works in its worktree.
            GitError: git failed; nothing of it is deleted.
        """
        async with self._database.connection() as conn:
            await sessions.get_session(conn, session_id)
            begun = await deletion.list_begun_from(conn, session_id)
            if begun and not begun_from:
                raise _used(session_id, begun)
            wanted = [*(one.id for one in begun), session_id]
            for one in wanted:
                _require_idle(await deletion.get_contents(conn, one))
                if (await sessions.get_session(conn, one)).host_id not in (None, self._host_id):
                    raise await session_elsewhere(conn, one)
        for place, one in enumerate(wanted):
            try:
                await self._delete(one)
            except BoocoderError as error:
                if place:
                    error.text += f" Deleted before that: {place} of {len(wanted)} sessions, which began from it."
                raise
        return wanted

    async def sweep(self) -> int:
        """Delete the files of sessions whose deletion was cut short; how many those were."""
        async with self._database.connection() as conn:
            found = await deletion.list_deleted(conn, self._host_id)
        for one in found:
            await self._delete_files(one)
        return len(found)

    async def _delete(self, session_id: SessionId) -> None:
        async with self._database.connection() as conn:
            worktree = await worktrees.get_worktree(conn, session_id)
        if worktree is not None and worktree.state is not WorktreeState.GONE:
            await self._remover.remove(session_id, "its session is deleted", force=True, for_good=True)
        async with self._database.transaction() as conn:
            held = await hold_session(conn, session_id)
            if held.host_id not in (None, self._host_id):
                raise await session_elsewhere(conn, session_id)
            deleted = await deletion.delete_session(held, self._host_id)
        if deleted is None:
            raise _busy(session_id, "something of it began just now")
        self._failpoints.hit("deletion.after_rows")
        await self._delete_files(deleted)

    async def _delete_files(self, deleted: DeletedSession) -> None:
        try:
            await self._overflow.delete(deleted.messages)
            for one in deleted.attachments:
                await asyncio.to_thread(shutil.rmtree, self._attachments / str(one), ignore_errors=True)
            await asyncio.to_thread(self._delete_git_files, deleted)
        except OSError as error:
            log.warning("files of a deleted session are left", exc_info=error, extra={"session_id": deleted.session_id})
            return
        async with self._database.connection() as conn:
            await deletion.forget_deleted(conn, deleted.session_id)

    def _delete_git_files(self, deleted: DeletedSession) -> None:
        """What is left in boocoder's own repository of the project, there or not, and in stores of agents."""
        shadow = self._shadows.git_dir_of(deleted.project_id)
        stores = [root / deleted.worktree for root in self._agent_stores]
        repository = [shadow / "refs" / "boocoder" / str(deleted.session_id), shadow / "sessions" / deleted.worktree]
        for folder in (*repository, *stores):
            remove_files(folder)
            if folder.exists():
                raise OSError(errno.ENOTEMPTY, "cannot be deleted", str(folder))
        drop_index(shadow / "seeds" / f"{deleted.worktree}.index")
        drop_index(self._snapshots.index_of(deleted.session_id))


def _require_idle(found: SessionContents) -> None:
    if found.open_tasks:
        raise _busy(found.session_id, f"it has {found.open_tasks} tasks that wait or run")
    if found.pinned:
        text = f"Session {found.session_id} is pinned."
        raise Conflict("session_pinned", text, f"Unpin it first: boocoder worktrees unpin {found.session_id}")


def _busy(session_id: SessionId, why: str) -> Conflict:
    text = f"Session {session_id} is not deleted: {why}."
    return Conflict("session_busy", text, "Cancel its tasks or let them end, then delete it.")


def _used(session_id: SessionId, begun: Sequence[SessionBegun]) -> Conflict:
    names = ", ".join(f"“{one.title}”" for one in begun[:SHOWN])
    more = f" and {len(begun) - SHOWN} more" if len(begun) > SHOWN else ""
    text = f"Sessions began from session {session_id}: {names}{more}. Their conversations need it."
    return Conflict("session_used", text, "Delete these first, or all together: boocoder sessions delete --with-forks")
