"""Tasks: the rows of the queue and the guarded moves of their states. When to claim is dispatch's decision."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from boocoder.db.core.list_filter import EVERYTHING, ListFilter
from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.errors import NotFound
from boocoder.events import frames
from boocoder.model.ids import ChatId, InstanceId, ProjectId, SessionId, TaskId
from boocoder.model.limits import SUMMARY_MAX_CHARS
from boocoder.model.task import TaskOrigin, TaskState
from boocoder.model.turn import TurnError
from boocoder.wire.tasks import BoardCounts, TaskFields


class Task(TaskFields, frozen=True):
    """One task. In a list `prompt` is cut to SUMMARY_MAX_CHARS; `prompt_chars` counts the whole.

    Args:
        usage: the last usage frame's fields as JSON, None if the agent gave none.
        open_requests: how many of its permissions and questions wait for a person.
        attachments: files that were sent with it, as a JSON list.
    """

    usage: msgspec.Raw | None
    open_requests: int
    attachments: msgspec.Raw


class KnownTask(msgspec.Struct, frozen=True):
    """A task found by its idempotency key, with the hash of the request that made it."""

    id: TaskId
    session_id: SessionId
    chat_id: ChatId
    request_hash: bytes | None


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """What a new task's row says of who started it.

    Args:
        origin, origin_name: who; the name of a token or agent.
        parent_task_id, root_task_id, depth: its place below a person's task, where an agent started it.
    """

    origin: TaskOrigin = TaskOrigin.PERSON
    origin_name: str = ""
    parent_task_id: TaskId | None = None
    root_task_id: TaskId | None = None
    depth: int = 0


class TaskCounts(msgspec.Struct, frozen=True):
    """How many tasks wait and how many run."""

    pending: int
    running: int


class _TaskOrd(msgspec.Struct, frozen=True):
    ord: int


class _TaskSession(msgspec.Struct, frozen=True):
    session_id: SessionId


class _CancelledTask(msgspec.Struct, frozen=True):
    id: TaskId


class _TaskStateRow(msgspec.Struct, frozen=True):
    state: TaskState


_INSERT = statement(
    "tasks",
    "insert_task",
    row=_TaskOrd,
    params=(
        UUID,
        UUID,
        UUID,
        UUID,
        str,
        str,
        str | None,
        str | None,
        str | None,
        int,
        str | None,
        bytes | None,
        TaskOrigin,
        str,
        UUID | None,
        UUID | None,
        int,
    ),
)
_FIND = statement("tasks", "find_by_idempotency_key", row=KnownTask, params=(str,))
_CANCEL = statement("tasks", "request_cancel", row=_TaskStateRow, params=(UUID,))
_EDIT = statement("tasks", "edit_task", row=_TaskSession, params=(UUID, str))
_MOVE = statement("tasks", "move_task", row=_TaskSession, params=(UUID, UUID | None))
_CANCELLED = statement("tasks", "list_cancelled", row=_CancelledTask, params=(UUID,))
_STATE = statement("tasks", "get_task_state", row=_TaskStateRow, params=(UUID,))
_FINISH = statement(
    "tasks",
    "finish_task",
    row=Done,
    params=(UUID, int, TaskState, str | None, str | None, str | None, str | None, msgspec.Raw | None),
)
_REQUEUE = statement("tasks", "requeue_task", row=Done, params=(UUID, int))
_GET = statement("tasks", "get_task", row=Task, params=(UUID,))
_LIST = statement(
    "tasks",
    "list_tasks",
    row=Task,
    params=(
        *(list[str] | None, UUID | None, int, UUID | None, int, UUID | None),
        *(str | None, datetime | None, datetime | None, bool | None),
    ),
)
_COLUMNS = statement("tasks", "count_tasks_by_column", row=BoardCounts, params=(UUID | None,))
_COUNT = statement("tasks", "count_tasks", row=TaskCounts)
_COUNT_OF_SESSION = statement("tasks", "count_session_tasks", row=TaskCounts, params=(UUID,))


async def insert_task(
    conn: Connection,
    task_id: TaskId,
    *,
    project_id: ProjectId,
    session_id: SessionId,
    chat_id: ChatId,
    prompt: str,
    agent: str,
    model: str | None = None,
    mode: str | None = None,
    thinking: str | None = None,
    priority: int = 0,
    idempotency_key: str | None = None,
    request_hash: bytes | None = None,
    chain: ChainPlace = ChainPlace(),
) -> int | None:
    """Add a pending task.

    Args:
        prompt: non-empty.
        idempotency_key, request_hash: both or neither.
        chain: who started it.

    Returns:
        Its number in the order of arrival, None if the idempotency key is taken.
    """
    row = await _INSERT.first(
        conn,
        task_id,
        project_id,
        session_id,
        chat_id,
        prompt,
        agent,
        model,
        mode,
        thinking,
        priority,
        idempotency_key,
        request_hash,
        chain.origin,
        chain.origin_name,
        chain.parent_task_id,
        chain.root_task_id,
        chain.depth,
    )
    return None if row is None else row.ord


async def find_by_idempotency_key(conn: Connection, key: str) -> KnownTask | None:
    """The task that was made with this key, None if there is none."""
    return await _FIND.first(conn, key)


async def request_cancel(conn: Connection, task_id: TaskId) -> TaskState:
    """Cancel a waiting task at once, ask a running one to end, leave a final one alone.

    Returns:
        The state after it: cancelled; running, with cancel_requested_at set; or the final state.

    Raises:
        NotFound: task_not_found.
    """
    row = await _CANCEL.first(conn, task_id) or await _STATE.first(conn, task_id)
    if row is None:
        raise _not_found(task_id)
    return row.state


async def edit_task(conn: Connection, task_id: TaskId, prompt: str) -> SessionId | None:
    """Give a task that waits and never began another prompt; its session, or None where it is too late or unknown.

    Args:
        prompt: non-empty.
    """
    row = await _EDIT.first(conn, task_id, prompt)
    return None if row is None else row.session_id


async def move_task(conn: Connection, task_id: TaskId, before: TaskId | None) -> SessionId | None:
    """Put a task that waits and never began before another such one of its session, or last.

    Returns:
        The session; None where one of both does not wait there any more, or never did.
    """
    row = await _MOVE.first(conn, task_id, before)
    return None if row is None else row.session_id


async def list_cancelled(conn: Connection, instance_id: InstanceId) -> list[TaskId]:
    """Running tasks of this instance that a person asked to cancel."""
    return [row.id for row in await _CANCELLED.all(conn, instance_id)]


async def finish_task(
    conn: Connection,
    task_id: TaskId,
    epoch: int,
    state: TaskState,
    *,
    error: TurnError | None = None,
    summary: str | None = None,
    usage: bytes | None = None,
) -> bool:
    """Give a running task its final state; False if it does not run or a newer attempt exists.

    Args:
        state: a final one.
        error: why it did not complete.
        summary: at most SUMMARY_MAX_CHARS, longer ones are cut.
        usage: JSON.
    """
    code, text, cure = (error.code, error.text, error.cure) if error else (None, None, None)
    short = None if summary is None else summary[:SUMMARY_MAX_CHARS]
    return await _FINISH.changed(conn, task_id, epoch, state, code, text, cure, short, usage)


async def requeue_task(conn: Connection, task_id: TaskId, epoch: int) -> bool:
    """Put a running task back into the queue; False if its prompt was sent, or it is not this attempt's.

    Call it in one transaction with `attempts.end_attempt(..., TaskState.PENDING)`.
    """
    return await _REQUEUE.changed(conn, task_id, epoch)


async def get_task(conn: Connection, task_id: TaskId) -> Task:
    """One task with its whole prompt.

    Raises:
        NotFound: task_not_found.
    """
    task = await _GET.first(conn, task_id)
    if task is None:
        raise _not_found(task_id)
    return task


async def list_tasks(
    conn: Connection,
    *,
    states: Collection[TaskState] = (),
    session_id: SessionId | None = None,
    project_id: ProjectId | None = None,
    waiting: bool | None = None,
    only: ListFilter = EVERYTHING,
    limit: int = 100,
    before: TaskId | None = None,
) -> list[Task]:
    """A page of tasks, newest first.

    Args:
        states, session_id, project_id: only these; no states are all of them.
        waiting: only those with an open request, or only those without.
        only: by agent and time of creation.
        limit: rows at most.
        before: id of the last task of the page before.
    """
    wanted = list(states) or None
    where = (session_id, limit, before, SUMMARY_MAX_CHARS, project_id, *only.values, waiting)
    return await _LIST.all(conn, wanted, *where)


async def count_columns(conn: Connection, project_id: ProjectId | None = None) -> BoardCounts:
    """Count the tasks of a project, or of all, by what a board shows."""
    return await _COLUMNS.one(conn, project_id)


async def count_tasks(conn: Connection, session_id: SessionId | None = None) -> TaskCounts:
    """How many tasks of a session, or of all, wait and run."""
    if session_id is None:
        return await _COUNT.one(conn)
    return await _COUNT_OF_SESSION.one(conn, session_id)


async def queue_changed(
    conn: Connection, session_id: SessionId, task_id: TaskId, state: TaskState
) -> frames.QueueChangedFrame:
    """The frame for a task that entered or left the queue, with how many tasks of its session are pending now."""
    pending = (await count_tasks(conn, session_id)).pending
    return frames.QueueChangedFrame(session_id=session_id, task_id=task_id, state=state.value, pending=pending)


def _not_found(task_id: TaskId) -> NotFound:
    return NotFound("task_not_found", f"There is no task {task_id}.", "List the tasks to see their ids.")
