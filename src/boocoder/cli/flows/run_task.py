"""Runs a task through the service and shows it with its change, for `boocoder run` and the demo."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boocoder.cli.flows.approvals import ApprovalPrompter
from boocoder.cli.flows.decide_change import decide
from boocoder.cli.flows.follow_task import cancel_on_interrupt, exit_code
from boocoder.cli.views.live_turn import LiveView
from boocoder.cli.views.style import duration, marked, style_of, waiting_text
from boocoder.cli.views.terminal_text import plain
from boocoder.client.decisions import pending_change
from boocoder.client.http_client import Client
from boocoder.client.task_frames import ended_state, follow_task
from boocoder.client.task_requests import TaskRequest, enqueue_task
from boocoder.events import frames
from boocoder.service import TaskSupervisor
from boocoder.wire.changes import ChangeInfo
from boocoder.wire.tasks import EnqueuedTask

if TYPE_CHECKING:
    from rich.console import Console


def warn_of_waiting(task: EnqueuedTask, console: Console) -> None:
    """Say so if the task waits for a host."""
    if task.waiting_for is not None:
        console.print(f"The task waits for a host. {waiting_text(task.waiting_for)}", style="yellow")


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
    warn_of_waiting(task, console)
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
