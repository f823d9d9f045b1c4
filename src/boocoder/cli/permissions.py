"""`boocoder permissions`: what agents ask, answered from anywhere, and the rules that answer by themselves."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from boocoder.cli import wire
from boocoder.cli.ask_person import chosen
from boocoder.cli.client import Client
from boocoder.cli.request_view import permission_lines, question_lines
from boocoder.cli.service_call import ask_service, full_id
from boocoder.cli.style import age, make_console, marked, print_json, show_rows, style_of
from boocoder.cli.terminal_text import one_line, plain
from boocoder.errors import InvalidInput

PATH = "/api/permissions"
RULES = "/api/permission-rules"
STATES = ("asked", "allowed", "refused", "answered", "cancelled", "all")


@click.group("permissions")
def command() -> None:
    """What agents ask you, your answers, and rules that answer for you."""


@command.command("list")
@click.option("--state", type=click.Choice(STATES), default="asked", help="Which ones; default: those that wait.")
@click.option("--limit", default=20, type=click.IntRange(1, 200), help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_permissions(ctx: click.Context, state: str, limit: int, as_json: bool) -> None:
    """List permissions and questions, newest first."""
    wanted = None if state == "all" else state
    found = ask_service(ctx, lambda client: client.items(PATH, wire.Permission, state=wanted, limit=limit))
    if as_json:
        for request in found:
            print_json(request)
        return
    rows = [
        (
            (str(request.id)[:8], ""),
            (marked(request.state), style_of(request.state)),
            (f"session {str(request.session_id)[:8]}", "dim"),
            (age(request.asked_at), "dim"),
            (one_line(f"{request.tool} {request.argument}".strip() or request.title, 200), ""),
        )
        for request in found
    ]
    show_rows(make_console(), ("id", "state", "", "age", "what"), rows)


@command.command("show")
@click.argument("permission")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, permission: str, as_json: bool) -> None:
    """Show one permission or question, whole."""

    async def ask(client: Client) -> wire.Permission:
        return await client.get(f"{PATH}/{await full_id(client, PATH, permission)}", wire.Permission)

    found = ask_service(ctx, ask)
    if as_json:
        print_json(found)
        return
    console = make_console()
    console.print(f"{marked(found.state)}  {found.decided_by or ''}".rstrip(), style=style_of(found.state))
    console.print(f"{found.kind} {found.id}  task {found.task_id}", style="dim")
    if found.kind == "question":
        for text, style in question_lines(found.questions):
            console.print(text, style=style or None)
        for answer in found.answers or ():
            console.print(f"  > {plain(', '.join(answer))}")
        return
    text, style = next(permission_lines(found.tool, found.title, ""))
    console.print(text, style=style)
    console.print(plain(found.argument))
    if found.message:
        console.print(f"  > {plain(found.message)}")


def _decide(ctx: click.Context, permission: str, body: dict[str, str]) -> None:
    async def ask(client: Client) -> wire.Permission:
        request_id = await full_id(client, PATH, permission, state="asked")
        return await client.post(f"{PATH}/{request_id}/answer", wire.Permission, body)

    decided = ask_service(ctx, ask)
    click.echo(f"{decided.state}: {one_line(f'{decided.tool} {decided.argument}', 160)}")


@command.command("allow")
@click.argument("permission")
@click.option("--session", is_flag=True, help="Exactly this again in this session is allowed without asking.")
@click.pass_context
def allow(ctx: click.Context, permission: str, session: bool) -> None:
    """Allow what an agent asks for, once."""
    _decide(ctx, permission, {"decision": "allow_session" if session else "allow"})


@command.command("refuse")
@click.argument("permission")
@click.option("--message", "-m", default="", help="Tell the agent why, or what to do instead.")
@click.pass_context
def refuse(ctx: click.Context, permission: str, message: str) -> None:
    """Refuse what an agent asks for; it goes on without it."""
    _decide(ctx, permission, {"decision": "refuse", "message": message})


@command.command("answer")
@click.argument("question")
@click.argument("answers", nargs=-1)
@click.option("--dismiss", is_flag=True, help="Do not answer; the agent goes on without.")
@click.pass_context
def answer(ctx: click.Context, question: str, answers: tuple[str, ...], dismiss: bool) -> None:
    """Answer the QUESTION of an agent: one argument for each thing it asks, a choice by number or words."""
    if dismiss == bool(answers):
        raise InvalidInput("answer_missing", "Give the answers, or --dismiss.", "See: boocoder permissions show ID")

    async def ask(client: Client) -> wire.Permission:
        request_id = await full_id(client, PATH, question, state="asked")
        found = await client.get(f"{PATH}/{request_id}", wire.Permission)
        if dismiss:
            return await client.post(f"{PATH}/{request_id}/answer", wire.Permission, {"decision": "dismiss"})
        lists = [chosen(asked, text) for asked, text in zip(found.questions, answers, strict=False)]
        lists += [[text] for text in answers[len(lists) :]]  # too many: the service says so
        return await client.post(
            f"{PATH}/{request_id}/answer", wire.Permission, {"decision": "answer", "answers": lists}
        )

    decided = ask_service(ctx, ask)
    said = "; ".join(", ".join(texts) for texts in decided.answers or ())
    click.echo(f"{decided.state}: {one_line(said or decided.title, 160)}")


@command.group("rules")
def rules() -> None:
    """Rules: the session's are looked at first, then the project's, then the global ones; deny beats allow."""


@rules.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_rules(ctx: click.Context, as_json: bool) -> None:
    """List rules, newest first."""
    found = ask_service(ctx, lambda client: client.items(RULES, wire.PermissionRule, limit=200))
    if as_json:
        for rule in found:
            print_json(rule)
        return
    rows = [
        (
            (str(rule.id)[:8], ""),
            (rule.action, {"allow": "green", "deny": "red"}.get(rule.action, "yellow")),
            (_place(rule), "dim"),
            (f"{rule.uses} uses", "dim"),
            (one_line(f"{rule.tool}  {rule.argument}{'  (exactly)' if rule.exact else ''}", 200), ""),
        )
        for rule in found
    ]
    show_rows(make_console(), ("id", "action", "where", "", "tool and argument"), rows)


def _place(rule: wire.PermissionRule) -> str:
    if rule.session_id is not None:
        return f"session {str(rule.session_id)[:8]}"
    return f"project {str(rule.project_id)[:8]}" if rule.project_id is not None else "everywhere"


@rules.command("add")
@click.argument("action", type=click.Choice(["allow", "deny", "ask"]))
@click.argument("tool")
@click.argument("argument", default="*")
@click.option("--project", "-p", metavar="PATH", help="Only in the project of this folder; default: everywhere.")
@click.option("--session", "-s", metavar="ID", help="Only in this session.")
@click.option("--exact", is_flag=True, help="TOOL and ARGUMENT are texts, not patterns.")
@click.pass_context
def add_rule(
    ctx: click.Context, action: str, tool: str, argument: str, project: str | None, session: str | None, exact: bool
) -> None:
    """Add a rule for TOOL and ARGUMENT, patterns with * ? [...]. Mind: "git *" matches "git status; rm -rf ." too."""

    async def ask(client: Client) -> wire.PermissionRule:
        body: dict[str, str | bool] = {"action": action, "tool": tool, "argument": argument, "exact": exact}
        if project is not None:
            folder = str(Path(project).expanduser().absolute())
            body["project_id"] = str((await client.post("/api/projects", wire.Project, {"path": folder})).id)
        if session is not None:
            body["session_id"] = str(await full_id(client, "/api/sessions", session))
        return await client.post(RULES, wire.PermissionRule, body)

    rule = ask_service(ctx, ask)
    click.echo(f"rule {rule.id}  {rule.action}  {_place(rule)}")


@rules.command("remove")
@click.argument("rule")
@click.pass_context
def remove_rule(ctx: click.Context, rule: str) -> None:
    """Remove a rule; what it decided stays decided."""

    async def ask(client: Client) -> UUID:
        rule_id = await full_id(client, RULES, rule)
        await client.request("DELETE", f"{RULES}/{rule_id}")
        return rule_id

    click.echo(f"removed rule {ask_service(ctx, ask)}")
