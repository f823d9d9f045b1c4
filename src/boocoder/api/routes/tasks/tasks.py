"""Tasks: queue, list, edit, move, cancel. Dispatch runs them and reads them from their rows."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request, Response

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.answers.tasks import task_info
from boocoder.api.requests.fields import PAGE_DEFAULT, EmptyBody, Filter, IdempotencyKey, Limit, TaskPath
from boocoder.api.requests.tasks import MoveInput, NewTaskInput, TaskPatch
from boocoder.api.services import Services
from boocoder.api.tokens.grant import starter_of
from boocoder.db.tasks import tasks
from boocoder.intake import pending
from boocoder.intake.delegation import check_may_cancel
from boocoder.intake.enqueue import enqueue
from boocoder.intake.new_task import NewTask
from boocoder.model.ids import AttachmentId, ChatId, ProjectId, SessionId, TaskId
from boocoder.model.task import TaskState
from boocoder.placement.waiting import explain_queued, explain_waiting
from boocoder.wire.tasks import BoardCounts, EnqueuedTask, TaskInfo

router = APIRouter(prefix="/api/tasks", route_class=StrictRoute)


@router.post("", status_code=201)
@access(Access.DELEGATE)
async def add_task(
    request: Request,
    body: NewTaskInput,
    services: Services,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> EnqueuedTask:
    """Queue a task. The same `Idempotency-Key` with the same body gives the same task again, with 200."""
    new_task = _new_task(body, idempotency_key)
    done = await enqueue(services.outbox, new_task, resolver=services.resolver, starter=starter_of(request))
    if not done.created:
        response.status_code = 200
    async with services.database.connection() as conn:
        why = await explain_queued(conn, done.task_id, done.session_id)
    return msgspec.structs.replace(done, waiting_for=why)


@router.get("")
@access(Access.READ)
async def list_tasks(
    services: Services,
    only: Filter,
    state: Annotated[list[TaskState] | None, Query()] = None,
    session_id: Annotated[UUID | None, Query()] = None,
    project_id: Annotated[UUID | None, Query()] = None,
    waiting: Annotated[bool | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    before: Annotated[UUID | None, Query()] = None,
) -> list[TaskInfo]:
    """A page of tasks, newest first, in any of the states given; `before` is the last id of the page before.

    `waiting` takes only those that wait for a person's answer, or only the others.
    """
    async with services.database.connection() as conn:
        rows = await tasks.list_tasks(
            conn,
            states=state or (),
            project_id=None if project_id is None else ProjectId(project_id),
            session_id=None if session_id is None else SessionId(session_id),
            waiting=waiting,
            only=only,
            limit=limit,
            before=None if before is None else TaskId(before),
        )
        why = await explain_waiting(conn, rows)
    return [task_info(row, why.get(row.id)) for row in rows]


@router.get("/counts")
@access(Access.READ)
async def count_tasks(services: Services, project_id: Annotated[UUID | None, Query()] = None) -> BoardCounts:
    """Count the tasks of a project, or of all, by what happens to them."""
    async with services.database.connection() as conn:
        return await tasks.count_columns(conn, None if project_id is None else ProjectId(project_id))


@router.get("/{task_id}")
@access(Access.READ)
async def get_task(task_id: TaskPath, services: Services) -> TaskInfo:
    """One task with its whole prompt."""
    async with services.database.connection() as conn:
        task = await tasks.get_task(conn, task_id)
        why = await explain_waiting(conn, [task])
    return task_info(task, why.get(task_id))


@router.patch("/{task_id}")
@access(Access.START)
async def edit_task(task_id: TaskPath, body: TaskPatch, services: Services) -> TaskInfo:
    """Give a task that no agent has seen another prompt."""
    return task_info(await pending.edit_task(services.outbox, task_id, body.prompt))


@router.post("/{task_id}/move")
@access(Access.START)
async def move_task(task_id: TaskPath, body: MoveInput, services: Services) -> TaskInfo:
    """Put a task that no agent has seen at another place of its session's queue."""
    before = None if body.before is None else TaskId(body.before)
    return task_info(await pending.move_task(services.outbox, task_id, before))


@router.post("/{task_id}/cancel")
@access(Access.DELEGATE)
async def cancel_task(
    request: Request, task_id: TaskPath, services: Services, body: EmptyBody | None = None
) -> TaskInfo:
    """Cancel a waiting task at once, ask a running one to end; one that has ended stays as it is.

    What agents have started for it is cancelled with it.
    """
    await check_may_cancel(services.database, task_id, starter_of(request))
    return task_info(await pending.cancel_task(services.outbox, task_id))


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
