"""`boocoder tasks`: the queue, seen and changed through the running service."""

from __future__ import annotations

from pathlib import Path

import click

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.run_task import Ask, enqueue_task
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import age, duration, make_console, marked, print_json, show_rows, style_of, task_state
from boocoder.cli.terminal_text import one_line, plain
from boocoder.model.task import TaskState


@click.group("tasks")
def command() -> None:
    """The queue: what waits, runs and has ended."""


@command.command("list")
@click.option("--state", type=click.Choice([str(state) for state in TaskState]), help="Only tasks in this state.")
@click.option("--limit", default=20, type=click.IntRange(1, 200), help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_tasks(ctx: click.Context, state: str | None, limit: int, as_json: bool) -> None:
    """List tasks, newest first."""
    tasks = ask_service(ctx, lambda client: client.items("/api/tasks", wire.Task, state=state, limit=limit))
    if as_json:
        for task in tasks:
            print_json(task)
        return
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
    show_rows(make_console(), ("id", "state", "agent", "age", "prompt"), rows)


@command.command("show")
@click.argument("task")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, task: str, as_json: bool) -> None:
    """Show one task."""

    async def ask(client: Client) -> wire.Task:
        return await client.get(f"/api/tasks/{await full_id(client, '/api/tasks', task)}", wire.Task)

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
    console.print(plain(found.prompt))
    if found.error_text:
        console.print(plain(found.error_text), style="red")
        console.print(plain(found.error_cure or ""))
    elif found.summary:
        console.print(plain(found.summary), style="dim")


@command.command("cancel")
@click.argument("task")
@click.pass_context
def cancel(ctx: click.Context, task: str) -> None:
    """Cancel a task that waits or runs."""

    async def ask(client: Client) -> None:
        task_id = await full_id(client, "/api/tasks", task)
        await client.request("POST", f"/api/tasks/{task_id}/cancel", body={})

    ask_service(ctx, ask)
    click.echo("cancel asked for")


@command.command("add")
@click.argument("prompt")
@click.option("--project", "-p", default=".", metavar="PATH", help="A folder in the git repository; default: this one.")
@click.option("--session", "-s", metavar="ID", help="Go on in this session.")
@click.option("--agent", "-a", help="Which agent.")
@click.option("--model", "-m", help="Which model.")
@click.option("--mode", help="Which of the agent's modes.")
@click.option("--attach", multiple=True, metavar="FILE", help="A file that goes with the prompt; may be given again.")
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
) -> None:
    """Queue the task PROMPT and return at once."""

    async def ask(client: Client) -> wire.Enqueued:
        session_id = await full_id(client, "/api/sessions", session) if session else None
        files = tuple(Path(file).expanduser() for file in attach)
        place = Path(project).expanduser()
        return await enqueue_task(
            client, Ask(prompt, place, session_id, agent=agent, model=model, mode=mode, attach=files)
        )

    task = ask_service(ctx, ask)
    click.echo(f"task {task.task_id}  session {task.session_id}")


@command.command("edit")
@click.argument("task")
@click.argument("prompt")
@click.pass_context
def edit(ctx: click.Context, task: str, prompt: str) -> None:
    """Give TASK, which waits, another PROMPT."""

    async def ask(client: Client) -> None:
        task_id = await full_id(client, "/api/tasks", task)
        await client.request("PATCH", f"/api/tasks/{task_id}", body={"prompt": prompt})

    ask_service(ctx, ask)
    click.echo("edited")


@command.command("move")
@click.argument("task")
@click.option("--before", metavar="TASK", help="A task of the same session that waits; without it, to the end.")
@click.pass_context
def move(ctx: click.Context, task: str, before: str | None) -> None:
    """Put TASK, which waits, at another place of its session's queue."""

    async def ask(client: Client) -> None:
        task_id = await full_id(client, "/api/tasks", task)
        other = await full_id(client, "/api/tasks", before) if before else None
        await client.request(
            "POST", f"/api/tasks/{task_id}/move", body={"before": None if other is None else str(other)}
        )

    ask_service(ctx, ask)
    click.echo("moved")
