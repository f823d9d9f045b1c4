"""Sessions: workspaces of a project, each with the stream of its events. Queueing work is queue's business."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.db.pool import Connection
from boocoder.db.projects import hold_project, project_not_found
from boocoder.db.sql import Done, statement
from boocoder.errors import Conflict, NotFound
from boocoder.model.ids import ChangeId, HostId, ProjectId, SessionId, SnapshotId, TaskId
from boocoder.model.task import TaskState


class SessionState(StrEnum):
    """An archived session takes no tasks."""

    OPEN = "open"
    ARCHIVED = "archived"


class Session(msgspec.Struct, frozen=True):
    """One session and what waits in it.

    Args:
        host_id: the host of its worktree; None until its first task was claimed.
        start_from: the branch, tag or commit that its worktree starts from; None for what is checked out then.
        start_dirty: whether it starts from the checkout as it is.
        pending_tasks: how many tasks wait.
        running_task_id: the task that runs now, if any.
        heard_at: when that task began, or last said something.
        last_task_state, last_task_id: of its newest task, None if it never had one.
        pending_change_id: the change that waits for a decision, if any.
        additions, deletions: its lines.
        open_requests: how many permissions and questions wait for a person.
        pinned: whether its worktree is kept however long it is unused.
    """

    id: SessionId
    project_id: ProjectId
    host_id: HostId | None
    title: str
    state: SessionState
    created_at: datetime
    updated_at: datetime
    start_from: str | None
    start_dirty: bool
    pending_tasks: int
    running_task_id: TaskId | None
    heard_at: datetime | None
    last_task_state: TaskState | None
    last_task_id: TaskId | None
    pending_change_id: ChangeId | None
    additions: int | None
    deletions: int | None
    open_requests: int
    pinned: bool


class LockedSession(msgspec.Struct, frozen=True):
    """A session whose row this transaction holds."""

    id: SessionId
    project_id: ProjectId
    state: SessionState


_INSERT = statement("sessions", "insert_session", row=Done, params=(UUID, UUID, str))
_GET = statement("sessions", "get_session", row=Session, params=(UUID,))
_LIST = statement("sessions", "list_sessions", row=Session, params=(UUID | None, SessionState | None, int, UUID | None))
_LOCK = statement("sessions", "lock_session", row=LockedSession, params=(UUID,))
_FORK = statement("sessions", "fork_session", row=Done, params=(UUID, UUID, str, UUID, str))
_UPDATE = statement("sessions", "update_session", row=Done, params=(UUID, str | None, SessionState | None))


async def insert_session(conn: Connection, session_id: SessionId, project_id: ProjectId, title: str) -> None:
    """Add a session with an empty event stream.

    Raises:
        NotFound: project_not_found.
    """
    if not await _INSERT.changed(conn, session_id, project_id, title):
        raise project_not_found(project_id)


async def fork_session(
    conn: Connection, session_id: SessionId, parent: SessionId, *, title: str, snapshot_id: SnapshotId, path: Path
) -> None:
    """Add a session that begins with a snapshot of another one, on the same host; its files are yet to be made.

    Args:
        snapshot_id: of the parent.
        path: where its worktree will be.

    Raises:
        NotFound: session_not_found, the parent is none or never had a worktree.
    """
    if not await _FORK.changed(conn, session_id, parent, title, snapshot_id, str(path)):
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
) -> list[Session]:
    """A page of sessions, newest first.

    Args:
        project_id, state: only these.
        limit: rows at most.
        before: id of the last session of the page before.
    """
    return await _LIST.all(conn, project_id, state, limit, before)


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
