"""`boocoder projects settings`: shows and changes what a project wants done in each new worktree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import click

from boocoder.cli import wire
from boocoder.cli.client import Client, Json
from boocoder.cli.service_call import ask_service
from boocoder.cli.style import make_console, print_json
from boocoder.cli.terminal_text import plain
from boocoder.cli.which_project import which_project
from boocoder.cli.wire_project_settings import ProjectSettings


@click.command("settings")
@click.argument("project", default=".")
@click.option("--copy", "copy", multiple=True, metavar="PATTERN", help="Copy ignored files like this one, as .env.")
@click.option("--copy-nothing", is_flag=True, help="Copy no files any more.")
@click.option("--setup", metavar="COMMAND", help='Run this in each new worktree; "" for nothing.')
@click.option("--setup-timeout", type=float, metavar="SECONDS", help="End it after so long (default 600).")
@click.option("--teardown", metavar="COMMAND", help='Run this before a worktree is removed; "" for nothing.')
@click.option("--teardown-timeout", type=float, metavar="SECONDS", help="End it after so long (default 60).")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_context
def settings(
    ctx: click.Context,
    project: str,
    copy: tuple[str, ...],
    copy_nothing: bool,
    setup: str | None,
    setup_timeout: float | None,
    teardown: str | None,
    teardown_timeout: float | None,
    as_json: bool,
) -> None:
    """Show or change the settings of PROJECT: an id, or a path (default: this folder).

    Only what is given changes; the patterns that are given replace those that were there.
    """
    given: dict[str, Json] = {
        "copy_patterns": [] if copy_nothing else list(copy) or None,
        "setup": setup,
        "setup_timeout_s": setup_timeout,
        "teardown": teardown,
        "teardown_timeout_s": teardown_timeout,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    found = ask_service(ctx, lambda client: _settings(client, project, changes))
    if as_json:
        print_json(found)
    else:
        _show(found)


async def _settings(client: Client, project: str, changes: Mapping[str, Json]) -> ProjectSettings:
    path = f"/api/projects/{await _project_id(client, project)}/settings"
    known = await client.get(path, ProjectSettings)
    if not changes:
        return known
    before: dict[str, Json] = {
        "copy_patterns": list(known.copy_patterns),
        "setup": known.setup,
        "setup_timeout_s": known.setup_timeout_s,
        "teardown": known.teardown,
        "teardown_timeout_s": known.teardown_timeout_s,
    }
    return await client.put(path, ProjectSettings, {**before, **changes})


async def _project_id(client: Client, project: str) -> UUID:
    """The project that a path or (the beginning of) an id means."""
    place = Path(project).expanduser()
    if place.exists():
        return (await client.post("/api/projects", wire.Project, {"path": str(place.absolute())})).id
    return (await which_project(client, project)).id


def _show(found: ProjectSettings) -> None:
    console = make_console()
    patterns = "  ".join(plain(pattern) for pattern in found.copy_patterns)
    console.print(f"copy      {patterns or 'nothing'}", markup=False)
    console.print(f"setup     {_command(found.setup, found.setup_timeout_s)}", markup=False)
    console.print(f"teardown  {_command(found.teardown, found.teardown_timeout_s)}", markup=False)


def _command(text: str, timeout_s: float) -> str:
    return f"{plain(text)}  (at most {timeout_s:g} s)" if text else "nothing"
