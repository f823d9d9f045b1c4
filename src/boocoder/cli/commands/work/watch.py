"""`boocoder watch` and `boocoder wait`: follow a task, or wait for tasks to end."""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from uuid import UUID

import click

from boocoder import service
from boocoder.cli.client.connect import running_service
from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.flows.approvals import ApprovalPrompter
from boocoder.cli.flows.follow_task import EXIT_CANCELLED, EXIT_FAILED, exit_code
from boocoder.cli.flows.prompts import ask_line
from boocoder.cli.flows.run_task import FinishedTask, show_end
from boocoder.cli.invocation import settings_of
from boocoder.cli.views.live_turn import LiveView
from boocoder.cli.views.style import make_console, marked, print_json, style_of
from boocoder.cli.views.terminal_text import one_line
from boocoder.client.decisions import pending_change
from boocoder.client.http_client import Client
from boocoder.client.task_frames import ended_state, follow_task
from boocoder.config.settings import Settings
from boocoder.errors import NotFound
from boocoder.events import frames
from boocoder.service import TaskSupervisor
from boocoder.wire.search import IdKind
from boocoder.wire.sessions import Session
from boocoder.wire.tasks import EnqueuedTask, TaskInfo

POLL_S = 1.0  # between two looks at a task whose session says nothing


@click.command("watch")
@id_argument("task", IdKind.TASK, IdKind.SESSION)
@click.option("--json", "as_json", is_flag=True, help="Print the frames, one JSON object a line.")
@click.pass_context
def command(ctx: click.Context, task: str, as_json: bool) -> None:
    """Show TASK from its beginning to its end; for a session, its running or newest task.

    Ctrl-C leaves it running. Exit codes: as of `run`.
    """
    ctx.exit(service.run(_watch(settings_of(ctx), task, as_json)))


async def _watch(settings: Settings, named: str, as_json: bool) -> int:
    async with running_service(settings) as client:
        task = await task_of(client, named)
        place = EnqueuedTask(task.id, task.session_id, task.chat_id, created=False)
        console = make_console()
        view = LiveView(console)
        question = ask_line if sys.stdin.isatty() and sys.stdout.isatty() else None
        person = ApprovalPrompter(client=client, console=console, question=question)
        supervisor, outcome = TaskSupervisor("watch"), ""
        try:
            async with aclosing(follow_task(client, task.session_id, task.id)) as received:
                async for frame in received:
                    outcome = ended_state(frame) or outcome
                    if as_json:
                        print(frames.encode(frame).decode(), flush=True)
                        continue
                    view.show(frame)
                    person.take(frame, supervisor)
        finally:
            await supervisor.stop(grace_s=1.0)
        ended = await client.get(f"/api/tasks/{task.id}", TaskInfo)
        if not as_json:
            took_s = (ended.ended_at - ended.started_at).total_seconds() if ended.started_at and ended.ended_at else 0.0
            change = await pending_change(client, task.session_id)
            show_end(console, view, FinishedTask(place, outcome, took_s, change))
            if change is not None:
                console.print(f"A change awaits your decision: boocoder review {str(change.id)[:8]}", style="green")
        return exit_code(outcome)


async def task_of(client: Client, named: str) -> TaskInfo:
    """A task, or the running or newest task of a session.

    Raises:
        NotFound: there is neither, or the session never had a task.
    """
    try:
        return await client.get(f"/api/tasks/{await resolve_id(client, IdKind.TASK, named)}", TaskInfo)
    except NotFound as unknown:
        try:
            session_id = await resolve_id(client, IdKind.SESSION, named)
            session = await client.get(f"/api/sessions/{session_id}", Session)
        except NotFound:
            raise unknown from None
    task_id = session.running_task_id or session.last_task_id
    if task_id is None:
        raise NotFound("task_not_found", f"Session {session.id} has no task.", "Give it one: boocoder run -s ID ...")
    return await client.get(f"/api/tasks/{task_id}", TaskInfo)


@click.command("wait")
@id_argument("tasks", IdKind.TASK, IdKind.SESSION, nargs=-1, required=True)
@click.option(
    "--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up after so long (exit code 124)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a task, as `tasks show --json`.")
@click.pass_context
def wait(ctx: click.Context, tasks: tuple[str, ...], timeout: float | None, as_json: bool) -> None:
    """Wait until all TASKS (or the running tasks of sessions) have ended, and print how.

    Exit codes: 0 all completed, 1 one failed, 124 not in time, 130 one was cancelled.
    """
    try:
        ended = service.run(_wait_all(settings_of(ctx), tasks, timeout))
    except TimeoutError:
        click.echo("Not all have ended in time.", err=True)
        ctx.exit(124)
    console = make_console()
    for task in ended:
        if as_json:
            print_json(task)
            continue
        console.print(f"{marked(task.state)}", style=style_of(task.state), end="")
        console.print(f"  {str(task.id)[:8]}  {task.agent}  {one_line(task.prompt, 90)}")
    codes = {exit_code(task.state) for task in ended}
    ctx.exit(EXIT_FAILED if EXIT_FAILED in codes else EXIT_CANCELLED if EXIT_CANCELLED in codes else 0)


async def _wait_all(settings: Settings, named: tuple[str, ...], timeout_s: float | None) -> list[TaskInfo]:
    async with running_service(settings) as client, asyncio.timeout(timeout_s):
        found = [await task_of(client, one) for one in named]
        return [await _ended(client, task.id) for task in found]


async def _ended(client: Client, task_id: UUID) -> TaskInfo:
    while True:
        task = await client.get(f"/api/tasks/{task_id}", TaskInfo)
        if task.state.final:
            return task
        await asyncio.sleep(POLL_S)
