"""Sessions: workspaces of a project, each with the stream of its events. Queueing work is queue's business."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.core.list_filter import EVERYTHING, ListFilter
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.db.registry.projects import hold_project, project_not_found
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ProjectId, SessionId, SnapshotId
from boocoder.model.session import SessionActivity, SessionState
from boocoder.wire.sessions import Session, SessionCounts


class LockedSession(msgspec.Struct, frozen=True):
    """A session whose row this transaction holds."""

    id: SessionId
    project_id: ProjectId
    state: SessionState


_INSERT = statement("sessions", "insert_session", row=Done, params=(UUID, UUID, str))
_GET = statement("sessions", "get_session", row=Session, params=(UUID,))
_LIST = statement(
    "sessions",
    "list_sessions",
    row=Session,
    params=(
        *(UUID | None, SessionState | None, int, UUID | None, str | None, list[str], bool, bool | None),
        *(str | None, datetime | None, datetime | None),
    ),
)
_COUNT = statement("sessions", "count_sessions", row=SessionCounts, params=(UUID | None,))
_SEE = statement("sessions", "mark_seen", row=Done, params=(UUID,))
_LOCK = statement("sessions", "lock_session", row=LockedSession, params=(UUID,))
_FORK = statement("sessions", "fork_session", row=Done, params=(UUID, UUID, str, UUID, str, str, str))
_UPDATE = statement("sessions", "update_session", row=Done, params=(UUID, str | None, SessionState | None))


async def insert_session(conn: Connection, session_id: SessionId, project_id: ProjectId, title: str) -> None:
    """Add a session with an empty event stream.

    Raises:
        NotFound: project_not_found.
    """
    if not await _INSERT.changed(conn, session_id, project_id, title):
        raise project_not_found(project_id)


async def fork_session(
    conn: Connection,
    session_id: SessionId,
    parent: SessionId,
    *,
    title: str,
    snapshot_id: SnapshotId,
    path: Path,
    base_commit: str,
    base_tree: str,
) -> None:
    """Add a session that begins with a snapshot of another one, on the same host; its files are yet to be made.

    Args:
        snapshot_id: of the parent.
        path: where its worktree will be.
        base_commit, base_tree: what its change is measured against.

    Raises:
        NotFound: session_not_found, the parent is none.
    """
    if not await _FORK.changed(conn, session_id, parent, title, snapshot_id, str(path), base_commit, base_tree):
        raise session_not_found(parent)


async def get_session(conn: Connection, session_id: SessionId) -> Session:
    """One session.

    Raises:
        NotFound: session_not_found.
    """
    session = await _GET.first(conn, session_id)
    if session is None:
        raise session_not_found(session_id)
    return session


async def list_sessions(
    conn: Connection,
    *,
    project_id: ProjectId | None = None,
    state: SessionState | None = None,
    limit: int = 100,
    before: SessionId | None = None,
    activity: SessionActivity | None = None,
    words: Sequence[str] = (),
    by_change: bool = False,
    pinned: bool | None = None,
    only: ListFilter = EVERYTHING,
) -> list[Session]:
    """A page of sessions, newest first.

    Args:
        project_id, state, activity: only these.
        limit: rows at most.
        before: id of the last session of the page before.
        words: all of them are in the title, in any case.
        by_change: sort by last change instead of creation.
        pinned: only pinned ones, or only others.
        only: those with a chat of an agent, and by the time by which they are sorted.
    """
    order = (list(words), by_change, pinned)
    return await _LIST.all(conn, project_id, state, limit, before, activity, *order, *only.values)


async def count_sessions(conn: Connection, project_id: ProjectId | None = None) -> SessionCounts:
    """Count the sessions of a project, or all, by what happens in them."""
    return await _COUNT.one(conn, project_id)


async def mark_seen(conn: Connection, session_id: SessionId) -> None:
    """Record that a person looks at the session now.

    Raises:
        NotFound: session_not_found.
    """
    if not await _SEE.changed(conn, session_id):
        raise session_not_found(session_id)


async def lock_session(conn: Connection, session_id: SessionId) -> LockedSession:
    """Hold the session's row until the transaction ends, and mark it as touched now.

    Raises:
        NotFound: session_not_found.
    """
    session = await _LOCK.first(conn, session_id)
    if session is None:
        raise session_not_found(session_id)
    return session


async def update_session(
    conn: Connection, session_id: SessionId, *, title: str | None = None, state: SessionState | None = None
) -> Session:
    """Give it another title or state; None leaves a value as it is.

    Raises:
        NotFound: session_not_found.
        Conflict: session_busy, it is to be archived and has pending or running tasks; project_archived, it is to be
            opened and its project was removed.
    """
    if state is SessionState.OPEN:
        await hold_project(conn, (await get_session(conn, session_id)).project_id)
    changed = await _UPDATE.changed(conn, session_id, title, state)
    session = await get_session(conn, session_id)
    if not changed:
        text = f"Session {session_id} has tasks that wait or run."
        raise Conflict("session_busy", text, "Cancel them or let them end, then archive it.")
    return session


def session_not_found(session_id: SessionId) -> NotFound:
    """The error for an unknown session."""
    return NotFound("session_not_found", f"There is no session {session_id}.", "List the sessions to see their ids.")
