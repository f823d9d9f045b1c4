"""`boocoder hooks`: addresses at which other programs start tasks."""

from __future__ import annotations

from pathlib import Path

import click

from boocoder.cli.client.resolve import resolve_project
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result
from boocoder.cli.views.style import age, make_console, print_json, show_rows
from boocoder.cli.views.terminal_text import one_line, plain
from boocoder.client.http_client import Client
from boocoder.model.ids import ProjectId
from boocoder.wire.projects import Project
from boocoder.wire.webhooks import HookInfo, NewHookInfo

PROMPT_SHOWN_CHARS = 60


@click.group("hooks")
def command() -> None:
    """Addresses at which other programs start tasks: list, add, enable, disable, remove."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_hooks(ctx: click.Context, as_json: bool) -> None:
    """List the hooks by name, each with what it has started."""

    async def ask(client: Client) -> tuple[list[HookInfo], list[Project]]:
        found = await client.items("/api/hooks", HookInfo)
        return found, await client.items("/api/projects", Project, removed=True)

    found, projects = ask_service(ctx, ask)
    _show(found, {one.id: one.name for one in projects}, as_json=as_json)


@command.command("add")
@click.argument("name")
@click.option("--project", required=True, help="Where its tasks run: name, id or path of a project.")
@click.option("--prompt", help="Template of the prompt; {{ path.to.field }} is a field of the delivery.")
@click.option(
    "--prompt-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the template of the prompt.",
)
@click.option("--title", help="Template of the session's title.")
@click.option("--agent", help="Agent of its tasks; left out: the default one.")
@click.option("--model", help="Model of its tasks.")
@click.option("--mode", help="Mode of its tasks.")
@click.option(
    "--when",
    "conditions",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Start a task only if the field says this; may be repeated. `event` is the sender's name of what happened.",
)
@click.option("--per-hour", type=click.IntRange(1, 10_000), default=30, show_default=True, help="Tasks in any hour.")
@prints_result
@click.pass_context
def add(
    ctx: click.Context,
    name: str,
    project: str,
    prompt: str | None,
    prompt_file: Path | None,
    title: str | None,
    agent: str | None,
    model: str | None,
    mode: str | None,
    conditions: tuple[str, ...],
    per_hour: int,
) -> Result:
    """Make the address /api/v1/hooks/NAME. The secret that signs its deliveries is printed only once."""
    if (prompt is None) == (prompt_file is None):
        raise click.UsageError("Give one of --prompt and --prompt-file.")
    wanted = {
        "name": name,
        "prompt": prompt if prompt_file is None else prompt_file.read_text("utf-8"),
        "title": title,
        "agent": agent,
        "model": model,
        "mode": mode,
        "conditions": _pairs(conditions),
        "per_hour": per_hour,
    }

    async def ask(client: Client) -> NewHookInfo:
        place = str((await resolve_project(client, project)).id)
        return await client.post("/api/hooks", NewHookInfo, {**wanted, "project_id": place})

    made = ask_service(ctx, ask)
    return made, made.secret


@command.command("enable")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def enable(ctx: click.Context, name: str, as_json: bool) -> None:
    """Let the hook NAME start tasks again."""
    _show([_turn(ctx, name, enabled=True)], {}, as_json=as_json)


@command.command("disable")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def disable(ctx: click.Context, name: str, as_json: bool) -> None:
    """Let the hook NAME start no more tasks."""
    _show([_turn(ctx, name, enabled=False)], {}, as_json=as_json)


@command.command("remove")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def remove(ctx: click.Context, name: str, as_json: bool) -> None:
    """Remove the hook NAME; the tasks that it started stay."""
    _show([ask_service(ctx, lambda client: client.delete(f"/api/hooks/{name}", HookInfo))], {}, as_json=as_json)


def _turn(ctx: click.Context, name: str, *, enabled: bool) -> HookInfo:
    return ask_service(ctx, lambda client: client.patch(f"/api/hooks/{name}", HookInfo, {"enabled": enabled}))


def _pairs(conditions: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in conditions]
    if bad := [field for field, sign, _ in pairs if not sign]:
        raise click.UsageError(f"--when {bad[0]} has no value; write FIELD=VALUE.")
    return {field: value for field, _, value in pairs}


def _show(hooks: list[HookInfo], projects: dict[ProjectId, str], *, as_json: bool) -> None:
    if as_json:
        for one in hooks:
            print_json(one)
        return
    rows = [
        (
            (one.name, ""),
            (plain(projects.get(one.project_id, str(one.project_id)[:8])), ""),
            (", ".join(f"{field}={value}" for field, value in one.conditions.items()) or "any", ""),
            ("on" if one.enabled else "off", ""),
            (str(one.tasks) if one.last_task_at is None else f"{one.tasks}, {age(one.last_task_at)}", ""),
            (one_line(one.prompt, PROMPT_SHOWN_CHARS), "dim"),
        )
        for one in hooks
    ]
    show_rows(make_console(), ("name", "project", "when", "state", "tasks", "prompt"), rows)
