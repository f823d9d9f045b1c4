"""Runs a task through the service and shows it with its change, for `boocoder run` and the demo."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from boocoder.cli.flows.approvals import ApprovalPrompter
from boocoder.cli.flows.decide_change import decide
from boocoder.cli.flows.follow_task import cancel_on_interrupt, ended_state, exit_code, follow_task
from boocoder.cli.views.live_turn import LiveView
from boocoder.cli.views.style import absent_host_text, duration, marked, style_of
from boocoder.cli.views.terminal_text import plain
from boocoder.client.attachments import send_files
from boocoder.client.http_client import Client, Json
from boocoder.errors import NotFound
from boocoder.events import frames
from boocoder.service import TaskSupervisor
from boocoder.wire.changes import ChangeInfo, ChangeSummary
from boocoder.wire.projects import Project
from boocoder.wire.sessions import Chat, Session
from boocoder.wire.tasks import EnqueuedTask

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task as typed.

    Args:
        prompt: the task's words.
        project: a folder in the repository; not used with a session.
        session_id: continue this session, in its newest chat.
        new_chat: a fresh context over the session's files.
        agent, model, mode, thinking: None leaves the choice to the service.
        start_from: of a new session: the branch, tag or commit that it starts from.
        start_dirty: of a new session: start from the checkout as it is.
        attach: files that go with it.
    """

    prompt: str
    project: Path
    session_id: UUID | None = None
    new_chat: bool = False
    agent: str | None = None
    model: str | None = None
    mode: str | None = None
    thinking: str | None = None
    start_from: str | None = None
    start_dirty: bool = False
    attach: tuple[Path, ...] = ()


async def enqueue_task(client: Client, ask: TaskRequest) -> EnqueuedTask:
    """Put the task into the queue.

    Raises:
        BoocoderError: the service refuses it, or is not there.
    """
    where = await _destination(client, ask)
    body: dict[str, Json] = {
        **where,
        "prompt": ask.prompt,
        "agent": ask.agent,
        "model": ask.model,
        "mode": ask.mode,
        "thinking": ask.thinking,
        "start": {"from": ask.start_from, "dirty": ask.start_dirty},
        "attachments": [*await send_files(client, ask.attach)],
    }
    return await client.post("/api/tasks", EnqueuedTask, body, key=str(uuid4()))


async def _destination(client: Client, ask: TaskRequest) -> dict[str, str]:
    if ask.session_id is None:
        project = await client.post("/api/projects", Project, {"path": str(ask.project.absolute())})
        return {"project_id": str(project.id)}
    if ask.new_chat:
        return {"session_id": str(ask.session_id)}
    chats = await client.items(f"/api/sessions/{ask.session_id}/chats", Chat)
    return {"chat_id": str(chats[-1].id)} if chats else {"session_id": str(ask.session_id)}


async def warn_of_absent_host(client: Client, ask: TaskRequest, console: Console) -> None:
    """Say so if the task waits for a host that does not run."""
    if ask.session_id is None:
        return
    session = await client.get(f"/api/sessions/{ask.session_id}", Session)
    if session.absent_host:
        console.print(absent_host_text(session.absent_host), style="yellow")


@dataclass(frozen=True, slots=True)
class FinishedTask:
    """What came of a task: its final state, how long it took in seconds, and its change if there is one."""

    task: EnqueuedTask
    outcome: str
    took_s: float
    change: ChangeInfo | None


async def show_task(
    client: Client,
    task: EnqueuedTask,
    show: Callable[[frames.Frame], None],
    *,
    person: ApprovalPrompter | None = None,
    idle: Callable[[float], None] | None = None,
) -> FinishedTask:
    """Hand the task's frames to `show`, and what the agent asks to `person`, until it has ended; Ctrl-C cancels it.

    Args:
        idle: called every second with the seconds since the last frame, but not while a person is asked.
    """
    supervisor = TaskSupervisor("run")
    began, outcome = time.monotonic(), ""
    heard_at = began

    async def tick(report_silence: Callable[[float], None]) -> None:
        while True:
            await asyncio.sleep(1.0)
            if person is None or not person.is_asking:
                report_silence(time.monotonic() - heard_at)

    if idle is not None:
        supervisor.spawn(tick(idle), "idle")
    try:
        with cancel_on_interrupt(client, task.task_id, supervisor, _say):
            async with aclosing(follow_task(client, task.session_id, task.task_id)) as received:
                async for frame in received:
                    heard_at = time.monotonic()
                    show(frame)
                    if person is not None:
                        person.take(frame, supervisor)
                    outcome = ended_state(frame) or outcome
    finally:
        await supervisor.stop(grace_s=1.0)
    took_s = time.monotonic() - began
    return FinishedTask(task, outcome, took_s, await pending_change(client, task.session_id))


def _say(text: str) -> None:
    print(f"\n{text}", file=sys.stderr, flush=True)


async def pending_change(client: Client, session_id: UUID) -> ChangeInfo | None:
    """The session's change that waits for a decision, with its files."""
    waiting = await client.items("/api/changes", ChangeSummary, session_id=session_id, state="pending")
    if not waiting:
        return None
    try:
        return await client.get(f"/api/changes/{waiting[0].id}", ChangeInfo)
    except NotFound:
        return None


def show_end(console: Console, view: LiveView, seen: FinishedTask) -> None:
    """The closing lines of a turn: how it ended, how long it took, what it used."""
    view.end_line()
    console.print(f"{marked(seen.outcome)} in {duration(seen.took_s)}{_used(view.usage)}", style=style_of(seen.outcome))
    if view.ended is not None and view.ended.text:
        console.print(f"  {plain(view.ended.text)}")
        if view.ended.cure:
            console.print(f"  {plain(view.ended.cure)}", style="dim")


def _used(usage: frames.UsageFrame | None) -> str:
    if usage is None:
        return ""
    cost = f", ${usage.cost_usd:.4f}" if usage.cost_usd else ""
    return f", {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out{cost}"


async def run_shown(
    client: Client,
    ask: TaskRequest,
    console: Console,
    *,
    apply: bool | None,
    question: Callable[[str], Awaitable[str]] | None,
) -> int:
    """Run a task with everything shown to a person.

    Args:
        client: of the service.
        ask: the task.
        console: where to show it.
        apply: True applies the change, False leaves it, None asks (or leaves it without a terminal).
        question: asks the person for a line; None where there is no person.

    Returns:
        The exit code.
    """
    task = await enqueue_task(client, ask)
    console.print(f"task {task.task_id}  session {task.session_id}", style="dim")
    await warn_of_absent_host(client, ask, console)
    view = LiveView(console)
    person = ApprovalPrompter(client=client, console=console, question=question)
    seen = await show_task(client, task, view.show, person=person, idle=view.idle)
    show_end(console, view, seen)
    if seen.change is None:
        if seen.outcome == "completed":
            console.print("No file was changed.", style="dim")
        return exit_code(seen.outcome)
    if seen.outcome != "completed":
        apply = False  # a half-done change is never applied by a flag that was meant for a whole one
    await decide(client, seen.change, console, apply=apply, question=question)
    return exit_code(seen.outcome)
