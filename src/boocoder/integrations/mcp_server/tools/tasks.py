"""Tools that start, steer and cancel tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID, uuid4

import msgspec
from msgspec import Meta

from boocoder.client.http_client import Json
from boocoder.errors import InvalidInput
from boocoder.integrations.mcp_server.tool import ServedTool, ToolArguments, ToolContext
from boocoder.integrations.mcp_server.tools.arguments import PromptText, SessionArgument, ShortText, TaskArgument
from boocoder.integrations.mcp_server.tools.directory import find_project
from boocoder.model.ids import ChatId, SessionId, TaskId
from boocoder.model.task import TaskState
from boocoder.wire.steers import SteerInfo
from boocoder.wire.tasks import EnqueuedTask, TaskInfo


class TaskOrder(ToolArguments, frozen=True):
    """What an agent is asked to do, and where."""

    prompt: Annotated[PromptText, Meta(description="What the agent is asked to do, with all that it has to know.")]
    project: Annotated[
        ShortText | None, Meta(description="A new session in this project: its id or its name. Not with session_id.")
    ] = None
    session_id: Annotated[UUID | None, Meta(description="Go on in this session. Not with project.")] = None
    agent: Annotated[
        ShortText | None, Meta(description="Name of the agent; left out: the session's last one, else the default.")
    ] = None
    model: Annotated[ShortText | None, Meta(description="One of the agent's models; left out: its default.")] = None
    mode: Annotated[ShortText | None, Meta(description="One of the agent's modes; left out: its default.")] = None
    title: Annotated[ShortText | None, Meta(description="Title of a new session.")] = None
    start_from: Annotated[
        ShortText | None, Meta(description="Branch, tag or commit of a new session; left out: what is checked out.")
    ] = None
    idempotency_key: Annotated[
        ShortText | None, Meta(description="The same key with the same order gives the same task, not a second one.")
    ] = None


class StartedTask(msgspec.Struct, frozen=True):
    """Where a task went; `created` is false where its idempotency key named an existing one."""

    task_id: TaskId
    session_id: SessionId
    chat_id: ChatId
    created: bool
    next: str


class SteerOrder(ToolArguments, frozen=True):
    """A message for a session."""

    session_id: SessionArgument
    message: Annotated[PromptText, Meta(description="What the agent is told.")]


class TaskReference(ToolArguments, frozen=True):
    """A task."""

    task_id: TaskArgument


class TaskCancellation(msgspec.Struct, frozen=True):
    """A task that was asked to end; `state` is final once it has ended."""

    task_id: TaskId
    session_id: SessionId
    state: TaskState
    next: str


async def _start(call: ToolContext, order: TaskOrder) -> StartedTask:
    if (order.project is None) == (order.session_id is None):
        text = "start_task needs one of project and session_id."
        raise InvalidInput("place_unclear", text, "Name a project for a new session, or a session to go on in.")
    body: dict[str, Json] = {
        "prompt": order.prompt,
        "session_id": None if order.session_id is None else str(order.session_id),
        "agent": order.agent,
        "model": order.model,
        "mode": order.mode,
        "title": order.title,
    }
    if order.project is not None:
        body["project_id"] = str((await find_project(call.client, order.project)).id)
    if order.start_from is not None:
        body["start"] = {"from": order.start_from}
    key = order.idempotency_key or str(uuid4())
    done = await call.client.post("/api/tasks", EnqueuedTask, body, key=key)
    cure = "Call wait_for_task until it has ended, then get_change for what it changed."
    return StartedTask(done.task_id, done.session_id, done.chat_id, done.created, cure)


async def _steer(call: ToolContext, order: SteerOrder) -> SteerInfo:
    path = f"/api/sessions/{order.session_id}/steers"
    return await call.client.post(path, SteerInfo, {"prompt": order.message}, key=str(uuid4()))


async def _cancel(call: ToolContext, named: TaskReference) -> TaskCancellation:
    task = await call.client.post(f"/api/tasks/{named.task_id}/cancel", TaskInfo)
    cure = "" if task.state.final else "It ends within seconds; wait_for_task says when."
    return TaskCancellation(task.id, task.session_id, task.state, cure)


TOOLS: Sequence[ServedTool[Any]] = (
    ServedTool(
        name="start_task",
        title="Start a task",
        description="Give a coding agent a task, in a new session of a project or in an existing session. It is queued "
        "and runs in the session's own worktree; nothing in the user's checkout changes. Returns at once.",
        access="delegate",
        arguments=TaskOrder,
        answer=StartedTask,
        run=_start,
        changes=True,
    ),
    ServedTool(
        name="steer_session",
        title="Send a message to the running turn",
        description="Give a message to the turn that runs in a session. State `reserved`: the turn will get it; "
        "`returned`: the agent takes none while it works, and the message is queued as task queued_task_id.",
        access="start",
        arguments=SteerOrder,
        answer=SteerInfo,
        run=_steer,
        changes=True,
    ),
    ServedTool(
        name="cancel_task",
        title="Cancel a task",
        description="End a waiting or running task. Its session, its files and what it said are kept.",
        access="delegate",
        arguments=TaskReference,
        answer=TaskCancellation,
        run=_cancel,
        changes=True,
        destructive=True,
        repeatable=True,
    ),
)
