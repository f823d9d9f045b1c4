"""`boocoder projects`: lists, adds and removes projects."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boocoder.cli.client.resolve import resolve_project
from boocoder.cli.commands.setup.project_settings import settings
from boocoder.cli.commands.setup.project_trust import trust
from boocoder.cli.flows.prompts import confirm
from boocoder.cli.invocation import ask_service
from boocoder.cli.listing import Result, prints_result, show_list
from boocoder.cli.views.style import make_console
from boocoder.cli.views.terminal_text import path_text, plain
from boocoder.client.http_client import Client
from boocoder.wire.projects import Project


@click.group("projects")
def command() -> None:
    """Projects: the git repositories that agents work on."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_projects(ctx: click.Context, as_json: bool) -> None:
    """List projects."""
    projects = ask_service(ctx, lambda client: client.items("/api/projects", Project))
    rows = [
        (
            (str(project.id)[:8], ""),
            (plain(project.name), ""),
            ("moved" if project.moved else "", "yellow"),
            (plain(project.path), "dim"),
        )
        for project in projects
    ]
    show_list(projects, ("id", "name", "", "path"), rows, as_json=as_json)
    if not as_json and any(project.moved for project in projects):
        make_console().print("Say where a moved one is: boocoder projects relink ID NEW_PATH", style="yellow")


@command.command("add")
@click.argument("path", default=".")
@click.option("--separate", is_flag=True, help="Even if it looks like a project whose folder has moved.")
@prints_result
@click.pass_context
def add(ctx: click.Context, path: str, separate: bool) -> Result:
    """Add the repository at PATH (default: this folder). `run` does so by itself."""
    body: dict[str, str | bool] = {"path": str(Path(path).expanduser().absolute()), "separate": separate}
    project = ask_service(ctx, lambda client: client.post("/api/projects", Project, body))
    return project, f"project {project.id}  {path_text(project.path)}"


@command.command("relink")
@click.argument("project")
@click.argument("new_path", default=".")
@prints_result
@click.pass_context
def relink(ctx: click.Context, project: str, new_path: str) -> Result:
    """Set the new path of PROJECT's repository (default: this folder). Its sessions and changes are kept.

    PROJECT is its name, its id or the beginning of it, or its old path.
    """
    body = {"path": str(Path(new_path).expanduser().absolute())}

    async def ask(client: Client) -> tuple[Project, Project]:
        before = await resolve_project(client, project)
        return before, await client.post(f"/api/projects/{before.id}/relink", Project, body)

    before, now = ask_service(ctx, ask)
    return now, f"{plain(now.name)}: {path_text(before.path)} -> {path_text(now.path)}"


@command.command("remove")
@click.argument("project")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@prints_result
@click.pass_context
def remove(ctx: click.Context, project: str, yes: bool) -> Result:
    """Remove a project from the list and archive its sessions. Nothing is deleted: `add` restores it.

    PROJECT is its name, its id or the beginning of it, or a path in its repository with a slash in it, such as ./.
    """

    async def ask(client: Client) -> Project:
        found = await resolve_project(client, project)
        name = f"{plain(found.name)} ({path_text(found.path)})"
        if not yes and sys.stdin.isatty() and not await confirm(f"Remove {name} and archive its sessions?"):
            raise click.Abort
        await client.request("DELETE", f"/api/projects/{found.id}")
        return found

    removed = ask_service(ctx, ask)
    path = path_text(removed.path)
    return removed, f"{plain(removed.name)} is off the list. To bring it back: boocoder projects add {path}"


command.add_command(settings)
command.add_command(trust)
