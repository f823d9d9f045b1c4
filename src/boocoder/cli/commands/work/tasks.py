"""`boocoder tasks`: lists, adds, edits, moves and cancels tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import PageOptions, Result, page_options, pages, prints_result, show_list
from boocoder.cli.views.style import age, duration, make_console, marked, print_json, style_of, task_state, waiting_text
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.client.http_client import Client
from boocoder.client.task_requests import TaskRequest, enqueue_task
from boocoder.model.task import TaskOrigin, TaskState
from boocoder.wire.search import IdKind
from boocoder.wire.tasks import EnqueuedTask, TaskInfo


@click.group("tasks")
def command() -> None:
    """The queue: pending, running and ended tasks."""


@command.command("list")
@click.option("--state", type=click.Choice([str(state) for state in TaskState]), help="Only tasks in this state.")
@page_options()
@click.pass_context
def list_tasks(ctx: click.Context, state: str | None, as_json: bool, page: PageOptions) -> None:
    """List tasks, newest first."""
    tasks = ask_service(ctx, lambda client: pages(client, "/api/tasks", TaskInfo, IdKind.TASK, page, state=state))
    rows = [
        (
            (str(task.id)[:8], ""),
            (marked(task_state(task)), style_of(task_state(task))),
            (task.agent, ""),
            (age(task.created_at), "dim"),
            (one_line(task.prompt, 100), ""),
        )
        for task in tasks
    ]
    show_list(tasks, ("id", "state", "agent", "age", "prompt"), rows, as_json=as_json)
    if not as_json:
        _show_waiting(tasks)


def _show_waiting(tasks: Sequence[TaskInfo]) -> None:
    """Each reason for which tasks wait for a host, once."""
    reasons = Counter(task.waiting_for for task in tasks if task.waiting_for is not None)
    console = make_console(stderr=True)
    for reason, number in reasons.items():
        waits = "1 task waits" if number == 1 else f"{number} tasks wait"
        console.print(f"{waits} for a host. {waiting_text(reason)}", style="yellow")


@command.command("show")
@id_argument("task", IdKind.TASK)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, task: str, as_json: bool) -> None:
    """Show one task."""

    async def ask(client: Client) -> TaskInfo:
        return await client.get(f"/api/tasks/{await resolve_id(client, IdKind.TASK, task)}", TaskInfo)

    found = ask_service(ctx, ask)
    if as_json:
        print_json(found)
        return
    console = make_console()
    console.print(f"{marked(task_state(found))}", style=style_of(task_state(found)), end="")
    if found.started_at and found.ended_at:
        console.print(f" in {duration((found.ended_at - found.started_at).total_seconds())}", end="")
    console.print(f"  {found.agent} {found.model or ''} {found.mode or ''}".rstrip())
    console.print(f"task {found.id}  session {found.session_id}  chat {found.chat_id}", style="dim")
    if started := _started_by(found):
        console.print(plain(started), style="dim")
    console.print(plain(found.prompt))
    if found.waiting_for is not None:
        console.print(f"It waits for a host. {waiting_text(found.waiting_for)}", style="yellow")
    if found.error_text:
        console.print(plain(found.error_text), style="red")
        console.print(plain(found.error_cure or ""))
    elif found.summary:
        console.print(plain(found.summary), style="dim")


def _started_by(task: TaskInfo) -> str:
    """Who started a task, where it was no person; "" otherwise."""
    match task.origin:
        case TaskOrigin.AGENT:
            return f"started by {task.origin_name} in task {task.parent_task_id}"
        case TaskOrigin.HOOK:
            return f"started by the hook {task.origin_name}"
        case TaskOrigin.TOKEN:
            return f"started with the token {task.origin_name}"
        case _:
            return ""


@command.command("cancel")
@id_argument("task", IdKind.TASK)
@prints_result
@click.pass_context
def cancel(ctx: click.Context, task: str) -> Result:
    """Cancel a pending or running task."""

    async def ask(client: Client) -> TaskInfo:
        return await client.post(f"/api/tasks/{await resolve_id(client, IdKind.TASK, task)}/cancel", TaskInfo)

    found = ask_service(ctx, ask)
    name = f"task {str(found.id)[:8]}"
    if found.state is TaskState.RUNNING:
        return found, f"{name}: cancel requested"
    if found.state is TaskState.CANCELLED:
        return found, f"{name}: cancelled"
    return found, f"{name} had ended already: {found.state.replace('_', ' ')}"


@command.command("add")
@click.argument("prompt")
@click.option("--project", "-p", default=".", metavar="PATH", help="A folder in the git repository; default: this one.")
@click.option("--session", "-s", metavar="ID", help="Continue this session.")
@click.option("--agent", "-a", help="Which agent.")
@click.option("--model", "-m", help="Which model.")
@click.option("--mode", help="Which of the agent's modes.")
@click.option("--attach", multiple=True, metavar="FILE", help="A file to send with the prompt; may be repeated.")
@prints_result
@click.pass_context
def add(
    ctx: click.Context,
    prompt: str,
    project: str,
    session: str | None,
    agent: str | None,
    model: str | None,
    mode: str | None,
    attach: tuple[str, ...],
) -> Result:
    """Queue the task PROMPT and return at once."""

    async def ask(client: Client) -> EnqueuedTask:
        session_id = await resolve_id(client, IdKind.SESSION, session) if session else None
        files = tuple(Path(file).expanduser() for file in attach)
        place = Path(project).expanduser()
        return await enqueue_task(
            client, TaskRequest(prompt, place, session_id, agent=agent, model=model, mode=mode, attach=files)
        )

    task = ask_service(ctx, ask)
    said = f"task {task.task_id}  session {task.session_id}"
    if task.waiting_for is not None:
        said += f"\nThe task waits for a host. {waiting_text(task.waiting_for)}"
    return task, said


@command.command("edit")
@id_argument("task", IdKind.TASK)
@click.argument("prompt")
@prints_result
@click.pass_context
def edit(ctx: click.Context, task: str, prompt: str) -> Result:
    """Replace the PROMPT of a pending TASK."""

    async def ask(client: Client) -> TaskInfo:
        task_id = await resolve_id(client, IdKind.TASK, task)
        return await client.patch(f"/api/tasks/{task_id}", TaskInfo, {"prompt": prompt})

    return ask_service(ctx, ask), "edited"


@command.command("move")
@id_argument("task", IdKind.TASK)
@click.option("--before", metavar="TASK", help="A pending task of the same session; default: move to the end.")
@prints_result
@click.pass_context
def move(ctx: click.Context, task: str, before: str | None) -> Result:
    """Move a pending TASK within its session's queue."""

    async def ask(client: Client) -> TaskInfo:
        task_id = await resolve_id(client, IdKind.TASK, task)
        other = await resolve_id(client, IdKind.TASK, before) if before else None
        body = {"before": None if other is None else str(other)}
        return await client.post(f"/api/tasks/{task_id}/move", TaskInfo, body)

    return ask_service(ctx, ask), "moved"
