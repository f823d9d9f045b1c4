"""Changes tasks that wait in the queue: edit, move, cancel. Each is one guarded statement against the claim."""

from __future__ import annotations

from boocoder.broker.outbox import Outbox, OutboxTransaction
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Connection
from boocoder.db.tasks import tasks
from boocoder.db.tasks.tasks import Task, queue_changed
from boocoder.errors import Conflict, InvalidInput
from boocoder.intake.delegation import open_below
from boocoder.intake.new_task import check_prompt
from boocoder.model.ids import SessionId, TaskId
from boocoder.model.task import TaskState


async def edit_task(outbox: Outbox, task_id: TaskId, prompt: str) -> Task:
    """Replace the prompt of a pending task.

    Raises:
        InvalidInput: prompt_blank, prompt_too_long, text_not_storable.
        NotFound: task_not_found.
        Conflict: task_not_pending.
    """
    check_prompt(prompt)
    async with outbox.transaction() as transaction:
        session_id = await tasks.edit_task(transaction.conn, task_id, prompt)
        if session_id is None:
            raise _too_late(await tasks.get_task(transaction.conn, task_id))
        return await _append_changed(transaction, session_id, task_id, TaskState.PENDING)


async def move_task(outbox: Outbox, task_id: TaskId, before: TaskId | None) -> Task:
    """Put a pending task before another one of its session, or last.

    Raises:
        InvalidInput: place_mismatch, the other task belongs to another session.
        NotFound: task_not_found.
        Conflict: task_not_pending, for either task.
    """
    async with outbox.transaction() as transaction:
        session_id = await tasks.move_task(transaction.conn, task_id, before)
        if session_id is None:
            raise await _unmoved(transaction.conn, task_id, before)
        return await _append_changed(transaction, session_id, task_id, TaskState.PENDING)


async def cancel_task(outbox: Outbox, task_id: TaskId) -> Task:
    """Cancel a pending task at once, ask a running one to end; one that has ended stays as it is.

    What agents have started for it is cancelled with it.

    Raises:
        NotFound: task_not_found.
    """
    cancelled = await _cancel(outbox, task_id)
    while below := await open_below(outbox.database, task_id):  # one of them may just have started another
        for one in below:
            await _cancel(outbox, one)
    return cancelled


async def _cancel(outbox: Outbox, task_id: TaskId) -> Task:
    async with outbox.transaction() as transaction:
        conn = transaction.conn
        session_id = (await tasks.get_task(conn, task_id)).session_id
        await sessions.lock_session(conn, session_id)  # serializes two cancels of one task
        before = (await tasks.get_task(conn, task_id)).state
        after = await tasks.request_cancel(conn, task_id)
        if before is TaskState.PENDING and after is TaskState.CANCELLED:
            return await _append_changed(transaction, session_id, task_id, TaskState.CANCELLED)
        return await tasks.get_task(conn, task_id)


async def _append_changed(
    transaction: OutboxTransaction, session_id: SessionId, task_id: TaskId, state: TaskState
) -> Task:
    await transaction.append(session_id, [await queue_changed(transaction.conn, session_id, task_id, state)])
    return await tasks.get_task(transaction.conn, task_id)


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
    text = f"Task {task.id} is {state}; only a pending task that was never started can be changed."
    return Conflict("task_not_pending", text, "Send another message, or stop the task.")
