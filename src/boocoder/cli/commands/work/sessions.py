"""`boocoder sessions`: lists, shows, archives and reopens sessions."""

from __future__ import annotations

import click
import msgspec

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.commands.work.delete_session import delete
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import PageOptions, Result, page_options, pages, prints_result, show_list
from boocoder.cli.views.messages import show_messages
from boocoder.cli.views.rules import show_rules
from boocoder.cli.views.style import (
    absent_host_text,
    age,
    make_console,
    marked,
    print_json,
    style_of,
    task_state,
)
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.cli.views.units import size
from boocoder.client.http_client import Client
from boocoder.client.messages import read_messages
from boocoder.wire.messages import MessageWithParts
from boocoder.wire.rules import SessionRules
from boocoder.wire.search import IdKind
from boocoder.wire.sessions import Chat, Session
from boocoder.wire.snapshots import StoredFiles
from boocoder.wire.tasks import TaskInfo
from boocoder.wire.worktrees import SessionProcess


class SessionDetails(msgspec.Struct, frozen=True):
    """What `boocoder sessions show --json` prints; `messages` is empty without --messages."""

    session: Session
    chats: tuple[Chat, ...]
    tasks: tuple[TaskInfo, ...]
    messages: tuple[MessageWithParts, ...]
    stored: StoredFiles


@click.group("sessions")
def command() -> None:
    """Sessions: workspaces of a project, each with one change."""


command.add_command(delete)


@command.command("list")
@click.option("--state", type=click.Choice(["open", "archived"]), help="Only sessions in this state.")
@page_options()
@click.pass_context
def list_sessions(ctx: click.Context, state: str | None, as_json: bool, page: PageOptions) -> None:
    """List sessions, newest first."""
    sessions = ask_service(
        ctx, lambda client: pages(client, "/api/sessions", Session, IdKind.SESSION, page, state=state)
    )
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
    show_list(sessions, ("id", "last task", "waiting", "change", "age", "title"), rows, as_json=as_json)


def _newest(session: Session) -> str:
    if session.open_requests:
        return "waiting_for_you"
    return "running" if session.running_task_id else session.last_task_state or ""


def _state(session: Session) -> str:
    newest = _newest(session)
    return marked(newest) if newest else "-"


@command.command("show")
@id_argument("session", IdKind.SESSION)
@click.option("--messages", is_flag=True, help="Also the messages of its chats.")
@click.option("--tools", is_flag=True, help="The messages with all that tools were given and gave.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, session: str, messages: bool, tools: bool, as_json: bool) -> None:
    """Show one session: its chats, its newest tasks, and with --messages the conversation."""
    found = ask_service(ctx, lambda client: _details(client, session, messages=messages or tools))
    if as_json:
        print_json(found)
        return
    console = make_console()
    console.print(one_line(found.session.title, 200), style="bold")
    console.print(f"session {found.session.id}  {found.session.state}", style="dim")
    for chat in found.chats:
        console.print(f"chat {chat.id}  {chat.agent or ''} {chat.model or ''}".rstrip(), style="dim")
    for task in found.tasks:
        console.print(f"  {marked(task_state(task))}", style=style_of(task_state(task)), end="")
        console.print(f"  {str(task.id)[:8]}  {task.agent}  {one_line(task.prompt, 90)}")
    if found.stored.snapshots:
        console.print(_stored(found.stored), style="dim")
    show_messages(console, found.messages, tools=tools)
    if found.session.absent_host and found.session.pending_tasks:
        console.print(absent_host_text(found.session.absent_host), style="yellow")
    if found.session.open_requests:
        console.print("The agent asks you something: boocoder permissions list", style="yellow")
    if found.session.pending_change_id:
        short = str(found.session.pending_change_id)[:8]
        console.print(f"A change awaits your decision: boocoder changes show {short}", style="green")


def _stored(stored: StoredFiles) -> str:
    """What of a session other hosts can have."""
    at = "" if stored.complete or stored.taken_at is None else f" of {age(stored.taken_at)} ago, not the newest"
    return f"stored for other hosts: {stored.snapshots} snapshots{at}, {size(stored.size_bytes)}"


async def _details(client: Client, named: str, *, messages: bool) -> SessionDetails:
    session_id = await resolve_id(client, IdKind.SESSION, named)
    session = await client.get(f"/api/sessions/{session_id}", Session)
    chats = await client.items(f"/api/sessions/{session_id}/chats", Chat)
    tasks = await client.items("/api/tasks", TaskInfo, session_id=session_id, limit=20)
    said: list[MessageWithParts] = []
    for chat in chats if messages else ():
        said += [message async for message in read_messages(client, chat.id)]
    stored = await client.get(f"/api/sessions/{session_id}/stored", StoredFiles)
    queue = tuple(sorted(tasks, key=lambda task: task.place))
    return SessionDetails(session, tuple(chats), queue, tuple(said), stored)


@command.command("rules")
@id_argument("session", IdKind.SESSION)
@click.option("--agent", metavar="NAME", help="For this agent instead of the one of the newest chat.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def rules(ctx: click.Context, session: str, agent: str | None, as_json: bool) -> None:
    """Show which rule files of project and person are in force for a session's agent, and its sandbox."""

    async def ask(client: Client) -> SessionRules:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        return await client.get(f"/api/sessions/{session_id}/rules", SessionRules, agent=agent)

    found = ask_service(ctx, ask)
    if as_json:
        print_json(found)
    else:
        show_rules(make_console(), found)


@command.command("processes")
@id_argument("session", IdKind.SESSION)
@click.option("--end", type=click.IntRange(min=1), metavar="PID", help="End this process with all its descendants.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def processes(ctx: click.Context, session: str, end: int | None, as_json: bool) -> None:
    """List what tools of a session's agent started and still runs, or end one of it."""

    async def ask(client: Client) -> list[SessionProcess]:
        path = f"/api/sessions/{await resolve_id(client, IdKind.SESSION, session)}/processes"
        if end is not None:
            return [await client.delete(f"{path}/{end}", SessionProcess)]
        return await client.items(path, SessionProcess)

    found = ask_service(ctx, ask)
    if end is not None and not as_json:
        click.echo(f"Ended {end}: {plain(found[0].command)}")
        return
    if not found and not as_json:
        click.echo("Nothing that the session's agent started is still running.")
        return
    rows = [((str(one.pid), ""), (age(one.started_at), "dim"), (one_line(one.command, 200), "")) for one in found]
    show_list(found, ("pid", "age", "command"), rows, as_json=as_json)


@command.command("archive")
@id_argument("session", IdKind.SESSION)
@prints_result
@click.pass_context
def archive(ctx: click.Context, session: str) -> Result:
    """Archive a session: it accepts no tasks, and its worktree is removed after a snapshot."""
    return _set_state(ctx, session, "archived")


@command.command("reopen")
@id_argument("session", IdKind.SESSION)
@prints_result
@click.pass_context
def reopen(ctx: click.Context, session: str) -> Result:
    """Reopen an archived session; its next turn restores its worktree."""
    return _set_state(ctx, session, "open")


@command.command("adopt")
@id_argument("session", IdKind.SESSION)
@prints_result
@click.pass_context
def adopt(ctx: click.Context, session: str) -> Result:
    """Go on with a session of another host on this one, from its last stored snapshot."""

    async def ask(client: Client) -> Session:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        return await client.post(f"/api/sessions/{session_id}/adopt", Session, {})

    return ask_service(ctx, ask), "The session goes on here."


def _set_state(ctx: click.Context, session: str, state: str) -> Result:
    async def ask(client: Client) -> Session:
        session_id = await resolve_id(client, IdKind.SESSION, session)
        return await client.patch(f"/api/sessions/{session_id}", Session, {"state": state})

    return ask_service(ctx, ask), f"The session is {state}."
