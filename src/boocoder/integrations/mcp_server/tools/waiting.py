"""The tool that waits for the end of a task: bounded, with progress, and back at once when somebody has to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from boocoder.client.http_client import Client
from boocoder.integrations.mcp_server.tool import ServedTool, ToolArguments, ToolContext
from boocoder.integrations.mcp_server.tools.arguments import TaskArgument
from boocoder.integrations.mcp_server.tools.conversation import shown_part
from boocoder.model.ids import ChangeId, SessionId, TaskId
from boocoder.model.limits import SEQ_MAX
from boocoder.model.task import PartKind, TaskState
from boocoder.wire.messages import MessageWithParts
from boocoder.wire.permissions import PermissionInfo
from boocoder.wire.sessions import Session
from boocoder.wire.tasks import TaskInfo, TurnUsage

WAIT_DEFAULT_S = 45.0  # many clients give up on a call after 60 s
WAIT_MAX_S = 600.0
LOOK_FIRST_S = 0.2  # between two looks at the task at first; each pause is half as long again
LOOK_MAX_S = 1.0
NEWS_S = 2.0  # between two reports, at least
REPORT_S = 5.0  # between two reports while nothing new happens
ACTIVITY_CHARS = 200
REQUESTS_SHOWN = 20


class WaitOrder(ToolArguments, frozen=True):
    """What to wait for, and how long."""

    task_id: TaskArgument
    timeout_s: Annotated[float, Meta(ge=0, le=WAIT_MAX_S, description="Seconds to wait at most; 0 looks once.")] = (
        WAIT_DEFAULT_S
    )
    through_requests: Annotated[
        bool,
        Meta(description="Wait on while a permission or question of the agent is open, as somebody else answers it."),
    ] = False


class TaskReport(msgspec.Struct, frozen=True):
    """How a task stands.

    Args:
        ended: whether `state` is final.
        summary: how the agent's answer begins.
        error: why it failed, and what to do; null where it did not.
        requests: permissions and questions that wait for an answer.
        change_id: the session's pending change.
        next: what to call now.
    """

    task_id: TaskId
    session_id: SessionId
    state: TaskState
    ended: bool
    agent: str
    summary: str | None
    error: str | None
    requests: tuple[PermissionInfo, ...]
    change_id: ChangeId | None
    usage: TurnUsage | None
    next: str


async def _wait(call: ToolContext, order: WaitOrder) -> TaskReport:
    loop = asyncio.get_running_loop()
    began, pause_s = loop.time(), LOOK_FIRST_S
    reporter = _Reporter(call)
    while True:
        task = await call.client.get(f"/api/tasks/{order.task_id}", TaskInfo)
        passed_s = loop.time() - began
        asked = task.open_requests > 0 and not order.through_requests
        if task.state.final or asked or passed_s >= order.timeout_s:
            return await _report(call.client, task)
        await reporter.tell(task, passed_s)
        await asyncio.sleep(min(pause_s, order.timeout_s - passed_s))
        pause_s = min(1.5 * pause_s, LOOK_MAX_S)


class _Reporter:
    """Tells the caller what an agent does, when that changes and now and then."""

    def __init__(self, call: ToolContext) -> None:
        self._call = call
        self._told = ""
        self._told_at = -REPORT_S

    async def tell(self, task: TaskInfo, passed_s: float) -> None:
        """Report what happens in a task now."""
        if passed_s - self._told_at < NEWS_S:
            return
        activity = await _activity(self._call.client, task)
        if activity == self._told and passed_s - self._told_at < REPORT_S:
            return
        self._told, self._told_at = activity, passed_s
        await self._call.report(passed_s, activity)


async def _activity(client: Client, task: TaskInfo) -> str:
    """What happens in a task, in one line."""
    if task.state is TaskState.PENDING:
        return "waiting in the queue"
    if task.open_requests:
        return f"{task.agent} waits for an answer"
    path = f"/api/chats/{task.chat_id}/messages"
    newest = await client.items(path, MessageWithParts, before=SEQ_MAX, limit=1, parts=1)
    parts = newest[-1].parts if newest and newest[-1].task_id == task.id else ()
    if not parts:
        return f"{task.agent} works"
    last = parts[-1]
    if last.text_chars > len(last.text):
        return f"{task.agent} has written {last.text_chars:,} characters"
    if last.kind in (PartKind.TEXT, PartKind.REASONING):
        return f"{task.agent} writes: {' '.join(last.text.split())[-ACTIVITY_CHARS:]}"
    return f"{task.agent}: {shown_part(last, ACTIVITY_CHARS).text or last.kind.value}"


async def _report(client: Client, task: TaskInfo) -> TaskReport:
    session = await client.get(f"/api/sessions/{task.session_id}", Session)
    requests: list[PermissionInfo] = []
    if task.open_requests:
        found = await client.items(
            "/api/permissions", PermissionInfo, session_id=task.session_id, state="asked", limit=REQUESTS_SHOWN
        )
        requests = [one for one in found if one.task_id == task.id]
    error = ": ".join(filter(None, (task.error_code, task.error_text, task.error_cure)))
    return TaskReport(
        task_id=task.id,
        session_id=task.session_id,
        state=task.state,
        ended=task.state.final,
        agent=task.agent,
        summary=task.summary,
        error=error or None,
        requests=tuple(requests),
        change_id=session.pending_change_id,
        usage=task.usage,
        next=_next(task, session, requests),
    )


def _next(task: TaskInfo, session: Session, requests: Sequence[PermissionInfo]) -> str:
    if requests:
        return (
            "The agent waits: answer with answer_request, or, if a person answers, call wait_for_task again with "
            "through_requests."
        )
    if not task.state.final:
        return "It is still running: call wait_for_task again, or read_messages for what it has said so far."
    if session.pending_change_id is not None:
        return "Call get_change and read_diff for what it changed, and read_messages for its whole answer."
    return "Call read_messages for its whole answer; no change of the session is pending."


TOOLS: Sequence[ServedTool[Any]] = (
    ServedTool(
        name="wait_for_task",
        title="Wait for a task",
        description="Wait until a task has ended, and say how; reports progress. Returns earlier when the agent asks "
        "for a permission or has a question, and after timeout_s with ended=false: then call it again. Cancelling the "
        "call does not cancel the task.",
        access="read",
        arguments=WaitOrder,
        answer=TaskReport,
        run=_wait,
    ),
)
