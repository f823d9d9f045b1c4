"""Changes tasks that wait: their words and their order. Each is one guarded statement against the claim."""

from __future__ import annotations

from boocoder.db import events, tasks
from boocoder.db.pool import Connection, Database
from boocoder.db.tasks import Task
from boocoder.errors import Conflict, InvalidInput
from boocoder.events import frames
from boocoder.model.ids import SessionId, TaskId
from boocoder.model.task import TaskState
from boocoder.queue.enqueue import check_prompt

Changed = tuple[Task, tuple[frames.Frame, ...]]
"""The task as it is now, and the durable frames that were stored, with their seq, to be published."""


async def edit_waiting(database: Database, task_id: TaskId, prompt: str) -> Changed:
    """Give a task that waits another prompt.

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable.
        NotFound: task_not_found.
        Conflict: task_not_pending.
    """
    check_prompt(prompt)
    async with database.transaction() as conn:
        session_id = await tasks.edit_task(conn, task_id, prompt)
        if session_id is None:
            raise _too_late(await tasks.get_task(conn, task_id))
        return await _told(conn, session_id, task_id)


async def move_waiting(database: Database, task_id: TaskId, before: TaskId | None) -> Changed:
    """Put a task that waits before another one of its session, or last.

    Raises:
        InvalidInput: place_mismatch, the other one is of another session.
        NotFound: task_not_found.
        Conflict: task_not_pending, one of both.
    """
    async with database.transaction() as conn:
        session_id = await tasks.move_task(conn, task_id, before)
        if session_id is None:
            raise await _unmoved(conn, task_id, before)
        return await _told(conn, session_id, task_id)


async def _told(conn: Connection, session_id: SessionId, task_id: TaskId) -> Changed:
    pending = (await tasks.count_tasks(conn, session_id)).pending
    frame = frames.QueueChanged(session_id=session_id, task_id=task_id, state="pending", pending=pending)
    await events.append_frames(conn, session_id, [frame])
    return await tasks.get_task(conn, task_id), (frame,)


async def _unmoved(conn: Connection, task_id: TaskId, before: TaskId | None) -> Conflict | InvalidInput:
    """Why a task stayed where it was."""
    task = await tasks.get_task(conn, task_id)
    if not _waits(task) or before is None:
        return _too_late(task)
    other = await tasks.get_task(conn, before)
    if other.session_id != task.session_id:
        text = f"Task {other.id} is of session {other.session_id}, not {task.session_id}."
        return InvalidInput("place_mismatch", text, "Name a task of the same session.")
    return _too_late(other)


def _waits(task: Task) -> bool:
    return task.state is TaskState.PENDING and task.epoch == 0


def _too_late(task: Task) -> Conflict:
    state = task.state if task.epoch == 0 or task.state is not TaskState.PENDING else "waiting to be tried again"
    text = f"Task {task.id} is {state}; only one that waits and never began can be changed."
    return Conflict("task_not_pending", text, "Send another message, or stop the task.")
