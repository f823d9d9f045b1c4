"""`boocoder projects`: the repositories that boocoder knows, through the running service."""

from __future__ import annotations

from pathlib import Path

import click

from boocoder.cli import wire
from boocoder.cli.client import Client
from boocoder.cli.project_settings import settings
from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, print_json, show_rows
from boocoder.cli.terminal_text import plain
from boocoder.cli.which_project import which_project


@click.group("projects")
def command() -> None:
    """Projects: git repositories that agents may work for."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def list_projects(ctx: click.Context, as_json: bool) -> None:
    """List projects."""
    projects = ask_service(ctx, lambda client: client.items("/api/projects", wire.Project))
    if as_json:
        for project in projects:
            print_json(project)
        return
    rows = [
        ((str(project.id)[:8], ""), (plain(project.name), ""), (plain(project.path), "dim")) for project in projects
    ]
    show_rows(make_console(), ("id", "name", "path"), rows)


@command.command("add")
@click.argument("path", default=".")
@click.pass_context
def add(ctx: click.Context, path: str) -> None:
    """Add the repository at PATH (default: this folder). `run` does so by itself."""
    body = {"path": str(Path(path).expanduser().absolute())}
    project = ask_service(ctx, lambda client: client.post("/api/projects", wire.Project, body))
    click.echo(f"project {project.id}  {plain(project.path)}")


@command.command("remove")
@click.argument("project")
@click.pass_context
def remove(ctx: click.Context, project: str) -> None:
    """Take a project off the list and archive its sessions. Nothing is deleted: `add` brings all of it back.

    PROJECT is an id, the beginning of one, or the path of the repository.
    """

    async def ask(client: Client) -> wire.Project:
        found = await which_project(client, project)
        await client.request("DELETE", f"/api/projects/{found.id}")
        return found

    removed = ask_service(ctx, ask)
    click.echo(f"{plain(removed.name)} is off the list. To bring it back: boocoder projects add {plain(removed.path)}")


command.add_command(settings)
