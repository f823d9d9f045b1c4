"""Sessions and their chats."""

from __future__ import annotations

from datetime import datetime

import msgspec

from boocoder.model.ids import ChangeId, ChatId, HostId, ProjectId, SessionId, TaskId
from boocoder.model.session import SessionState
from boocoder.model.task import TaskState


class Session(msgspec.Struct, frozen=True):
    """A workspace of a project: one worktree, one change, one turn at a time.

    Args:
        host_id: the host of its worktree; None until its first task was claimed.
        start_from: the branch, tag or commit that its worktree starts from; None for what is checked out then.
        start_dirty: whether it starts from the checkout as it is.
        pending_tasks: how many tasks wait.
        running_task_id: the task that runs now, if any.
        heard_at: when that task began or last produced output.
        last_task_state, last_task_id: of its newest task, None if it never had one.
        pending_change_id: the change that awaits a decision, if any.
        additions, deletions: its lines.
        open_requests: how many permissions and questions await an answer.
        absent_host: name of the host that has its files, while that host does not run: its tasks wait for it.
        pinned: whether its worktree is kept however long it is unused.
        unread: whether a turn ended or a request opened since a person last looked at it.
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
    absent_host: str | None
    unread: bool


class SessionCounts(msgspec.Struct, frozen=True):
    """How many sessions are open, archived, wait for a person, run, have queued tasks, and are unread."""

    open: int
    archived: int
    waiting: int
    running: int
    queued: int
    unread: int


class Chat(msgspec.Struct, frozen=True):
    """A thread of conversation in a session, with the agent and options of its newest task (None before the first)."""

    id: ChatId
    session_id: SessionId
    title: str
    agent: str | None
    model: str | None
    mode: str | None
    thinking: str | None
    created_at: datetime


class SessionBegun(msgspec.Struct, frozen=True):
    """A session that was forked from another one, or started by its agents."""

    id: SessionId
    title: str


class SessionContents(msgspec.Struct, frozen=True):
    """What a session has.

    Args:
        open_tasks: tasks that wait or run; it is not deleted before they are cancelled.
        messages, snapshots: how many it has.
        pending_change: whether a change awaits a decision.
        worktree: whether its files are on the disk.
    """

    session_id: SessionId
    title: str
    pinned: bool
    open_tasks: int
    messages: int
    snapshots: int
    pending_change: bool
    worktree: bool


class SessionDeletion(msgspec.Struct, frozen=True):
    """What goes when a session is deleted.

    Args:
        begun_from: sessions forked from it or started by its agents, the deepest first; they have to go before it.
    """

    contents: SessionContents
    begun_from: tuple[SessionBegun, ...]


class DeletedSessions(msgspec.Struct, frozen=True):
    """The sessions that were deleted, in this order."""

    session_ids: tuple[SessionId, ...]
