"""`boocoder sessions`: sessions and what was said in them, read through the running service."""

from __future__ import annotations

import click

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import age, make_console, marked, print_json, show_rows, style_of, task_state
from boocoder.cli.terminal_text import one_line


@click.group("sessions")
def command() -> None:
    """Sessions: workspaces of a project, each with one change."""


@command.command("list")
@click.option("--state", type=click.Choice(["open", "archived"]), help="Only sessions in this state.")
@click.option("--limit", default=20, type=click.IntRange(1, 200), help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_sessions(ctx: click.Context, state: str | None, limit: int, as_json: bool) -> None:
    """List sessions, newest first."""
    sessions = ask_service(ctx, lambda client: client.items("/api/sessions", wire.Session, state=state, limit=limit))
    if as_json:
        for session in sessions:
            print_json(session)
        return
    rows = [
        (
            (str(session.id)[:8], ""),
            (_state(session), style_of(_newest(session))),
            (str(session.pending_tasks or ""), ""),
            ("yes" if session.pending_change_id else "", "green"),
            (age(session.updated_at), "dim"),
            (one_line(session.title, 100), ""),
        )
        for session in sessions
    ]
    show_rows(make_console(), ("id", "last task", "waiting", "change", "age", "title"), rows)


def _newest(session: wire.Session) -> str:
    if session.open_requests:
        return "waiting_for_you"
    return "running" if session.running_task_id else session.last_task_state or ""


def _state(session: wire.Session) -> str:
    newest = _newest(session)
    return marked(newest) if newest else "-"


@command.command("show")
@click.argument("session")
@click.pass_context
def show(ctx: click.Context, session: str) -> None:
    """Show one session: its chats and its newest tasks."""

    async def ask(client: Client) -> tuple[wire.Session, list[wire.Chat], list[wire.Task]]:
        session_id = await full_id(client, "/api/sessions", session)
        found = await client.get(f"/api/sessions/{session_id}", wire.Session)
        chats = await client.items(f"/api/sessions/{session_id}/chats", wire.Chat)
        return found, chats, await client.items("/api/tasks", wire.Task, session_id=session_id, limit=20)

    found, chats, tasks = ask_service(ctx, ask)
    console = make_console()
    console.print(one_line(found.title, 200), style="bold")
    console.print(f"session {found.id}  {found.state}", style="dim")
    for chat in chats:
        console.print(f"chat {chat.id}  {chat.agent or ''} {chat.model or ''}".rstrip(), style="dim")
    for task in sorted(tasks, key=lambda task: task.place):
        console.print(f"  {marked(task_state(task))}", style=style_of(task_state(task)), end="")
        console.print(f"  {str(task.id)[:8]}  {task.agent}  {one_line(task.prompt, 90)}")
    if found.open_requests:
        console.print("The agent asks you something: boocoder permissions list", style="yellow")
    if found.pending_change_id:
        console.print(f"A change waits: boocoder changes show {str(found.pending_change_id)[:8]}", style="green")


@command.command("archive")
@click.argument("session")
@click.pass_context
def archive(ctx: click.Context, session: str) -> None:
    """Archive a session: it takes no tasks, and its worktree is removed once a snapshot holds all of it."""
    _set_state(ctx, session, "archived")


@command.command("reopen")
@click.argument("session")
@click.pass_context
def reopen(ctx: click.Context, session: str) -> None:
    """Open an archived session again; its next turn makes its worktree again."""
    _set_state(ctx, session, "open")


def _set_state(ctx: click.Context, session: str, state: str) -> None:
    async def ask(client: Client) -> None:
        session_id = await full_id(client, "/api/sessions", session)
        await client.request("PATCH", f"/api/sessions/{session_id}", body={"state": state})

    ask_service(ctx, ask)
    make_console().print(f"The session is {state}.", style="green")
