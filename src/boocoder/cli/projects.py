"""`boocoder projects`: the repositories that boocoder knows, through the running service."""

from __future__ import annotations

from pathlib import Path

import click

from boocoder.cli import wire
from boocoder.cli.project_settings import settings
from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, print_json, show_rows
from boocoder.cli.terminal_text import plain


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


command.add_command(settings)
