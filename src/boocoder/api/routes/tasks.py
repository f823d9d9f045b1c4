"""Tasks: queueing, looking, cancelling. Running them is dispatch's business, which hears of them by rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.routes.starts import require_start
from boocoder.api.services import ApiServices, Services
from boocoder.api.shapes.inputs import (
    PAGE_DEFAULT,
    IdempotencyKey,
    Limit,
    MoveInput,
    NewTaskInput,
    Nothing,
    TaskPatch,
    TaskPath,
)
from boocoder.api.shapes.outputs import EnqueuedOut, TaskOut
from boocoder.broker.broker import Broker
from boocoder.catalog.choices import check_choice
from boocoder.db import chats, events, sessions, tasks
from boocoder.db.pool import Connection
from boocoder.db.tasks import Task
from boocoder.events import frames
from boocoder.model.ids import AttachmentId, ChatId, ProjectId, SessionId, TaskId
from boocoder.model.task import TaskState
from boocoder.queue.enqueue import NewTask, enqueue
from boocoder.queue.waiting import edit_waiting, move_waiting

router = APIRouter(prefix="/api/tasks", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.WRITE)
async def add_task(
    body: NewTaskInput, services: Services, response: Response, idempotency_key: IdempotencyKey = None
) -> EnqueuedOut:
    """Queue a task. The same `Idempotency-Key` with the same body gives the same task again, with 200."""
    new_task = await _with_agent(services, _new_task(body, idempotency_key))
    _check_choice(services, new_task)
    done = await enqueue(services.database, new_task, before=lambda: _check_start(services, new_task))
    _publish(services.broker, done.session_id, done.events)
    if not done.created:
        response.status_code = 200
    return EnqueuedOut.model_validate(done)


@router.get("")
@access(Access.READ)
async def list_tasks(
    services: Services,
    state: Annotated[TaskState | None, Query()] = None,
    session_id: Annotated[UUID | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[TaskOut]:
    """A page of tasks, newest first; `before` is the last id of the page before."""
    async with services.database.connection() as conn:
        rows = await tasks.list_tasks(
            conn,
            state=state,
            session_id=None if session_id is None else SessionId(session_id),
            limit=limit,
            before=None if before is None else TaskId(before),
        )
    return [TaskOut.model_validate(row) for row in rows]


@router.get("/{task_id}")
@access(Access.READ)
async def get_task(task_id: TaskPath, services: Services) -> TaskOut:
    """One task with its whole prompt."""
    async with services.database.connection() as conn:
        return TaskOut.model_validate(await tasks.get_task(conn, task_id))


@router.patch("/{task_id}")
@access(Access.WRITE)
async def edit_task(task_id: TaskPath, body: TaskPatch, services: Services) -> TaskOut:
    """Give a task that no agent has seen another prompt."""
    task, stored = await edit_waiting(services.database, task_id, body.prompt)
    _publish(services.broker, task.session_id, stored)
    return TaskOut.model_validate(task)


@router.post("/{task_id}/move")
@access(Access.WRITE)
async def move_task(task_id: TaskPath, body: MoveInput, services: Services) -> TaskOut:
    """Put a task that no agent has seen at another place of its session's queue."""
    before = None if body.before is None else TaskId(body.before)
    task, stored = await move_waiting(services.database, task_id, before)
    _publish(services.broker, task.session_id, stored)
    return TaskOut.model_validate(task)


@router.post("/{task_id}/cancel")
@access(Access.WRITE)
async def cancel_task(task_id: TaskPath, services: Services, body: Nothing | None = None) -> TaskOut:
    """Cancel a waiting task at once, ask a running one to end; one that has ended stays as it is."""
    async with services.database.transaction() as conn:
        session_id = (await tasks.get_task(conn, task_id)).session_id
        # Holding the session makes two cancels of one task come one after the other.
        await sessions.lock_session(conn, session_id)
        before = (await tasks.get_task(conn, task_id)).state
        after = await tasks.request_cancel(conn, task_id)
        left_queue = before is TaskState.PENDING and after is TaskState.CANCELLED
        stored = await _left_queue(conn, session_id, task_id) if left_queue else ()
        task: Task = await tasks.get_task(conn, task_id)
    _publish(services.broker, session_id, stored)
    return TaskOut.model_validate(task)


def _new_task(body: NewTaskInput, idempotency_key: str | None) -> NewTask:
    return NewTask(
        prompt=body.prompt,
        project_id=None if body.project_id is None else ProjectId(body.project_id),
        session_id=None if body.session_id is None else SessionId(body.session_id),
        chat_id=None if body.chat_id is None else ChatId(body.chat_id),
        agent=body.agent,
        model=body.model,
        mode=body.mode,
        thinking=body.thinking,
        priority=body.priority,
        title=body.title,
        idempotency_key=idempotency_key,
        start_from=body.start.from_,
        start_dirty=body.start.dirty,
        attachments=tuple(AttachmentId(one) for one in body.attachments),
    )


async def _check_start(services: ApiServices, new_task: NewTask) -> None:
    if new_task.project_id is not None and new_task.start_from is not None:
        await require_start(services, new_task.project_id, new_task.start_from)


async def _with_agent(services: ApiServices, new_task: NewTask) -> NewTask:
    """The task with an agent: the one named, or the chat's with its model, or the first that is ready.

    It is resolved before the key's hash is taken, so that a request sent twice is the same request.
    """
    if new_task.agent is not None:
        return new_task
    chat = await _chat_of(services, new_task)
    if chat is not None and chat.agent is not None:
        return replace(
            new_task,
            agent=chat.agent,
            model=new_task.model or chat.model,
            mode=new_task.mode or chat.mode,
            thinking=new_task.thinking or chat.thinking,
        )
    return replace(new_task, agent=await services.agents.choose())


async def _chat_of(services: ApiServices, new_task: NewTask) -> chats.Chat | None:
    """The chat that the task goes on with: the one named, or the session's newest."""
    if new_task.chat_id is None and new_task.session_id is None:
        return None
    async with services.database.connection() as conn:
        if new_task.chat_id is not None:
            return await chats.get_chat(conn, new_task.chat_id)
        made = await chats.list_chats(conn, new_task.session_id) if new_task.session_id is not None else []
    return made[-1] if made else None


def _check_choice(services: ApiServices, new_task: NewTask) -> None:
    info = next((known for known in services.agents.known() if known.name == new_task.agent), None)
    check_choice(info, model=new_task.model, mode=new_task.mode, thinking=new_task.thinking)


async def _left_queue(conn: Connection, session_id: SessionId, task_id: TaskId) -> tuple[frames.Frame, ...]:
    """Store that a task was cancelled before it ran."""
    pending = (await tasks.count_tasks(conn, session_id)).pending
    frame = frames.QueueChanged(session_id=session_id, task_id=task_id, state="cancelled", pending=pending)
    await events.append_frames(conn, session_id, [frame])
    return (frame,)


def _publish(broker: Broker, session_id: SessionId, stored: tuple[frames.Frame, ...]) -> None:
    """Hand frames that are stored now to whoever watches."""
    numbers = [frame.seq for frame in stored if frame.seq is not None]
    if numbers:
        broker.commit(session_id, min(numbers), max(numbers), stored)
