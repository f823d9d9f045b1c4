"""`boocoder permissions`: lists and answers what agents ask, and edits the rules that answer for you."""

from __future__ import annotations

from pathlib import Path

import click

from boocoder.cli.client.ids import id_argument
from boocoder.cli.client.resolve import resolve_id
from boocoder.cli.flows.approvals import chosen
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import PageOptions, Result, page_options, pages, prints_result, show_list
from boocoder.cli.views.requests import host_lines, permission_lines, question_lines
from boocoder.cli.views.style import age, make_console, marked, print_json, style_of
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.wire.permissions import PermissionInfo, PermissionRule
from boocoder.wire.projects import Project
from boocoder.wire.search import IdKind

PATH = "/api/permissions"
RULES = "/api/permission-rules"
STATES = ("asked", "allowed", "refused", "answered", "cancelled", "all")


@click.group("permissions")
def command() -> None:
    """What agents ask you, your answers, and rules that answer for you."""


@command.command("list")
@click.option(
    "--state", type=click.Choice(STATES), default="asked", help="Only requests in this state; default: open ones."
)
@page_options()
@click.pass_context
def list_permissions(ctx: click.Context, state: str, as_json: bool, page: PageOptions) -> None:
    """List permissions and questions, newest first."""
    wanted = None if state == "all" else state
    found = ask_service(ctx, lambda client: pages(client, PATH, PermissionInfo, IdKind.PERMISSION, page, state=wanted))
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
    show_list(found, ("id", "state", "", "age", "what"), rows, as_json=as_json)


@command.command("show")
@id_argument("permission", IdKind.PERMISSION)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def show(ctx: click.Context, permission: str, as_json: bool) -> None:
    """Show a permission or question in full."""

    async def ask(client: Client) -> PermissionInfo:
        return await client.get(f"{PATH}/{await resolve_id(client, IdKind.PERMISSION, permission)}", PermissionInfo)

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
    if found.state == "asked":
        for text, style in host_lines(found.tool, found.argument):
            console.print(text, style=style or None, soft_wrap=True)
    if found.message:
        console.print(f"  > {plain(found.message)}")


def _decide(ctx: click.Context, permission: str, body: dict[str, str]) -> Result:
    async def ask(client: Client) -> PermissionInfo:
        request_id = await resolve_id(client, IdKind.PERMISSION, permission)
        return await client.post(f"{PATH}/{request_id}/answer", PermissionInfo, body)

    decided = ask_service(ctx, ask)
    return decided, f"{decided.state}: {one_line(f'{decided.tool} {decided.argument}', 160)}"


@command.command("allow")
@id_argument("permission", IdKind.PERMISSION)
@click.option("--session", is_flag=True, help="Also allow exactly this for the rest of the session.")
@prints_result
@click.pass_context
def allow(ctx: click.Context, permission: str, session: bool) -> Result:
    """Allow an agent's request, once."""
    return _decide(ctx, permission, {"decision": "allow_session" if session else "allow"})


@command.command("refuse")
@id_argument("permission", IdKind.PERMISSION)
@click.option("--message", "-m", default="", help="A message to the agent: why, or what to do instead.")
@prints_result
@click.pass_context
def refuse(ctx: click.Context, permission: str, message: str) -> Result:
    """Refuse an agent's request; it continues without."""
    return _decide(ctx, permission, {"decision": "refuse", "message": message})


@command.command("answer")
@id_argument("question", IdKind.PERMISSION)
@click.argument("answers", nargs=-1)
@click.option("--dismiss", is_flag=True, help="Do not answer; the agent continues without.")
@prints_result
@click.pass_context
def answer(ctx: click.Context, question: str, answers: tuple[str, ...], dismiss: bool) -> Result:
    """Answer an agent's QUESTION: one argument per question, a choice by its number or text."""
    if dismiss == bool(answers):
        raise InvalidInput("answer_missing", "Give the answers, or --dismiss.", "See: boocoder permissions show ID")

    async def ask(client: Client) -> PermissionInfo:
        request_id = await resolve_id(client, IdKind.PERMISSION, question)
        found = await client.get(f"{PATH}/{request_id}", PermissionInfo)
        if dismiss:
            return await client.post(f"{PATH}/{request_id}/answer", PermissionInfo, {"decision": "dismiss"})
        lists = [chosen(asked, text) for asked, text in zip(found.questions, answers, strict=False)]
        lists += [[text] for text in answers[len(lists) :]]  # too many: the service says so
        return await client.post(
            f"{PATH}/{request_id}/answer", PermissionInfo, {"decision": "answer", "answers": lists}
        )

    decided = ask_service(ctx, ask)
    said = "; ".join(", ".join(texts) for texts in decided.answers or ())
    return decided, f"{decided.state}: {one_line(said or decided.title, 160)}"


@command.group("rules")
def rules() -> None:
    """Rules: those of the session are checked first, then the project's, then global ones; deny beats allow."""


@rules.command("list")
@page_options(limit=200, project=False, filters=False)
@click.pass_context
def list_rules(ctx: click.Context, as_json: bool, page: PageOptions) -> None:
    """List rules, newest first."""
    found = ask_service(ctx, lambda client: pages(client, RULES, PermissionRule, IdKind.RULE, page))
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
    show_list(found, ("id", "action", "where", "", "tool and argument"), rows, as_json=as_json)


def _place(rule: PermissionRule) -> str:
    if rule.session_id is not None:
        return f"session {str(rule.session_id)[:8]}"
    return f"project {str(rule.project_id)[:8]}" if rule.project_id is not None else "everywhere"


@rules.command("add")
@click.argument("action", type=click.Choice(["allow", "deny", "ask"]))
@click.argument("tool")
@click.argument("argument", default="*")
@click.option("--project", "-p", metavar="PATH", help="Only in the project of this folder; default: everywhere.")
@click.option("--session", "-s", metavar="ID", help="Only in this session.")
@click.option("--exact", is_flag=True, help="Compare TOOL and ARGUMENT literally, not as patterns.")
@prints_result
@click.pass_context
def add_rule(
    ctx: click.Context, action: str, tool: str, argument: str, project: str | None, session: str | None, exact: bool
) -> Result:
    """Add a rule for TOOL and ARGUMENT, patterns with * ? [...]. Note: "git *" also matches "git status; rm -rf ."."""

    async def ask(client: Client) -> PermissionRule:
        body: dict[str, str | bool] = {"action": action, "tool": tool, "argument": argument, "exact": exact}
        if project is not None:
            folder = str(Path(project).expanduser().absolute())
            body["project_id"] = str((await client.post("/api/projects", Project, {"path": folder})).id)
        if session is not None:
            body["session_id"] = str(await resolve_id(client, IdKind.SESSION, session))
        return await client.post(RULES, PermissionRule, body)

    rule = ask_service(ctx, ask)
    return rule, f"rule {rule.id}  {rule.action}  {_place(rule)}"


@rules.command("remove")
@id_argument("rule", IdKind.RULE)
@prints_result
@click.pass_context
def remove_rule(ctx: click.Context, rule: str) -> Result:
    """Remove a rule; its earlier decisions stay."""

    async def ask(client: Client) -> PermissionRule:
        return await client.delete(f"{RULES}/{await resolve_id(client, IdKind.RULE, rule)}", PermissionRule)

    removed = ask_service(ctx, ask)
    return removed, f"removed rule {removed.id}"
