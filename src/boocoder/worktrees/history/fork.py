"""Forks a session from a snapshot: a new session with the same files, and the conversation up to there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from boocoder.broker.outbox import Outbox
from boocoder.db.conversation import chats, sessions
from boocoder.db.core.pool import Connection, Database
from boocoder.db.files import snapshots as snapshot_rows
from boocoder.db.files.snapshots import SnapshotBase
from boocoder.db.files.worktrees import Snapshot, insert_snapshot
from boocoder.db.registry import projects
from boocoder.db.tasks.hosts import session_elsewhere
from boocoder.errors import BoocoderError, Conflict
from boocoder.events import frames
from boocoder.model.ids import ChatId, HostId, SessionId, SnapshotId, TaskId, new_id
from boocoder.model.limits import TITLE_MAX_CHARS
from boocoder.model.session import SnapshotKind
from boocoder.wire.sessions import Session
from boocoder.worktrees.history.snapshot_base import snapshot_base
from boocoder.worktrees.history.snapshots import Snapshots, SnapshotSource, describe, require_trees
from boocoder.worktrees.remove.restore import Restorer

log = logging.getLogger(__name__)

SUFFIX = " (fork)"
SUBMODULES_EMPTY = "Its submodules are empty: fetch them with `git submodule update --init --recursive`."
UNKNOWN_CURE = "Fork the newest snapshot, or run a turn and fork that."


@dataclass(frozen=True, slots=True)
class Fork:
    """A new session.

    Args:
        chat_id: its first chat, which begins with the parent's messages.
        snapshot: of the parent, that its files are as in.
        worktree: where they are; None where they could not be written now and will be by its first turn.
    """

    session_id: SessionId
    chat_id: ChatId
    snapshot: Snapshot
    worktree: Path | None


class Forker:
    """Forks sessions of this host.

    Args:
        root: directory of all worktrees; their names are session ids.
    """

    def __init__(
        self,
        *,
        database: Database,
        outbox: Outbox,
        snapshots: Snapshots,
        restorer: Restorer,
        root: Path,
        host_id: HostId,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._snapshots = snapshots
        self._restorer = restorer
        self._root = root
        self._host_id = host_id

    async def fork(
        self,
        session_id: SessionId,
        *,
        snapshot_id: SnapshotId | None = None,
        task_id: TaskId | None = None,
        title: str = "",
    ) -> Fork:
        """Make a session out of a snapshot, or out of what a task left behind; neither: of the newest snapshot.

        The parent and its files are not touched, and may be at work.

        Raises:
            NotFound: session_not_found, snapshot_not_found.
            Conflict: session_elsewhere, session_without_worktree, session_without_snapshot, snapshot_elsewhere,
                snapshot_base_unknown, project_archived.
            GitError: git refused.
        """
        parent = await self._parent(session_id)
        snapshot = await self._snapshot(session_id, snapshot_id, task_id)
        place = await self._snapshots.place(session_id)
        await require_trees(place, snapshot.tree)
        base = await self._base(place, snapshot)
        await require_trees(place, base.tree)
        child = SessionId(new_id())
        ref_id = SnapshotId(new_id())
        ref = f"refs/boocoder/{child}/{ref_id}"
        await place.shadow.keep(ref, snapshot.tree, beside=snapshot.tree)
        await place.shadow.keep(f"refs/boocoder/{child}/base", base.tree, beside=snapshot.tree)
        text = _text(place, parent, snapshot)
        async with self._outbox.transaction() as transaction:
            conn = transaction.conn
            await projects.hold_project(conn, parent.project_id)
            await sessions.fork_session(
                conn,
                child,
                session_id,
                title=title or parent.title[: TITLE_MAX_CHARS - len(SUFFIX)] + SUFFIX,
                snapshot_id=snapshot.id,
                path=self._root / str(child),
                base_commit=base.commit,
                base_tree=base.tree,
            )
            await insert_snapshot(
                conn, ref_id, child, task_id=None, kind=SnapshotKind.FORK, tree=snapshot.tree, ref=ref, note=text
            )
            chat_id = await _fork_chat(conn, child, snapshot)
            await transaction.append(child, [frames.session_notice(child, "forked", text)])
        return Fork(child, chat_id, snapshot, await self._make(child))

    async def _parent(self, session_id: SessionId) -> Session:
        async with self._database.connection() as conn:
            parent = await sessions.get_session(conn, session_id)
            if parent.host_id not in (None, self._host_id):
                raise await session_elsewhere(conn, session_id)
        return parent

    async def _snapshot(
        self, session_id: SessionId, snapshot_id: SnapshotId | None, task_id: TaskId | None
    ) -> Snapshot:
        async with self._database.connection() as conn:
            if snapshot_id is not None:
                return await snapshot_rows.get_snapshot(conn, session_id, snapshot_id)
            if task_id is not None:
                return await snapshot_rows.snapshot_of_task(conn, session_id, task_id)
        newest = await self._snapshots.latest(session_id)
        if newest is None:
            text = f"Session {session_id} has no snapshot yet."
            raise Conflict("session_without_snapshot", text, "Its first turn takes one.")
        return newest

    async def _base(self, place: SnapshotSource, snapshot: Snapshot) -> SnapshotBase:
        """What the fork's change is measured against."""
        tree, taken_at = snapshot.tree, snapshot.taken_at
        return await snapshot_base(
            self._database, place.shadow, snapshot.session_id, tree=tree, taken_at=taken_at, cure=UNKNOWN_CURE
        )

    async def _make(self, child: SessionId) -> Path | None:
        """The files at once; what fails here is done by the first turn."""
        try:
            await self._restorer.restore(child)
            place: SnapshotSource = await self._snapshots.place(child)
        except BoocoderError as error:
            log.warning("worktree of a fork not made yet", extra={"session_id": child}, exc_info=error)
            return None
        return place.path


def _text(place: SnapshotSource, parent: Session, snapshot: Snapshot) -> str:
    text = f"This session was forked from “{parent.title}”, with its files as at {describe(snapshot)}."
    if place.shadow.kept_inside(snapshot.kept_by) is not None:
        text += f" {SUBMODULES_EMPTY}"
    return text


async def _fork_chat(conn: Connection, child: SessionId, snapshot: Snapshot) -> ChatId:
    chat_id = ChatId(new_id())
    until = await chats.said_until(conn, snapshot.id)
    if until is None:
        await chats.insert_chat(conn, chat_id, child, "New chat")
    else:
        await chats.fork_chat(conn, chat_id, child, parent=until.chat_id, message_ord=until.ord)
    return chat_id
